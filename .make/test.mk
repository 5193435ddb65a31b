# make test: packages, build, every test program. Fragments add to TEST_TARGETS; each target prints its own results.
# Test helpers of tests/lib are a library that every unit test may link.

TEST_LIB_SRCS := $(filter-out %_main.c,$(wildcard tests/lib/*.c))
TEST_LIB := $(OUT)/libtest.a
$(TEST_LIB): $(patsubst %.c,$(OUT)/obj/%.o,$(TEST_LIB_SRCS))
	@rm -f $@ && ar rcs $@ $^

$(patsubst tests/unit/%.c,$(OUT)/unit/%,$(wildcard tests/unit/*/test_*.c)): $(TEST_LIB)

TEST_MIGRATE := $(OUT)/test-migrate
$(TEST_MIGRATE): $(OUT)/obj/tests/lib/migrate_main.o $(call lib_of,db) $(call lib_of,base)
	$(CC) $(CFLAGS) $(LDFLAGS) -Wl,--start-group $^ -Wl,--end-group $(LIBS) -o $@
