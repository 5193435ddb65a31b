#!/usr/bin/env bash
# Installs what is missing, with apt, and calls it only then: packages.sh run|test|bench|vendor
# test contains run, bench contains test.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

run_packages="gcc make pkg-config libmicrohttpd-dev libpq-dev libjansson-dev libsodium-dev libssl-dev libcurl4-openssl-dev
libinih-dev libunistring-dev libnfc-dev postgresql-15 postgresql-client-15 curl procps util-linux"
test_packages="libcriterion-dev libnfc-bin mfoc libfreefare-bin universal-ctags python3 python3-jsonschema postgresql-15-pgtap postgresql-15-plpgsql-check clang
libclang-rt-14-dev clang-format git chromium nodejs npm fonts-noto-cjk"
bench_packages="nginx-light wrk"
vendor_packages="nodejs npm python3 python3-fonttools python3-brotli"

case ${1:-run} in
run) wanted=$run_packages ;;
test) wanted="$run_packages $test_packages" ;;
bench) wanted="$run_packages $test_packages $bench_packages" ;;
vendor) wanted=$vendor_packages ;;
*) die "packages.sh knows run, test, bench and vendor, not $1" ;;
esac

# Some packages of nodejs bring npm along, and conflict with the package of that name.
! command -v npm >/dev/null || wanted=${wanted/ npm / }

# Only fully installed packages count; one that was removed but left its settings does not.
missing() {
    local installed package
    installed=$(dpkg-query --show --showformat='${db:Status-Status} ${binary:Package}\n' 2>/dev/null |
        awk '$1 == "installed" { sub(/:.*/, "", $2); print $2 }')
    for package in $wanted; do
        grep -qxF "$package" <<<"$installed" || printf '%s ' "$package"
    done
}

# apt as root, through sudo when we are not.
apt_get() {
    local as_root=""
    [ "$(id -u)" -eq 0 ] || as_root=sudo
    DEBIAN_FRONTEND=noninteractive $as_root apt-get --quiet --yes --no-install-recommends \
        -o DPkg::Lock::Timeout=300 "$@"
}

need=$(missing)
[ -n "$need" ] || exit 0
command -v apt-get >/dev/null || die "install these, this system has no apt: $need"
if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    die "packages are missing and there is no sudo; run this as root: apt-get install --no-install-recommends $need"
fi
note "installing: $need"
apt_log=$(mktemp)
trap 'rm -f "$apt_log"' EXIT
if ! apt_get install $need >"$apt_log" 2>&1; then
    apt_get update >>"$apt_log" 2>&1 && apt_get install $need >>"$apt_log" 2>&1 || {
        grep -E '^(E|W|Err):' "$apt_log" | tail -n 5 >&2
        die "the packages could not be installed; check the network and the sources of apt, then run:" \
            "apt-get install --no-install-recommends $need"
    }
fi
