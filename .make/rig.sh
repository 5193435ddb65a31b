#!/usr/bin/env bash
# Runs a program that starts whole sites: rig.sh OUT DATABASES PROGRAM [ARGUMENT...]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

out=$(cd "${1:?the folder of the build}" && pwd)
databases=${2:?the folder of the test databases}
shift 2
setup=$("$here/testpg.sh" start "$databases" "$out/test-migrate") || die "the test database did not start."
eval "$setup"
export CARDWRIGHTD=$out/cardwrightd CARDWRIGHT_AGENT=$out/cardwright-agent SIM_READER=$out/sim-reader
exec "$@"
