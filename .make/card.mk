# The card: protocol model, C against the Python reference, single rules switched off, fuzzing of card images.

CARD_DRIVER := $(OUT)/model/card_driver
CARD_DRIVER_LIBS := $(call lib_of,card) $(call lib_of,crypto) $(call lib_of,base)
$(CARD_DRIVER): $(OUT)/obj/tests/model/card_driver.o $(CARD_DRIVER_LIBS)
	@mkdir -p $(dir $@)
	$(CC) $(CFLAGS) $(LDFLAGS) $< -Wl,--start-group $(CARD_DRIVER_LIBS) -Wl,--end-group $(LIBS) -o $@

.PHONY: test-model test-card-rules
# The model's scenarios (every interleaving, about 70 s on two cores), then pick and evidence in C against Python on
# 100,000 seeded cards and all torn pairs, then the same with one slip in the C at a time: each must be noticed.
test-model: $(CARD_DRIVER)
	cd tests/model && PYTHONDONTWRITEBYTECODE=1 python3 card_model.py
	PYTHONDONTWRITEBYTECODE=1 python3 tests/model/differential.py $(CARD_DRIVER)
	PYTHONDONTWRITEBYTECODE=1 python3 tests/model/differential.py --mutants $(CC) $(OUT)/model/mutants

# Each rule that lives in the card code, switched off alone in a test build: some unit test must fail then.
test-card-rules:
	@$(MAKE) --no-print-directory RULES_OFF=1 SAN=0 card-rules-in-test-build
.PHONY: card-rules-in-test-build
card-rules-in-test-build: $(patsubst tests/unit/%.c,$(OUT)/unit/%,$(wildcard tests/unit/card/test_*.c))
	@bash tests/model/card_rules.sh $^

TEST_TARGETS += test-model test-card-rules
