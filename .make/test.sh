#!/usr/bin/env bash
# The whole test run: builds, runs each target given, looks for sanitizer reports and prints the sum. Called by make test.
#   needs OUT, BUILD, SAN, SAN_LOGS and MAKE_COMMAND in the environment
# Targets after a --beside run in the background from the start, one after the other, because they are long and mostly
# wait or need one core only; there may be several such lanes.
# What counts: "Synthesis:" lines of Criterion, and lines that end with "N passed, M failed"; a target that prints neither
# counts as one. A target that counts and comes to nothing has failed.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

logs=$OUT/test-logs
rm -rf "$logs" "$SAN_LOGS"
mkdir -p "$logs" "$SAN_LOGS"
passed=0
failed=0
started=$SECONDS
beside=()
lanes=()

clean_up() {
    local lane
    for lane in "${lanes[@]}"; do kill -TERM -- "-$lane" 2>/dev/null; done
    "$here/testpg.sh" stop "$BUILD/testpg" >/dev/null 2>&1
}
trap clean_up EXIT
trap 'exit 130' INT TERM

run_make() {
    $MAKE_COMMAND --no-print-directory SAN="$SAN" BUILD="$BUILD" "$@"
}

# sanitizers DIR: from now on they report into files of DIR.
sanitizers() {
    export ASAN_OPTIONS="log_path=$1/report:detect_leaks=1:exitcode=99:detect_stack_use_after_return=1"
    export UBSAN_OPTIONS="log_path=$1/report:print_stacktrace=1"
    export LSAN_OPTIONS="print_suppressions=0"
}

# How many reports lie in DIR.
reports_in() {
    find "$1" -type f | wc -l
}

count_file() {
    awk '
        { gsub(/\033\[[0-9;]*m/, "") }
        /Synthesis: Tested:/ {
            counts = 1
            gsub(/[|:]/, " ")
            for (i = 1; i < NF; i++) {
                if ($i == "Passing") p += $(i + 1)
                if ($i == "Failing" || $i == "Crashing") f += $(i + 1)
            }
            next
        }
        /[0-9]+ passed, [0-9]+ failed[.]?$/ { counts = 1; p += $(NF - 3); f += $(NF - 1) }
        END { print p + 0, f + 0, counts + 0 }' "$1"
}

# count_target TARGET STATUS SECONDS: adds what its log says.
count_target() {
    local target_passed target_failed counts
    read -r target_passed target_failed counts <<<"$(count_file "$logs/$1.log")"
    if [ "$2" -ne 0 ] && [ "$target_failed" -eq 0 ]; then
        target_failed=1
    fi
    if [ "$2" -eq 0 ] && [ $((target_passed + target_failed)) -eq 0 ]; then
        target_passed=$((1 - counts))
        target_failed=$counts
    fi
    passed=$((passed + target_passed))
    failed=$((failed + target_failed))
    printf '== %s: %d passed, %d failed, %d s\n\n' "$1" "$target_passed" "$target_failed" "$3"
}

run_target() {
    local begun=$SECONDS
    printf '== %s\n' "$1"
    run_make "$1" 2>&1 | tee "$logs/$1.log"
    count_target "$1" "${PIPESTATUS[0]}" $((SECONDS - begun))
}

start_beside() {
    beside+=("$@")
    set -m # a process group of its own, so that it can be ended as a whole
    (
        for target in "$@"; do
            begun=$SECONDS
            status=0
            run_make "$target" >"$logs/$target.log" 2>&1 || status=$?
            printf '%d %d\n' "$status" $((SECONDS - begun)) >"$logs/$target.end"
        done
    ) &
    lanes+=("$!")
    set +m
}

finish_beside() {
    local target status seconds
    [ ${#lanes[@]} -eq 0 ] || wait "${lanes[@]}"
    lanes=()
    for target in "${beside[@]}"; do
        printf '== %s\n' "$target"
        cat "$logs/$target.log"
        read -r status seconds <"$logs/$target.end"
        count_target "$target" "$status" "$seconds"
    done
}

# The check itself is checked: a test that leaks passes for Criterion, and its report must be found.
prove_sanitizers() {
    local proof=$OUT/san-proof
    rm -rf "$proof"
    mkdir -p "$proof"
    if (sanitizers "$proof" && "$OUT/leak-on-purpose" >/dev/null 2>&1) && [ "$(reports_in "$proof")" -gt 0 ]; then
        passed=$((passed + 1))
        printf '== sanitizers: a leak on purpose passes for Criterion and is found\n'
    else
        failed=$((failed + 1))
        printf '== sanitizers: a leak on purpose was NOT found; no result of this run proves anything\n'
    fi
}

judge_sanitizers() {
    local count
    count=$(reports_in "$SAN_LOGS")
    [ "$count" -eq 0 ] && return 0
    find "$SAN_LOGS" -type f | head -n 5 | while read -r report; do
        head -n 40 "$report"
    done
    printf '== sanitizers: %d reports in %s\n' "$count" "$SAN_LOGS"
    failed=$((failed + count))
}

need_space "$OUT" 1000
run_make -j"$(nproc)" test-build || die "the build failed; correct the first error above."
"$here/testpg.sh" sweep "$BUILD/testpg" || exit 1
[ "$SAN" != 1 ] || sanitizers "$SAN_LOGS"

foreground=()
while [ $# -gt 0 ] && [ "$1" != --beside ]; do
    foreground+=("$1")
    shift
done
while [ $# -gt 0 ]; do
    shift
    lane=()
    while [ $# -gt 0 ] && [ "$1" != --beside ]; do
        lane+=("$1")
        shift
    done
    [ ${#lane[@]} -eq 0 ] || start_beside "${lane[@]}"
done
for target in "${foreground[@]}"; do
    run_target "$target"
done
finish_beside
if [ "$SAN" = 1 ]; then
    prove_sanitizers
    judge_sanitizers
fi
printf '%d passed, %d failed (%d s)\n' "$passed" "$failed" $((SECONDS - started))
[ "$failed" -eq 0 ]
