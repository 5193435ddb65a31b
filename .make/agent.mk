# The agent: its unit tests link no folder of the server above crypto; some drive the simulated reader.
FLOOR_agent := crypto base
AGENT_TEST_BINS := $(patsubst tests/unit/%.c,$(OUT)/unit/%,$(wildcard tests/unit/agent/test_*.c))
$(OUT)/unit/agent/test_reader_nfc: $(OUT)/obj/tests/sim/reader_client.o | $(OUT)/sim-reader
