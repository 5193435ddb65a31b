# make test: packages, build, every test program. Fragments add to TEST_TARGETS; each target prints its own results.

# Helpers that any unit test may use; those of the stories are linked by their own fragment.
TEST_LIB_SRCS := tests/lib/pg.c
TEST_LIB := $(OUT)/libtest.a
$(TEST_LIB): $(patsubst %.c,$(OUT)/obj/%.o,$(TEST_LIB_SRCS))
	@rm -f $@ && ar rcs $@ $^

$(patsubst tests/unit/%.c,$(OUT)/unit/%,$(wildcard tests/unit/*/test_*.c)): $(TEST_LIB)

TEST_MIGRATE := $(OUT)/test-migrate
$(TEST_MIGRATE): $(OUT)/obj/tests/lib/migrate_main.o $(call lib_of,db) $(call lib_of,base)
	$(CC) $(CFLAGS) $(LDFLAGS) -Wl,--start-group $^ -Wl,--end-group $(LIBS) -o $@
