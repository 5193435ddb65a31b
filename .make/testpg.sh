#!/usr/bin/env bash
# The PostgreSQL of the tests, in DIR. Everything stays between runs, so only the first one pays for initdb.
#
#   testpg.sh start DIR [MIGRATE]   starts it, brings the template database to the schema of migrations/ with the program
#                                   MIGRATE (test-migrate), and prints the exports the test programs need
#   testpg.sh sweep DIR            drops what tests of an earlier run left behind
#   testpg.sh stop DIR
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
export CLUSTER_CONNECTIONS=400 # several sites at once, each with the connections of a whole server

command=${1:?start or stop}
mkdir -p "${2:?the folder of the test databases}"
dir=$(cd "$2" && pwd)
migrate=${3:+$(realpath "$3")}

admin() {
    PGOPTIONS="--client-min-messages=warning" psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 \
        "$("$here/cluster.sh" url "$dir/main" postgres postgres)" "$@"
}

# A stopped cluster that tests copy when they need one to break.
make_pristine() {
    [ ! -e "$dir/pristine.ready" ] || return 0
    "$here/cluster.sh" start "$dir/pristine" 3>&-
    "$here/cluster.sh" stop "$dir/pristine"
    touch "$dir/pristine.ready"
}

# Of the sources: builds of every kind share one template, also beside each other.
schema_sum() {
    (cd "$here/.." && find migrations server/db/migrate*.[ch] tests/lib/migrate_main.c -type f ! -name 'seed_*' -print0 |
        sort -z | xargs -0 sha256sum) | sha256sum | cut -c 1-64
}

# The template is made under another name first, so that a broken migration leaves none.
make_template() {
    local sum
    sum=$(schema_sum)
    if [ -n "$(admin --command="select 1 from pg_database where datname = 'cardwright_template'")" ] &&
        [ "$(cat "$dir/template.sha256" 2>/dev/null)" = "$sum" ]; then
        return 0
    fi
    admin --command="drop database if exists cardwright_template with (force)" \
        --command="drop database if exists cardwright_template_new with (force)" \
        --command="create database cardwright_template_new owner cardwright_owner template template0"
    "$migrate" "$("$here/cluster.sh" url "$dir/main" owner cardwright_template_new)" "$here/../migrations" ||
        die "the migrations do not apply to an empty database; correct the file named above."
    admin --command="alter database cardwright_template_new rename to cardwright_template"
    printf '%s\n' "$sum" >"$dir/template.sha256"
}

start() {
    exec 3>&1 1>&2
    exec 9>"$dir/lock"
    flock 9
    make_pristine
    CLUSTER_COPY_OF=$dir/pristine "$here/cluster.sh" start "$dir/main" 3>&- 9>&-
    [ -z "$migrate" ] || make_template
    local host
    host=$("$here/cluster.sh" url "$dir/main" postgres postgres)
    host=${host#host=}
    printf 'export CARDWRIGHT_TEST_PG=%q CARDWRIGHT_TEST_DIR=%q CARDWRIGHT_TEST_PRISTINE=%q\n' \
        "${host%% *}" "$dir" "$dir/pristine" >&3
}

# Databases of tests that were killed in an earlier run.
sweep() {
    "$here/cluster.sh" start "$dir/main"
    local name
    for name in $(admin --command="select datname from pg_database where datname like 't\\_%'"); do
        admin --command="drop database \"$name\" with (force)"
    done
}

case $command in
start) start ;;
sweep) make_pristine && CLUSTER_COPY_OF=$dir/pristine sweep ;;
stop) "$here/cluster.sh" stop "$dir/main" fast ;;
*) die "testpg.sh knows start, sweep and stop, not $command" ;;
esac
