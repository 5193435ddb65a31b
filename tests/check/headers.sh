#!/usr/bin/env bash
# Every header compiles by itself, so nobody depends on the order of includes.
set -euo pipefail
. tests/check/lib.sh.inc
found=$(mktemp)
flags=$(pkg-config --cflags libmicrohttpd libpq jansson libsodium libcrypto libcurl inih libnfc)

export flags
sources 'server/*.h' 'agent/*.h' 'tests/*.h' |
    xargs -P "$(nproc)" -I '{}' bash -c '
        printf "#include \"%s\"\n#include \"%s\"\n" "{}" "{}" |
            gcc -std=gnu17 -Wall -Wextra -Werror -I. -Iserver -D_GNU_SOURCE $flags -x c -fsyntax-only - 2>&1 |
            grep -E "error:" | head -n 3 | sed "s|^|{}: |"' >"$found" || true
finish "$found"
