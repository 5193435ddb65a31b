#!/usr/bin/env bash
# Plays the stories: stories.sh OUT DATABASES JOBS PROGRAM...
# The test database server of DATABASES is started when it is not running, and stays for the next run.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

out=${1:?the folder of the build}
databases=${2:?the folder of the test databases}
jobs=${3:?how many stories at once}
shift 3

setup=$("$here/testpg.sh" start "$databases" "$out/test-migrate") || die "the test database did not start."
eval "$setup"
mkdir -p "$out/stories"
: >"$out/stories/answers.ndjson"
CARDWRIGHTD=$(cd "$out" && pwd)/cardwrightd
STORY_ANSWERS=$(cd "$out/stories" && pwd)/answers.ndjson
CARDWRIGHT_AGENT=$(cd "$out" && pwd)/cardwright-agent
SIM_READER=$(cd "$out" && pwd)/sim-reader
export CARDWRIGHTD CARDWRIGHT_AGENT SIM_READER STORY_ANSWERS

failed=0
for program in "$@"; do
    printf '%s: ' "$(basename "$program")"
    "$program" --jobs="$jobs" || failed=$((failed + 1))
done
touch "$out/stories/played" # also after a failure: that is told already, and what was answered can be checked
[ "$failed" -eq 0 ] || die "$failed of $# story programs failed."
