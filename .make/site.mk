# Stories of whole sites: races, streams over two servers, readers and agents that fail. tests/site/README.md.

SITE := $(OUT)/site/site
$(SITE): $(patsubst %.c,$(OUT)/obj/%.o,$(wildcard tests/site/*.c)) $(OUT)/librig.a $(ALL_LIBS)
	@mkdir -p $(dir $@)
	$(CC) $(CFLAGS) $(LDFLAGS) -Wl,--start-group $^ -Wl,--end-group $(LIBS) -o $@

.PHONY: test-site
test-site: $(SITE) all $(OUT)/test-migrate
	@bash .make/rig.sh $(OUT) $(BUILD)/testpg $(SITE)
TEST_TARGETS += test-site
