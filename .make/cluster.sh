#!/usr/bin/env bash
# A private PostgreSQL cluster in one folder: unix socket only, peer authentication, checksums, C.UTF-8.
#
#   cluster.sh start DIR            makes the cluster if there is none, starts it if it is not running
#   cluster.sh stop DIR [MODE]      MODE as of pg_ctl: fast (default), immediate
#   cluster.sh url DIR ROLE DB      prints the conninfo of a role (owner, app, ro, auditor, postgres)
#   cluster.sh status DIR           exit code 0: running
#   cluster.sh remove DIR           stops it and deletes the folder
#
# CLUSTER_CONNECTIONS=N  how many connections it takes; 200 without it
# CLUSTER_COPY_OF=DIR  a new cluster is a copy of the (stopped) data of DIR instead of an initdb, which is faster.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
# The database outlives us, so it must hold none of our caller's pipes and locks.
exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-

command=${1:?start, stop, url or status}
mkdir -p "${2:?the folder of the cluster}"
dir=$(cd "$2" && pwd)
roles="cardwright_owner cardwright_app cardwright_ro cardwright_auditor"

# Where the data lies: $dir, unless the database's user cannot get there (a tree in root's home, for example).
find_place() {
    place=$dir
    [ "$(id -u)" -eq 0 ] || return 0
    if [ ! -e "$dir/place" ] && [ "$command" = start ]; then
        ensure_cluster_user
        choose_place
    fi
    [ ! -e "$dir/place" ] || place=$(cat "$dir/place")
}

choose_place() {
    if as_cluster_user test -x "$dir" 2>/dev/null; then
        return 0
    fi
    local hash
    hash=$(printf '%s' "$dir" | sha256sum | cut -c 1-12)
    mkdir -p /var/lib/cardwright
    chmod 711 /var/lib/cardwright
    printf '%s\n' "/var/lib/cardwright/$hash" >"$dir/place"
    note "the user $cluster_user cannot enter $dir, so the database lies in /var/lib/cardwright/$hash;" \
        "to keep it inside the tree, move the tree to a folder that all users may enter, /srv for example."
}

# A socket's address holds 107 bytes; a deep tree gets its socket in a short folder instead.
find_socket_dir() {
    socket_dir=$place/socket
    if [ ${#socket_dir} -gt 85 ]; then
        socket_dir=/tmp/cardwright-$(printf '%s' "$place" | sha256sum | cut -c 1-12)
    fi
}

make_dirs() {
    mkdir -p "$place" "$socket_dir"
    if [ "$(id -u)" -eq 0 ]; then
        chown "$cluster_user:" "$place" "$socket_dir"
    fi
    chmod 755 "$place" "$socket_dir"
}

create() {
    need_space "$place" 500
    local fresh=$place/data.new
    rm -rf "$fresh"
    if [ -n "${CLUSTER_COPY_OF:-}" ]; then
        local source=$CLUSTER_COPY_OF
        [ ! -e "$source/place" ] || source=$(cat "$source/place")
        as_cluster_user cp -a "$source/data" "$fresh"
    else
        as_cluster_user "$bin/initdb" --pgdata="$fresh" --username=postgres --auth=peer --encoding=UTF8 \
            --locale=C.UTF-8 --data-checksums >"$place/initdb.log" 2>&1 ||
            die "initdb failed; see $place/initdb.log"
    fi
    as_cluster_user mv "$fresh" "$place/data"
}

# Written anew at each start, so that an old cluster gets new settings too.
configure() {
    local memory_mb shared_mb user role
    memory_mb=$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)
    shared_mb=$((memory_mb / 8))
    [ "$shared_mb" -ge 32 ] || shared_mb=32
    [ "$shared_mb" -le 512 ] || shared_mb=512
    as_cluster_user tee "$place/data/postgresql.conf" >/dev/null <<CONF
listen_addresses = ''
unix_socket_directories = '$socket_dir'
max_connections = ${CLUSTER_CONNECTIONS:-200}
shared_buffers = ${shared_mb}MB
fsync = on
synchronous_commit = on
full_page_writes = on
max_wal_size = 4GB
min_wal_size = 256MB
checkpoint_timeout = 15min
lc_messages = 'C'
timezone = 'UTC'
log_timezone = 'UTC'
logging_collector = off
log_line_prefix = '%m %p %a '
autovacuum_vacuum_scale_factor = 0.05
CONF
    printf 'local all all peer map=cardwright\n' | as_cluster_user tee "$place/data/pg_hba.conf" >/dev/null
    for user in $(printf '%s\n' "$(id -un)" "${SUDO_USER:-}" "$(stat -c %U "$place/data")" | sort -u); do
        for role in postgres $roles; do
            printf 'cardwright %s %s\n' "$user" "$role"
        done
    done | as_cluster_user tee "$place/data/pg_ident.conf" >/dev/null
}

running() {
    [ -d "$place/data" ] && as_cluster_user "$bin/pg_ctl" status --pgdata="$place/data" >/dev/null 2>&1
}

psql_admin() {
    psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 \
        "host=$socket_dir user=postgres dbname=postgres" "$@"
}

# The roles and the database, once.
furnish() {
    local role
    for role in $roles; do
        [ -n "$(psql_admin --command="select 1 from pg_roles where rolname = '$role'")" ] ||
            psql_admin --command="create role $role login"
    done
    [ -n "$(psql_admin --command="select 1 from pg_database where datname = 'cardwright'")" ] ||
        psql_admin --command="create database cardwright owner cardwright_owner"
}

start() {
    bin=$(postgres_bin)
    make_dirs
    if running; then
        return 0
    fi
    [ -d "$place/data" ] || create
    need_space "$place" 200
    configure
    as_cluster_user "$bin/pg_ctl" start --silent --wait --timeout=60 --pgdata="$place/data" \
        --log="$place/postgres.log" >/dev/null 2>&1 ||
        die "the database in $place did not start; the last lines of $place/postgres.log say why:" \
            "$(tail -n 3 "$place/postgres.log" 2>/dev/null)"
    furnish
}

stop() {
    bin=$(postgres_bin)
    running || return 0
    as_cluster_user "$bin/pg_ctl" stop --silent --wait --timeout=60 --mode="${1:-fast}" --pgdata="$place/data" >/dev/null
}

remove() {
    stop immediate
    rm -rf "$place" "$dir"
    if [ "$socket_dir" != "$place/socket" ]; then
        rm -rf "$socket_dir"
    fi
}

url() {
    case $1 in
    postgres) printf 'host=%s user=postgres dbname=%s\n' "$socket_dir" "$2" ;;
    *) printf 'host=%s user=cardwright_%s dbname=%s\n' "$socket_dir" "$1" "$2" ;;
    esac
}

find_place
find_socket_dir
case $command in
start) start ;;
stop) stop "${3:-fast}" ;;
url) url "${3:?role}" "${4:-cardwright}" ;;
status) bin=$(postgres_bin) && running ;;
remove) remove ;;
*) die "cluster.sh knows start, stop, url, status and remove, not $command" ;;
esac
