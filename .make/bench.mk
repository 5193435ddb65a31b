# make bench: ratios against limits measured in the same run. The last run stays in $(BUILD)/bench.
.SECONDEXPANSION:
BENCH_DESKS := $(OUT)/bench-desks
$(BENCH_DESKS): $(patsubst %.c,$(OUT)/obj/%.o,$(wildcard tests/bench/bench_*.c tests/bench/desk*.c)) $(foreach f,flow db card crypto base,$(call lib_of,$(f)))
	$(CC) $(CFLAGS) $(LDFLAGS) -Wl,--start-group $^ -Wl,--end-group $(LIBS) -o $@

# The rig's library is named in a fragment that is read later.
BENCH_PACED := $(OUT)/bench-paced
$(BENCH_PACED): $(OUT)/obj/tests/bench/paced_main.o $$(RIG_LIB) $(ALL_LIBS)
	$(CC) $(CFLAGS) $(LDFLAGS) -Wl,--start-group $^ -Wl,--end-group $(LIBS) -o $@

.PHONY: bench
bench: all $(BENCH_DESKS) $(BENCH_PACED) $$(TEST_MIGRATE)
	@bash .make/packages.sh bench
	@$(MAKE) --no-print-directory tests/web/node_modules/.package-lock.json
	@OUT=$(OUT) BUILD=$(BUILD) bash tests/bench/run.sh
