# make test: packages, build, every test program. Fragments add to TEST_TARGETS; each target prints its own results.

# Helpers of tests/lib; a file called *_main.c there is a program. Unit tests get the database helper alone.
TEST_LIB := $(OUT)/libtest.a
$(TEST_LIB): $(patsubst %.c,$(OUT)/obj/%.o,$(filter-out %_main.c,$(wildcard tests/lib/*.c)))
	@rm -f $@ && ar rcs $@ $^

TEST_PG_LIB := $(OUT)/libtestpg.a
$(TEST_PG_LIB): $(OUT)/obj/tests/lib/pg.o
	@rm -f $@ && ar rcs $@ $^
UNIT_TARGETS := $(patsubst tests/unit/%.c,$(OUT)/unit/%,$(wildcard tests/unit/*/test_*.c))
$(UNIT_TARGETS): $(TEST_PG_LIB)

TEST_MIGRATE := $(OUT)/test-migrate
$(TEST_MIGRATE): $(OUT)/obj/tests/lib/migrate_main.o $(call lib_of,db) $(call lib_of,base)
	$(CC) $(CFLAGS) $(LDFLAGS) -Wl,--start-group $^ -Wl,--end-group $(LIBS) -o $@

TEST_LEAK := $(OUT)/leak-on-purpose
$(TEST_LEAK): $(OUT)/obj/tests/lib/leak_main.o
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -lcriterion -o $@

TEST_TARGETS += test-unit test-sql
# Lanes beside the others: what builds with rules switched off, in one lane because it shares that build; the browser.
TEST_BESIDE_RULES := test-model test-agent-rules test-card-rules test-rules
TEST_BESIDE_WEB := test-web
TEST_BESIDE := $(TEST_BESIDE_RULES) $(TEST_BESIDE_WEB)

# A report of a sanitizer goes to a file there, because Criterion does not see leaks; any file fails the run.
SAN_LOGS := $(OUT)/san-logs

.PHONY: test test-build test-unit test-sql check fmt
test-build: all $(UNIT_TARGETS) $(STORY_BINS) $(TEST_MIGRATE) $(TEST_LEAK)

test:
	@bash .make/packages.sh test
	@SAN=$(SAN) OUT=$(OUT) BUILD=$(BUILD) SAN_LOGS=$(abspath $(SAN_LOGS)) MAKE_COMMAND="$(MAKE) CC=$(CC)" \
		bash .make/test.sh $(sort $(filter-out $(TEST_BESIDE),$(TEST_TARGETS))) \
			--beside $(filter $(TEST_BESIDE_RULES),$(TEST_TARGETS)) \
			--beside $(filter $(TEST_BESIDE_WEB),$(TEST_TARGETS))

test-unit: $(UNIT_TARGETS) $(TEST_MIGRATE)
	@bash .make/unit.sh $(BUILD)/testpg $(TEST_MIGRATE) $(UNIT_TARGETS)

test-sql: $(TEST_MIGRATE)
	@bash .make/sql_tests.sh $(BUILD)/testpg $(TEST_MIGRATE) tests/sql/*.sql

check:
	@bash .make/check.sh

fmt:
	@clang-format -i $$(git ls-files '*.c' '*.h')
