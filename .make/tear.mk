# Cards cut and torn at every command, late plans, and the rules switched off one by one. tests/tear/README.md.

# Programs that start whole sites without being Criterion runners.
RIG_LIB := $(OUT)/librig.a
$(RIG_LIB): $(patsubst %.c,$(OUT)/obj/%.o,$(wildcard tests/lib/rig*.c) tests/lib/pg.c tests/lib/server.c \
		tests/sim/reader_client.c tests/tear/plain_assert.c)
	@rm -f $@ && ar rcs $@ $^

# Late programs are made of the agent's own parts.
TEAR_OBJS := $(patsubst %.c,$(OUT)/obj/%.o,$(filter-out tests/tear/plain_assert.c,$(wildcard tests/tear/*.c)))
TEAR_AGENT_OBJS := $(patsubst %.c,$(OUT)/obj/%.o,$(filter-out agent/main.c,$(wildcard agent/*.c)))
TEAR := $(OUT)/tear/tear
$(TEAR): $(TEAR_OBJS) $(TEAR_AGENT_OBJS) $(RIG_LIB) $(ALL_LIBS)
	@mkdir -p $(dir $@)
	$(CC) $(CFLAGS) $(LDFLAGS) -Wl,--start-group $^ -Wl,--end-group $(LIBS) $(NFC_LIBS) -o $@

TEAR_NEEDS := $(TEAR) all $(TEST_MIGRATE)

.PHONY: test-tear check-tear
test-tear: $(TEAR_NEEDS)
	@bash .make/rig.sh $(OUT) $(BUILD)/testpg $(TEAR)
TEST_TARGETS += test-tear

# Round after round, until it is stopped or finds something.
check-tear: $(TEAR_NEEDS)
	@bash .make/rig.sh $(OUT) $(BUILD)/testpg $(TEAR) --rounds 1000000
