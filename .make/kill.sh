#!/usr/bin/env bash
# Runs the kill tests: kill.sh OUT BUILD PROGRAM [ARGUMENT...]
# They get two PostgreSQL of their own besides the one of all tests, because they kill them.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

out=${1:?the folder of the build}
build=${2:?the folder of all builds}
shift 2
# start NUMBER: one of the two that are killed in different ways. Processes die here and not the machine, so what was
# handed to the system is safe; with fsync each crash would wait for the disk to take every file of the cluster.
start() {
    local setup
    setup=$("$here/testpg.sh" start "$build/killpg$1" "$out/test-migrate") ||
        die "a database that the kill tests break did not start."
    eval "${setup//CARDWRIGHT_TEST/CARDWRIGHT_KILL$1}"
    local host=CARDWRIGHT_KILL$1_PG
    psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --command="alter system set fsync = off" \
        --command="select pg_reload_conf()" "host=${!host} user=postgres dbname=postgres" >/dev/null
}

stop() {
    "$here/testpg.sh" stop "$build/killpg1" >/dev/null 2>&1 || true
    "$here/testpg.sh" stop "$build/killpg2" >/dev/null 2>&1 || true
}

program=
# The shell runs a trap only between commands, so the tests run beside it. They take their sites down and say what
# they have found before they end; the databases go last.
end() {
    if [ -z "$program" ]; then exit 143; fi
    kill -TERM "$program" 2>/dev/null || true
}

trap stop EXIT
trap end HUP INT TERM
start 1
start 2
export CARDWRIGHT_KILL1_PG CARDWRIGHT_KILL1_DIR CARDWRIGHT_KILL2_PG CARDWRIGHT_KILL2_DIR
bash "$here/rig.sh" "$out" "$build/testpg" "$@" &
program=$!
status=0
while true; do
    wait "$program" && status=0 || status=$?
    if ! kill -0 "$program" 2>/dev/null; then break; fi
done
exit "$status"
