#!/usr/bin/env bash
# make bench: a cluster and a server of its own, then one table of ratios with the goals beside it; exit 3: a goal was missed.
# BENCH_SECONDS and BENCH_ROUNDS make it shorter or longer.
set -euo pipefail
cd "$(dirname "$0")/../.."
. .make/lib.sh
directory=$(realpath -m "$BUILD")/bench
port=${BENCH_PORT:-18480}
seconds=${BENCH_SECONDS:-2}
rounds=${BENCH_ROUNDS:-5}
missed=0
rm -rf "$directory/server" && mkdir -p "$directory/server"
pids=()
: >"$directory/last.txt"
finish() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    .make/cluster.sh remove "$directory/postgres" >/dev/null 2>&1 || true
}
trap finish EXIT
.make/cluster.sh remove "$directory/postgres" >/dev/null 2>&1 || true
CLUSTER_CONNECTIONS=400 .make/cluster.sh start "$directory/postgres" # pgbench takes 256
owner=$(.make/cluster.sh url "$directory/postgres" owner)
app=$(.make/cluster.sh url "$directory/postgres" app)
export CARDWRIGHT_DATABASE_URL=$app CARDWRIGHT_DATABASE_OWNER_URL=$owner CARDWRIGHT_HTTP_OPERATOR_PORT=$port \
    CARDWRIGHT_HTTP_DEVICE_PORT=$((port + 1)) CARDWRIGHT_STATE_DIRECTORY=$directory/server \
    CARDWRIGHT_KEYS_SITE_KEY_FILE=$directory/server/site.key CARDWRIGHT_LOG_LEVEL=warn
"$OUT/cardwrightd" migrate >/dev/null
psql --no-psqlrc --quiet "$owner" --command="update site set name = 'Bench'"
"$OUT/cardwrightd" serve >"$directory/server/log" 2>&1 &
pids+=($!)
server=$!
for _ in $(seq 100); do
    curl --silent --fail --output "$directory/server/answer" "http://127.0.0.1:$port/readyz" && break
    sleep 0.1
done
rss() { awk '/^VmRSS/ {print $2}' "/proc/$server/status"; }
idle_kib=$(rss)

# The system password through the API, as an operator would.
token=$(sed -n 's/.*setup\///p' "$directory/server/log")
api() { curl --silent --show-error --fail-with-body --cookie "$directory/server/cookies" --cookie-jar "$directory/server/cookies" \
    --header 'Content-Type: application/json' "$@"; }
api "http://127.0.0.1:$port/api/v1/setup" --output "$directory/server/answer" \
    --data "{\"token\": \"$token\", \"name\": \"admin\", \"full_name\": \"Admin\", \"password\": \"four random words here\"}"
api "http://127.0.0.1:$port/api/v1/settings/system-password" --output "$directory/server/answer" --request PUT --data '{"digits": "2580"}'

measure() {
    echo "memory of the idle server: $idle_kib KiB"
    "$OUT/bench-desks" "$port" "$owner" "$app" "$directory/server/site.key" tests/bench/operation.sql "$seconds" "$rounds" || missed=3
    echo "memory of the server after that, with 256 desks: $(rss) KiB"
    . tests/bench/reads.sh
    . tests/bench/static.sh
    kill "$server"
    bash .make/rig.sh "$OUT" "$BUILD/testpg" "$OUT/bench-paced" || missed=3
    node tests/bench/ui.mjs || missed=3
    return "$missed"
}
measure >"$directory/last.txt" 2>&1 &
measuring=$!
pids+=("$measuring")
tail --pid="$measuring" --lines=+1 --follow "$directory/last.txt"
wait "$measuring"
