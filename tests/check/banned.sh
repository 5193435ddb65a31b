#!/usr/bin/env bash
# Calls that cannot be used safely, and words that say something is not finished.
set -euo pipefail
. tests/check/lib.sh.inc
found=$(mktemp)

sources '*.c' '*.h' | python3 tests/check/banned_calls.py >>"$found"

unfinished='TO''DO|FIX''ME|X''XX|HA''CK'
sources server webroot migrations agent tests docker .make .ci Makefile README.md |
    grep -v -E '^webroot/vendor/|^tests/(vectors|fuzz/corpus)/|\.(png|ico|woff2|bin)$' |
    xargs -r -d '\n' grep -n -I -w -E "$unfinished" | sed 's/$/   <- an unfinished word/' >>"$found" || true
finish "$found"
