#!/usr/bin/env bash
# Runs unit test programs: unit.sh DATABASES MIGRATE PROGRAM...
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

setup=$("$here/testpg.sh" start "$1" "$2") || die "the test database did not start."
eval "$setup"
shift 2

failed=0
for program in "$@"; do
    name=${program#*/unit/}
    # Programs log to stderr what they provoke; it is shown only when something failed.
    if output=$("$program" 2>&1); then
        printf '%-32s %s\n' "$name" "$(grep 'Synthesis:' <<<"$output" | tail -n 1)"
    else
        printf '%s\n%-32s FAILED\n' "$output" "$name"
        failed=$((failed + 1))
    fi
done
[ "$failed" -eq 0 ] || die "$failed of $# unit test programs failed."
