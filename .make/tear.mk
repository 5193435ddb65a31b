# Cards cut and torn at every command, late plans, and the rules switched off one by one. tests/tear/README.md.

# Programs that start whole sites without being Criterion runners.
RIG_LIB := $(OUT)/librig.a
$(RIG_LIB): $(patsubst %.c,$(OUT)/obj/%.o,$(wildcard tests/lib/rig*.c) tests/lib/pg.c tests/lib/server.c \
		tests/sim/reader_client.c tests/tear/plain_assert.c)
	@rm -f $@ && ar rcs $@ $^

# Late programs are made of the agent's own parts.
TEAR_PARTS := $(patsubst %.c,$(OUT)/obj/%.o,tests/tear/scenario.c tests/tear/scenario_issue.c tests/tear/stale.c)
TEAR_OBJS := $(OUT)/obj/tests/tear/main.o $(TEAR_PARTS)
RULES_OBJS := $(OUT)/obj/tests/tear/rules_main.o $(OUT)/obj/tests/tear/rules_cases.o $(TEAR_PARTS)
TEAR_AGENT_OBJS := $(patsubst %.c,$(OUT)/obj/%.o,$(filter-out agent/main.c,$(wildcard agent/*.c)))
TEAR := $(OUT)/tear/tear
$(TEAR): $(TEAR_OBJS) $(TEAR_AGENT_OBJS) $(RIG_LIB) $(ALL_LIBS)
	@mkdir -p $(dir $@)
	$(CC) $(CFLAGS) $(LDFLAGS) -Wl,--start-group $^ -Wl,--end-group $(LIBS) $(NFC_LIBS) -o $@

TEAR_NEEDS := $(TEAR) all $(OUT)/test-migrate

# Sanitizers make everything three times as slow: a quarter of the series then.
TEAR_SHARE ?= $(if $(filter 1,$(SAN)),4,1)

.PHONY: test-tear check-tear
test-tear: $(TEAR_NEEDS)
	@bash .make/rig.sh $(OUT) $(BUILD)/testpg $(TEAR) --share $(TEAR_SHARE)
TEST_TARGETS += test-tear

# Round after round, until it is stopped or finds something.
check-tear: $(TEAR_NEEDS)
	@bash .make/rig.sh $(OUT) $(BUILD)/testpg $(TEAR) --rounds 1000000

# Every rule that can be shown on a whole site: fine with it, wrong without it.
RULES := $(OUT)/tear/rules
$(RULES): $(RULES_OBJS) $(TEAR_AGENT_OBJS) $(RIG_LIB) $(ALL_LIBS)
	@mkdir -p $(dir $@)
	$(CC) $(CFLAGS) $(LDFLAGS) -Wl,--start-group $^ -Wl,--end-group $(LIBS) $(NFC_LIBS) -o $@

.PHONY: test-rules rules-in-test-build
test-rules:
	@$(MAKE) --no-print-directory RULES_OFF=1 SAN=0 rules-in-test-build
rules-in-test-build: $(RULES) all $(OUT)/test-migrate
	@bash .make/rig.sh $(OUT) $(BUILD)/testpg bash .make/rules.sh $(RULES)
TEST_TARGETS += test-rules
