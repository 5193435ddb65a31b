#!/usr/bin/env bash
# The demo site of "make run": database, server and one desk; ends all of it on Ctrl-C. "run.sh forget" deletes its data,
# "run.sh verify" recomputes its books.
# Settings from the environment: OUT, PORT, DEVICE_PORT, READER, DATABASE_URL, DATABASE_OWNER_URL, SEED.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

var=$PWD/var
port=${PORT:-8080}
device_port=${DEVICE_PORT:-8081}
own_cluster=yes
[ -z "${DATABASE_URL:-}" ] || own_cluster=no
children=() # process ids, in the order of their start

# Nothing is left running, whatever ended us. Children are asked in the reverse order of their start.
stop_all() {
    trap '' INT TERM HUP
    local i pid
    for ((i = ${#children[@]} - 1; i >= 0; i--)); do
        pid=${children[i]}
        kill -TERM "$pid" 2>/dev/null || continue
        for _ in $(seq 100); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -KILL "$pid" 2>/dev/null || true
    done
    if [ "$own_cluster" = yes ] && [ -d "$var/postgres" ]; then
        "$here/cluster.sh" stop "$var/postgres" || true
    fi
}

# start_child LOG COMMAND...: in a session of its own, so that Ctrl-C reaches only us; it gets TERM when we die.
start_child() {
    local log=$1
    shift
    setsid setpriv --pdeathsig TERM "$@" 9>&- 2>>"$log" &
    children+=($!)
}

need_free_port() {
    if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then
        die "port $1 is in use; stop the program that uses it, or choose another one: make run $2=$(($1 + 1000))"
    fi
}

owner_sql() {
    PGOPTIONS=--client-min-messages=warning \
        psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 "$owner_url" "$@"
}

start_database() {
    if [ "$own_cluster" = no ]; then
        owner_url=${DATABASE_OWNER_URL:-$DATABASE_URL}
        export CARDWRIGHT_DATABASE_URL=$DATABASE_URL
    else
        need_space "$var" 1000
        "$here/cluster.sh" start "$var/postgres"
        owner_url=$("$here/cluster.sh" url "$var/postgres" owner)
        CARDWRIGHT_DATABASE_URL=$("$here/cluster.sh" url "$var/postgres" app)
        CARDWRIGHT_DATABASE_READONLY_URL=$("$here/cluster.sh" url "$var/postgres" ro)
        export CARDWRIGHT_DATABASE_URL CARDWRIGHT_DATABASE_READONLY_URL
    fi
    export CARDWRIGHT_DATABASE_OWNER_URL=$owner_url
    "$OUT/cardwrightd" migrate >>"$var/log/migrate.log" ||
        die "the database could not be brought to the newest version; the line above says why."
}

# Only into an empty database, and into one of yours only when you say so.
seed() {
    local empty
    [ -e migrations/seed_demo.sql ] || return 0
    [ "$own_cluster" = yes ] || [ "${SEED:-}" = 1 ] || return 0
    empty=$(owner_sql --command='select not exists (select from person) and not exists (select from desk)
        and not exists (select from operator)')
    [ "$empty" = t ] || return 0
    owner_sql --single-transaction --file=migrations/seed_demo.sql >/dev/null ||
        die "the demo site could not be put into the database; the line above says why."
    note "a small demo site was put into the empty database."
}

start_server() {
    export CARDWRIGHT_HTTP_OPERATOR_PORT=$port CARDWRIGHT_HTTP_DEVICE_PORT=$device_port
    start_child "$var/log/server.log" "$OUT/cardwrightd" serve
    server=${children[-1]}
    for _ in $(seq 300); do
        curl --silent --fail --output /dev/null --max-time 2 "http://127.0.0.1:$port/readyz" && return 0
        kill -0 "$server" 2>/dev/null ||
            die "the server did not start; the end of var/log/server.log says why: $(tail -n 1 "$var/log/server.log")"
        sleep 0.1
    done
    die "the server is not ready after 30 seconds; var/log/server.log says why."
}

# A pairing code for the first desk, put into the database by its owner: nobody may have logged in yet.
pairing_code() {
    local code
    code=$(LC_ALL=C tr -dc '23456789ABCDEFGHJKMNPQRSTUVWXYZ' </dev/urandom 2>/dev/null | head -c 8 || true)
    owner_sql >/dev/null --command="insert into pairing (id, desk_id, code_sha256, expires_at)
        select gen_random_uuid(), id, sha256('$code'), clock_timestamp() + interval '10 minutes'
        from desk where active order by created_at limit 1"
    printf '%s\n' "$code"
}

# Whether the pairing kept in var/desk is one this database knows.
desk_is_paired() {
    local agent_id
    agent_id=$(sed -n 's/.*"agent_id": *"\([0-9a-f-]*\)".*/\1/p' "$var/desk/agent.json" 2>/dev/null || true)
    [ -n "$agent_id" ] &&
        [ -n "$(owner_sql --command="select 1 from agent where id = '$agent_id' and revoked_at is null")" ]
}

# The first desk of the database: a real reader when READER names one, else a simulated one with its cards in var/cards.
start_desk() {
    local arguments
    [ -x "$OUT/cardwright-agent" ] || return 0
    [ -n "$(owner_sql --command='select 1 from desk where active limit 1')" ] || return 0
    mkdir -p "$var/desk"
    chmod 700 "$var/desk"
    arguments=(--server "http://127.0.0.1:$port" --state "$var/desk")
    desk_is_paired || arguments+=(--pair "$(pairing_code)")
    if [ -n "${READER:-}" ]; then
        arguments+=(--reader "$READER")
    else
        arguments+=(--simulate "$var/cards")
    fi
    start_child "$var/log/desk.log" "$OUT/cardwright-agent" "${arguments[@]}"
    desk=${children[-1]}
}

# Until the server ends or somebody presses Ctrl-C. A desk that ended is said once.
watch() {
    local told=no
    while kill -0 "$server" 2>/dev/null; do
        wait -n "${children[@]}" || true
        if [ -n "${desk:-}" ] && [ $told = no ] && ! kill -0 "$desk" 2>/dev/null; then
            told=yes
            note "the desk program ended; the end of var/log/desk.log says why: $(tail -n 1 "$var/log/desk.log")"
            children=("$server")
        fi
    done
    die "the server ended; the end of var/log/server.log says why: $(tail -n 1 "$var/log/server.log")"
}

forget() {
    [ ! -d "$var/postgres" ] || "$here/cluster.sh" remove "$var/postgres"
    rm -rf "$var/desk" "$var/cards" "$var/site.key" "$var/log"
    note "the demo site is gone; make run makes a new one."
}

verify() {
    if [ "$own_cluster" = yes ]; then
        "$here/cluster.sh" status "$var/postgres" ||
            die "the database of make run is not running; start it in another terminal: make run"
        CARDWRIGHT_DATABASE_READONLY_URL=$("$here/cluster.sh" url "$var/postgres" ro)
        export CARDWRIGHT_DATABASE_READONLY_URL
    else
        export CARDWRIGHT_DATABASE_READONLY_URL=${DATABASE_READONLY_URL:-$DATABASE_URL}
    fi
    exec "$OUT/cardwrightd" verify-ledger
}

umask 022 # the database runs as another user, who has to get through to its folder
mkdir -p "$var" || die "the folder $var cannot be made; run make where you may write."
if [ "${1:-}" = verify ]; then
    verify
fi
exec 9>"$var/run.lock"
flock --nonblock 9 || die "make run is running already in this tree; press Ctrl-C there first."
if [ "${1:-}" = forget ]; then
    forget
    exit 0
fi
mkdir -p "$var/log"
need_free_port "$port" PORT
need_free_port "$device_port" DEVICE_PORT
trap 'exit 0' INT TERM HUP
trap stop_all EXIT
start_database
seed
start_server
start_desk
if [ -n "${desk:-}" ]; then
    printf 'One desk is running with %s.\n' "${READER:-a simulated reader (cards in var/cards)}"
fi
printf 'Logs are in var/log. Ctrl-C stops everything; the data stays for the next run.\n'
watch
