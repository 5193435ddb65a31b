# Stories over HTTP: tests/api/story_<topic>.c is one Criterion program that starts the real server. Its answers are
# collected in $(OUT)/stories/answers.ndjson, where later checks look for every route and every error code.

STORY_SRCS := $(wildcard tests/api/story_*.c)
STORY_BINS := $(patsubst tests/api/%.c,$(OUT)/api/%,$(STORY_SRCS))
STORY_JOBS ?= 2

$(OUT)/api/%: $(OUT)/obj/tests/api/%.o $(OUT)/libtest.a $(ALL_LIBS)
	@mkdir -p $(dir $@)
	$(CC) $(CFLAGS) $(LDFLAGS) $< -Wl,--start-group $(OUT)/libtest.a $(ALL_LIBS) -Wl,--end-group $(LIBS) -lcriterion -o $@

.PHONY: test-api
TEST_TARGETS += test-api
test-api: $(STORY_BINS) $(OUT)/cardwrightd $(OUT)/cardwright-agent $(OUT)/sim-reader $(OUT)/test-migrate
	@bash .make/stories.sh $(OUT) $(BUILD)/testpg $(STORY_JOBS) $(STORY_BINS)
