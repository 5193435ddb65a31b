# Shared by the scripts in this folder; source it. Every failure ends with one sentence that says what to do.

die() {
    printf '%s\n' "cardwright: $*" >&2
    exit 1
}

note() {
    printf '%s\n' "cardwright: $*" >&2
}

# The dedicated account of the database when make runs as root: PostgreSQL refuses to run as root.
cluster_user=cardwright

# Runs a command as the user the cluster belongs to, from / because that user may not enter the current folder.
as_cluster_user() {
    if [ "$(id -u)" -eq 0 ]; then
        (cd / && exec runuser -u "$cluster_user" -- "$@")
    else
        (cd / && exec "$@")
    fi
}

ensure_cluster_user() {
    [ "$(id -u)" -eq 0 ] || return 0
    id -u "$cluster_user" >/dev/null 2>&1 && return 0
    useradd --system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$cluster_user" ||
        die "the user $cluster_user could not be made; make it with: useradd --system $cluster_user"
}

# The folder with initdb and pg_ctl, newest version first.
postgres_bin() {
    local dir
    for dir in $(printf '%s\n' /usr/lib/postgresql/*/bin /usr/local/pgsql/bin | sort -rV); do
        if [ -x "$dir/initdb" ] && [ -x "$dir/pg_ctl" ]; then
            printf '%s\n' "$dir"
            return 0
        fi
    done
    die "PostgreSQL is not installed; install it with: apt install postgresql-15"
}

# need_space DIR MEGABYTES
need_space() {
    local free_kb
    free_kb=$(df -Pk "$1" | awk 'NR == 2 { print $4 }')
    [ "$free_kb" -ge $(($2 * 1024)) ] ||
        die "only $((free_kb / 1024)) MB are free on the disk of $1, and $2 MB are needed; make room and try again."
}
