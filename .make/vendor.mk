# make vendor: the libraries of the browser, at pinned versions, into webroot/vendor. Needs npm and
# fontTools (Debian's, so Debian's Python); the result is committed.
.PHONY: vendor
vendor:
	@bash .make/packages.sh vendor
	@/usr/bin/python3 .make/vendor.py

# The help page of every refusal, from err.def and its Chinese texts.
.PHONY: help-pages
help-pages:
	@python3 .make/help.py
