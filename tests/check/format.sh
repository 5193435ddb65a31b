#!/usr/bin/env bash
# The layout is the one of .clang-format; "make fmt" makes it so.
set -euo pipefail
. tests/check/lib.sh.inc
found=$(mktemp)
sources '*.c' '*.h' | xargs -r -d '\n' -P "$(nproc)" -n 8 clang-format --dry-run 2>&1 |
    grep -E 'warning:' | sort -u -t: -k1,1 | sed 's/warning:.*/run "make fmt"/' >"$found" || true
finish "$found"
