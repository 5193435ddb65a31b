#!/usr/bin/env bash
# Runs fuzz targets.
#   fuzz.sh replay PROGRAMS TARGET...          every seed through its target; a crash or a report of a sanitizer fails
#   fuzz.sh run PROGRAMS SECONDS TARGET...     libFuzzer, SECONDS a turn, one after the other until Ctrl-C or a crash
set -euo pipefail
. "$(dirname "$0")/lib.sh"

mode=${1:?replay or run}
programs=${2:?the folder of the programs}
shift 2
# A report ends the program, whatever the caller's own settings are.
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:exitcode=99 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1

replay() {
    local target seeds failed=0 output
    for target in "$@"; do
        seeds=("tests/fuzz/corpus/$target"/*)
        [ -e "${seeds[0]}" ] || die "tests/fuzz/corpus/$target has no seed; add one named after what it breaks."
        if output=$("$programs/$target" "${seeds[@]}" 2>&1); then
            printf '%-16s %s\n' "$target" "$(tail -n 1 <<<"$output")"
        else
            failed=$((failed + 1))
            printf '%s\n%-16s 0 passed, 1 failed\n' "$(tail -n 60 <<<"$output")" "$target"
        fi
    done
    [ "$failed" -eq 0 ]
}

run() {
    local seconds=$1 target found
    shift
    while :; do
        for target in "$@"; do
            [ -x "$programs/$target" ] || die "there is no fuzz target $target; they are tests/fuzz/*.c"
            found=$programs/found/$target
            mkdir -p "$found" "$programs/crashes"
            note "$target for $seconds s; what it finds new is kept in $found"
            "$programs/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
                -artifact_prefix="$programs/crashes/$target-" "$found" "tests/fuzz/corpus/$target" ||
                die "$target failed; the input is in $programs/crashes: correct the fault, then keep the input in" \
                    "tests/fuzz/corpus/$target under a name that says what it broke."
        done
        [ "${FUZZ_ONCE:-}" != 1 ] || break
    done
}

case $mode in
replay) replay "$@" ;;
run) run "$@" ;;
*) die "fuzz.sh knows replay and run, not $mode" ;;
esac
