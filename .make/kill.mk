# Processes killed and messages lost, doubled and late at every step of an act. tests/kill/README.md.

KILL := $(OUT)/kill/kill
$(KILL): $(patsubst %.c,$(OUT)/obj/%.o,$(wildcard tests/kill/*.c)) $(OUT)/librig.a $(ALL_LIBS)
	@mkdir -p $(dir $@)
	$(CC) $(CFLAGS) $(LDFLAGS) -Wl,--start-group $^ -Wl,--end-group $(LIBS) -o $@

KILL_NEEDS := $(KILL) all $(OUT)/test-migrate

.PHONY: test-kill check-kill
test-kill: $(KILL_NEEDS)
	@bash .make/kill.sh $(OUT) $(BUILD) $(KILL)
TEST_TARGETS += test-kill

# One random case after the other, SEED=N repeats a run; until it is stopped or finds something.
check-kill: $(KILL_NEEDS)
	@bash .make/kill.sh $(OUT) $(BUILD) $(KILL) --random $(SEED)
