#!/usr/bin/env bash
# Arguments: the unit tests of server/card in a test build (RULES_OFF=1). With all rules on every test must pass;
# with any one rule of the card code off, some test must fail. A rule nobody misses would be a rule nobody tests.
set -u
rules="R3 R4 R7 R10 R13 R21 R22 R23 R24 R31 R33 R34 R36 R37 R38 R39 R41"
bad=0

# True if every test passes with the rules named in $1 switched off.
all_pass() {
    local program
    local off=$1
    shift
    for program in "$@"; do
        CARDWRIGHT_RULE_OFF=$off "$program" --quiet >/dev/null 2>&1 || return 1
    done
}

if ! all_pass "" "$@"; then
    echo "card rules: the test build fails with all rules on"
    exit 1
fi
count=0
for rule in $rules; do
    if all_pass "$rule" "$@"; then
        echo "card rules: $rule switched off, and no test fails"
        bad=1
    fi
    count=$((count + 1))
done
[ $bad -eq 0 ] && echo "card rules: $count rules, each missed by a test when it is off"
exit $bad
