# The document of the API against the program and against what the stories really got. The stories are played when they
# have not been since the last change; in make test they were, just before.
STORIES_PLAYED := $(OUT)/stories/played
$(STORIES_PLAYED): $(STORY_BINS) $(OUT)/cardwrightd $(OUT)/cardwright-agent $(OUT)/sim-reader $(OUT)/test-migrate \
		$(wildcard migrations/*.sql migrations/functions/*.sql)
	@bash .make/stories.sh $(OUT) $(BUILD)/testpg $(STORY_JOBS) $(STORY_BINS)

.PHONY: test-contract
TEST_TARGETS += test-contract
test-contract: $(STORIES_PLAYED) $(OUT)/cardwrightd
	@PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 tests/check/openapi.py --program $(OUT)/cardwrightd
	@PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 tests/check/answers.py $(OUT)/stories/answers.ndjson $(OUT)/cardwrightd

# The story of README.md, line by line, on a site as make run starts it.
.PHONY: test-readme
TEST_TARGETS += test-readme
test-readme: all
	@bash tests/api/readme_story.sh $(OUT)
