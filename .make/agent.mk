# The agent: its unit tests link no folder of the server above crypto; some drive the simulated reader.
FLOOR_agent := crypto base
AGENT_TEST_BINS := $(patsubst tests/unit/%.c,$(OUT)/unit/%,$(wildcard tests/unit/agent/test_*.c))
$(OUT)/unit/agent/test_reader_nfc: $(OUT)/obj/tests/sim/reader_client.o | $(OUT)/sim-reader

# Rules R4, R15 to R18, R20 and R25 of the card design: a test that passes without its rule proves nothing.
AGENT_RULE_TESTS := test_runner test_plan_memory test_poll test_identity
.PHONY: test-agent-rules
test-agent-rules:
	@$(MAKE) --no-print-directory --silent RULES_OFF=1 $(AGENT_RULE_TESTS:%=$(BUILD)/$(notdir $(CC))$(if \
		$(filter 1,$(SAN)),-san,)-rules-off/unit/agent/%)
	@bash .make/agent_rules.sh $(BUILD)/$(notdir $(CC))$(if $(filter 1,$(SAN)),-san,)-rules-off/unit/agent
TEST_TARGETS += test-agent-rules
