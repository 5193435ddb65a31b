#!/usr/bin/env bash
# Runs pgTAP files, each in a fresh copy of the migrated database and as its superuser, so that it can take any role:
#   sql_tests.sh DATABASES MIGRATE FILE...
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

databases=$1
setup=$("$here/testpg.sh" start "$databases" "$2") || die "the test database did not start."
eval "$setup"
shift 2
export PGOPTIONS=--client-min-messages=warning

admin() {
    psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 "host=$CARDWRIGHT_TEST_PG user=postgres dbname=$1" "${@:2}"
}

# A file passes when psql got through, no line says "not ok", and as many tests ran as were planned.
judge() {
    awk '/^ok /{ passed++ } /^not ok /{ failed++ } /^1\.\.[0-9]+/{ planned = substr($0, 4) + 0 }
        END { missing = planned - passed - failed; if (missing > 0) failed += missing; print passed + 0, failed + 0 }' <<<"$1"
}

total_passed=0
total_failed=0
run_file() {
    local file=$1 database output status=0 passed failed
    database=t_sql_$$_$(basename "$file" .sql | tr -c 'a-z0-9\n' '_')
    admin postgres --command="create database $database owner cardwright_owner template cardwright_template"
    output=$(admin "$database" --command='create extension if not exists pgtap' --file="$file" 2>&1) || status=$?
    admin postgres --command="drop database $database with (force)"
    read -r passed failed <<<"$(judge "$output")"
    if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
        failed=1
    fi
    if [ "$passed" -eq 0 ] && [ "$failed" -eq 0 ]; then
        failed=1
        output="$output
# $file runs no test"
    fi
    [ "$failed" -eq 0 ] || printf '%s\n' "$output"
    printf '%-32s %d passed, %d failed\n' "${file#tests/}" "$passed" "$failed"
    total_passed=$((total_passed + passed))
    total_failed=$((total_failed + failed))
}

for file in "$@"; do
    [ ! -e "$file" ] || run_file "$file"
done
[ "$((total_passed + total_failed))" -gt 0 ] || die "no SQL test ran."
[ "$total_failed" -eq 0 ] || die "$total_failed SQL tests failed."
