# Fuzzing. tests/fuzz/<target>.c is one target; tests/fuzz/corpus/<target> its seeds, named after what they break.
#   make test-fuzz                     every seed through its target, with sanitizers
#   make fuzz                          libFuzzer, one target after the other, until Ctrl-C or a crash
#   make fuzz TARGET=card_image        this one only; SECONDS=60 ends each turn after that time (600)
FUZZ_NAMES := $(patsubst tests/fuzz/%.c,%,$(filter-out %_main.c,$(wildcard tests/fuzz/*.c)))
FUZZ_SECONDS := $(or $(SECONDS),600)

FUZZ_PARTS := $(ALL_LIBS)
FUZZ_AGENT_OBJS := $(patsubst %.c,$(OUT)/obj/%.o,$(filter-out %/main.c,$(wildcard agent/*.c)))
$(OUT)/fuzz/agent_plan: FUZZ_PARTS := $(FUZZ_AGENT_OBJS) $(call lib_of,crypto) $(call lib_of,base) $(NFC_LIBS)
$(OUT)/fuzz/agent_plan: $(FUZZ_AGENT_OBJS)
FUZZ_SIM_OBJS := $(patsubst %.c,$(OUT)/obj/%.o,$(filter-out %/main.c,$(wildcard tests/sim/reader/*.c)))
$(OUT)/fuzz/pn532_frame: FUZZ_PARTS := $(FUZZ_SIM_OBJS) $(call lib_of,base)
$(OUT)/fuzz/pn532_frame: $(FUZZ_SIM_OBJS)

# FUZZ=1: a build for libFuzzer, which brings its own main.
ifeq ($(FUZZ),1)
CFLAGS += -fsanitize=fuzzer-no-link
FUZZ_MAIN := -fsanitize=fuzzer
else
FUZZ_MAIN := $(OUT)/obj/tests/fuzz/replay_main.o
endif

$(FUZZ_NAMES:%=$(OUT)/fuzz/%): $(OUT)/fuzz/%: $(OUT)/obj/tests/fuzz/%.o $(OUT)/obj/tests/fuzz/replay_main.o $(ALL_LIBS)
	@mkdir -p $(dir $@)
	$(CC) $(CFLAGS) $(LDFLAGS) $< $(FUZZ_MAIN) -Wl,--start-group $(FUZZ_PARTS) -Wl,--end-group $(LIBS) -o $@

.PHONY: fuzz fuzz-programs test-fuzz
fuzz-programs: $(FUZZ_NAMES:%=$(OUT)/fuzz/%)

TEST_TARGETS += test-fuzz
test-fuzz:
	@$(MAKE) --no-print-directory --silent SAN=1 RULES_OFF= fuzz-programs
	@bash .make/fuzz.sh replay $(BUILD)/$(notdir $(CC))-san/fuzz $(FUZZ_NAMES)

fuzz:
	@bash .make/packages.sh test
	@$(MAKE) --no-print-directory --silent BUILD=$(BUILD)/fuzz CC=clang SAN=1 FUZZ=1 fuzz-programs
	@bash .make/fuzz.sh run $(BUILD)/fuzz/clang-san/fuzz $(FUZZ_SECONDS) $(or $(TARGET),$(FUZZ_NAMES))
