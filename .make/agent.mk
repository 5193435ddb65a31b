# The agent: its unit tests link no folder of the server above crypto; some drive the simulated reader.
FLOOR_agent := crypto base
AGENT_TEST_BINS := $(patsubst tests/unit/%.c,$(OUT)/unit/%,$(wildcard tests/unit/agent/test_*.c))
$(OUT)/unit/agent/test_reader_nfc: $(OUT)/obj/tests/sim/reader_client.o | $(OUT)/sim-reader

# An agent of former times, for the test of what a desk says then: its version and its protocol are too old for this server.
AGENT_OLD := $(OUT)/cardwright-agent-old
AGENT_OLD_OBJS := $(patsubst agent/%.c,$(OUT)/obj-old/%.o,$(wildcard agent/*.c))
$(OUT)/obj-old/%.o: agent/%.c agent/agent.h
	@mkdir -p $(dir $@)
	$(CC) $(CPPFLAGS) -DAGENT_VERSION='"0.9.0"' -DAGENT_PROTOCOL=0 $(CFLAGS) -c $< -o $@
$(AGENT_OLD): $(AGENT_OLD_OBJS) $(call lib_of,crypto) $(call lib_of,base)
	$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LIBS) $(NFC_LIBS) -o $@
test-web: $(AGENT_OLD)

# Rules R4, R15 to R18, R20 and R25 of the card design: a test that passes without its rule proves nothing.
AGENT_RULE_TESTS := test_runner test_plan_memory test_poll test_identity
.PHONY: test-agent-rules
test-agent-rules:
	@$(MAKE) --no-print-directory --silent RULES_OFF=1 $(AGENT_RULE_TESTS:%=$(BUILD)/$(notdir $(CC))$(if \
		$(filter 1,$(SAN)),-san,)-rules-off/unit/agent/%)
	@bash .make/agent_rules.sh $(BUILD)/$(notdir $(CC))$(if $(filter 1,$(SAN)),-san,)-rules-off/unit/agent
TEST_TARGETS += test-agent-rules
