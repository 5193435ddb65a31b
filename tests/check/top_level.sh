#!/usr/bin/env bash
# The top folder holds these names and dot-files, nothing else.
set -euo pipefail
. tests/check/lib.sh.inc
found=$(mktemp)
git ls-files --cached --others --exclude-standard | cut -d / -f 1 | sort -u |
    grep -v -x -E 'server|webroot|migrations|agent|tests|docker|Makefile|README\.md|\..*' |
    sed 's/$/:1: is not a name for the top folder/' >"$found" || true
finish "$found"
