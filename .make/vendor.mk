# make vendor: the libraries of the browser, at pinned versions, into webroot/vendor. Needs npm; the result is committed.
.PHONY: vendor
vendor:
	@python3 .make/vendor.py
