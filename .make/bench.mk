# make bench: ratios against limits measured in the same run. The last run stays in $(BUILD)/bench.
BENCH_DESKS := $(OUT)/bench-desks
$(BENCH_DESKS): $(patsubst %.c,$(OUT)/obj/%.o,$(wildcard tests/bench/bench_*.c tests/bench/desk*.c)) $(foreach f,flow db card crypto base,$(call lib_of,$(f)))
	$(CC) $(CFLAGS) $(LDFLAGS) -Wl,--start-group $^ -Wl,--end-group $(LIBS) -o $@

.PHONY: bench
bench: all $(BENCH_DESKS)
	@bash .make/packages.sh bench
	@OUT=$(OUT) BUILD=$(BUILD) bash tests/bench/run.sh
