#!/usr/bin/env bash
# Runs every check of tests/check; each prints "file:line: what" for what it finds and nothing else. Called by make check.
set -uo pipefail
passed=0
failed=0
for check in tests/check/*.sh; do
    if output=$(bash "$check" 2>&1); then
        passed=$((passed + 1))
        printf 'ok   %s\n' "$(basename "$check" .sh)"
    else
        failed=$((failed + 1))
        printf '%s\nBAD  %s\n' "$output" "$(basename "$check" .sh)"
    fi
done
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
