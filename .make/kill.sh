#!/usr/bin/env bash
# Runs the kill tests: kill.sh OUT BUILD PROGRAM [ARGUMENT...]
# They get a PostgreSQL of their own besides the one of all tests, because they kill it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

out=${1:?the folder of the build}
build=${2:?the folder of all builds}
shift 2
setup=$("$here/testpg.sh" start "$build/killpg" "$out/test-migrate") ||
    die "the database that the kill tests break did not start."
eval "${setup//CARDWRIGHT_TEST/CARDWRIGHT_KILL}"
export CARDWRIGHT_KILL_PG CARDWRIGHT_KILL_DIR
# Processes die here and not the machine, so what was handed to the system is safe; without this each crash would wait for
# the disk to take every file of the cluster.
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --command="alter system set fsync = off" \
    --command="select pg_reload_conf()" "host=$CARDWRIGHT_KILL_PG user=postgres dbname=postgres" >/dev/null
trap '"$here/testpg.sh" stop "$build/killpg" >/dev/null 2>&1 || true' EXIT
bash "$here/rig.sh" "$out" "$build/testpg" "$@"
