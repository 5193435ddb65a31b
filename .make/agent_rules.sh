#!/usr/bin/env bash
# Proves the tests of the agent's card rules: agent_rules.sh FOLDER-OF-TEST-PROGRAMS. In a build whose rules can be switched
# off, each program passes with all rules on, and fails as soon as the one rule it is there for is off.
set -uo pipefail
folder=$1
passed=0
failed=0
complain() {
    printf '%s\n' "$1"
    failed=$((failed + 1))
}
while read -r rule program; do
    # Assertions that fail leave memory behind, which is no finding here.
    if ! "$folder/$program" >/dev/null 2>&1; then
        complain "$program fails although every rule is on"
    elif ASAN_OPTIONS=detect_leaks=0 CARDWRIGHT_RULE_OFF=$rule "$folder/$program" >/dev/null 2>&1; then
        complain "$program does not notice that $rule is off"
    else
        passed=$((passed + 1))
    fi
done <<'LIST'
R4 test_runner
R15 test_runner
R15 test_plan_memory
R15 test_poll
R16 test_runner
R17 test_runner
R17 test_poll
R18 test_runner
R18 test_plan_memory
R20 test_identity
R25 test_runner
LIST
printf 'agent rules switched off and noticed: %d passed, %d failed\n' $passed $failed
[ $failed -eq 0 ]
