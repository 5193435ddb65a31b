#!/usr/bin/env bash
# Runs the case of every rule without that rule, and every case once with all rules: rules.sh PROGRAM, in the
# environment of rig.sh. A rule whose case did not say how it ended has failed, and so has a list without rules.
set -uo pipefail
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

one() {
    local number=$1 first=$2 name=$3 about=$4 word words="with without"
    if [ "$number" != "$first" ]; then words=without; fi
    for word in $words; do
        timeout 300 "$program" "$word" "$number" >"$work/$number.$word" 2>&1
        case $?:$word in
        0:with) ;;
        0:without) printf '%-4s %s: wrong without it\n' "$name" "$about" >"$work/$number.fine" ;;
        1:with) printf '%-4s %s: WRONG although the rule is on\n' "$name" "$about" >"$work/$number.bad" ;;
        1:without) printf '%-4s %s: NOT MISSED when it is off\n' "$name" "$about" >"$work/$number.bad" ;;
        *) printf '%-4s %s: could not be tried %s it\n' "$name" "$about" "$word" >"$work/$number.bad" ;;
        esac
        if [ -e "$work/$number.bad" ]; then
            tail -n "$lines" "$work/$number.$word" | cut -c 1-600 >>"$work/$number.bad"
            break
        fi
    done
}

jobs_at_once=3
lines=${RIG_TRACE:+1000}
lines=${lines:-12}
if ! "$program" list >"$work/list" || [ ! -s "$work/list" ]; then
    printf '%s list names no rule\nrules switched off one by one on a whole site: 0 passed, 1 failed\n' "$program"
    exit 1
fi
while read -r number first name about; do
    while [ "$(jobs -rp | wc -l)" -ge $jobs_at_once ]; do wait -n; done
    one "$number" "$first" "$name" "$about" &
done <"$work/list"
wait
passed=0
failed=0
while read -r number _ name about; do
    if [ -e "$work/$number.fine" ] && [ ! -e "$work/$number.bad" ]; then
        cat "$work/$number.fine"
        passed=$((passed + 1))
    else
        cat "$work/$number.bad" 2>/dev/null || printf '%-4s %s: its case did not end\n' "$name" "$about"
        failed=$((failed + 1))
    fi
done <"$work/list"
printf 'rules switched off one by one on a whole site: %d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
