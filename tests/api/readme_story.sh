#!/usr/bin/env bash
# Runs the story of README.md as it stands, line by line in one shell, as somebody would paste it, against a site that
# make run's own script starts in an empty folder; then looks at what each line said.
#
#   readme_story.sh OUT     the folder of the build
set -euo pipefail
tree=$PWD
out=$(cd "${1:?the folder of the build}" && pwd)
folder=$(mktemp -d)
site=
passed=0
failed=0

clean_up() {
    [ -z "$site" ] || kill -INT "$site" 2>/dev/null || true
    [ -z "$site" ] || wait "$site" 2>/dev/null || true
    [ ! -d "$folder/var/postgres" ] || "$tree/.make/cluster.sh" remove "$folder/var/postgres" || true
    rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

die() {
    printf 'readme: %s\n' "$*" >&2
    tail -n 20 "$folder"/var/log/*.log "$folder/run.log" >&2 2>/dev/null || true
    printf '%d passed, %d failed\n' "$passed" $((failed + 1))
    exit 1
}

free_port() {
    local port
    for _ in {1..50}; do
        port=$((20000 + RANDOM % 8000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port" && return 0; }
    done
    die "no free port was found"
}

start_site() {
    chmod 755 "$folder" # the database runs as another user
    ln -s "$tree/migrations" "$tree/webroot" "$folder/"
    cp "$tree/README.md" "$folder/"
    cd "$folder"
    port=$(free_port)
    # A job in the background ignores the Ctrl-C that is to end it, unless told otherwise.
    : >run.log
    OUT=$out PORT=$port DEVICE_PORT=$(free_port) READER='' DATABASE_URL='' \
        env --default-signal=INT bash "$tree/.make/run.sh" >run.log 2>&1 &
    site=$!
    for _ in {1..300}; do
        ! grep -q 'Ctrl-C stops everything' run.log || return 0
        kill -0 "$site" 2>/dev/null || die "the site did not start"
        sleep 0.2
    done
    die "the site was not ready in time"
}

# Fragments that the output of a line must hold, by a piece of the line; others only must succeed and not be refused.
wanted() {
    case $1 in
    *'api/v1/setup"'*) printf '%s\n' '"name": "admin"' '"permissions"' ;;
    *'session/desk'*) printf '%s\n' '"desk": {' ;;
    *'"action": "new"'*) printf '%s\n' '"ok": true' '"uid": "9c3ad15e"' ;;
    *'"action": "place"'*'state $KEY'*) printf '%s\n' '"ok": true' '"state": "completed"' ;;
    *'"action": '*) printf '%s\n' '"ok": true' ;;
    *'"kind": "issue"'*) printf '%s\n' '"state": "prepared"' '"state": "completed"' '"name": "Mara Lind"' ;;
    *'"consumption_minor": 20000, "water_minor"'*) ;;
    *'act $KEY "$ACT"'*) printf '%s\n' '"cash_to_take_minor": 25000' '"state": "completed"' ;;
    *'"kind": "withdraw"'*) printf '%s\n' '"cash_to_pay_minor": 2000' '"state": "completed"' ;;
    *'"consumption_minor": 10000'*) printf '%s\n' '"state": "prepared"' ;;
    *'state $KEY in_doubt'*) printf '%s\n' '"state": "in_doubt"' ;;
    *'"stored_minor": 28000'*) printf '%s\n' '"stored_minor": 28000' ;;
    esac
}

judge() {
    local line=$1 status=$2 fragment
    local problem=
    [ "$status" -eq 0 ] || problem="it ended with status $status"
    grep -qE '"code": ?"' said && problem="it was refused"
    while read -r fragment; do
        grep -qF -e "$fragment" said || problem="its output lacks $fragment"
    done < <(wanted "$line")
    if [ -z "$problem" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'readme: %s\n%s\n--- it said ---\n' "$problem" "$line"
        cat said
    fi
}

start_site
sed -n '/<!-- story:/,/^```$/p' README.md | sed '1d;/^```/d' >lines
[ "$(grep -c '[^[:space:]]' lines)" -ge 20 ] || die "README.md has no story between its marker and the end of the block"
TOKEN=$(sed -n 's|.*/#/setup/||p' run.log | head -n 1)
URL=http://127.0.0.1:$port
[ -n "$TOKEN" ] || die "no one-time link was printed"
mapfile -t lines <lines
set +eu # as in a terminal
for line in "${lines[@]}"; do
    case $line in '' | '#'*) continue ;; esac
    eval "$line" >said 2>&1
    judge "$line" $?
done
set -eu
if OUT=$out bash "$tree/.make/run.sh" verify >said 2>&1; then
    passed=$((passed + 1))
else
    failed=$((failed + 1))
    printf 'readme: the books do not agree\n'
    cat said
fi
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
