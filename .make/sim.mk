# The simulated reader: its unit tests link the simulator itself, its wire tests drive it with libnfc and foreign tools.

SIM_OBJS := $(patsubst %.c,$(OUT)/obj/%.o,$(filter-out %/main.c,$(wildcard tests/sim/reader/*.c)))
FLOOR_sim_reader := base
$(patsubst tests/unit/%.c,$(OUT)/unit/%,$(wildcard tests/unit/sim_reader/test_*.c)): $(SIM_OBJS)

SIM_LIBNFC_TEST := $(OUT)/sim/test_libnfc
$(SIM_LIBNFC_TEST): $(OUT)/obj/tests/sim/test_libnfc.o $(OUT)/obj/tests/sim/reader_client.o $(call lib_of,base)
	@mkdir -p $(dir $@)
	$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LIBS) $(NFC_LIBS) -lcriterion -o $@

.PHONY: test-sim
test-sim: $(OUT)/sim-reader $(SIM_LIBNFC_TEST)
	SIM_READER=$(OUT)/sim-reader $(SIM_LIBNFC_TEST)
	SIM_READER=$(OUT)/sim-reader bash tests/sim/foreign_tools.sh
TEST_TARGETS += test-sim
