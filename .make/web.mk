# test-web: the pages in Debian's chromium, against a site of its own. Pictures of every state go to $(BUILD)/screenshots.
WEB_TESTS := $(wildcard tests/web/*.test.mjs)

tests/web/node_modules/.package-lock.json: tests/web/package-lock.json
	@cd tests/web && npm ci --silent --no-audit --no-fund
	@touch $@

.PHONY: test-web
TEST_TARGETS += test-web
test-web: $(OUT)/cardwrightd $(OUT)/cardwright-agent tests/web/node_modules/.package-lock.json
	@BUILD=$(abspath $(BUILD)) OUT=$(abspath $(OUT)) node --test --test-reporter=spec --test-reporter-destination=stdout \
		--test-reporter=./.make/web_count.mjs --test-reporter-destination=stdout $(WEB_TESTS)

# The .gz twins of our own pages: the server sends a twin that is not older than its file. Those of the libraries are committed.
WEB_FILES := $(shell find webroot -path webroot/vendor -prune -o -type f \
	\( -name '*.js' -o -name '*.css' -o -name '*.json' -o -name '*.html' -o -name '*.svg' \) -print)
WEB_TWINS := $(addsuffix .gz,$(WEB_FILES))
$(WEB_TWINS): %.gz: %
	@gzip --best --no-name --stdout $< >$@
all: $(WEB_TWINS)
test-web: $(WEB_TWINS)
