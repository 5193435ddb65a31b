#!/usr/bin/env bash
# A file includes its own folder and lower floors only. Pure folders include nothing of the system that talks.
set -euo pipefail
. tests/check/lib.sh.inc
found=$(mktemp)

sources 'server/*.[ch]' 'agent/*.[ch]' 'tests/sim/*.[ch]' | while read -r file; do
    awk -v file="$file" '
        function floor_of(folder) {
            if (folder == "base") return 0
            if (folder ~ /^(crypto|card|codec)$/) return 1
            if (folder ~ /^(db|http)$/) return 2
            if (folder == "store") return 3
            if (folder == "device") return 4
            if (folder == "flow") return 5
            if (folder ~ /^(api|jobs|verify)$/) return 6
            return 7
        }
        function bad(why) { printf "%s:%d: %s may not include \"%s\": %s\n", file, FNR, own, target, why }
        BEGIN {
            split(file, parts, "/")
            own = parts[1] == "server" ? (parts[3] == "" ? "main" : parts[2]) : parts[1]
            if (file ~ /^agent\/terminal\//) own = "terminal"
            if (file ~ /^tests\/sim\//) own = "sim"
        }
        /^[ \t]*#[ \t]*include[ \t]*</ {
            target = $0
            sub(/^[^<]*</, "", target); sub(/>.*/, "", target)
            if (own ~ /^(card|codec)$/ && target ~ /^(libpq|postgresql|microhttpd|nfc|curl|sys\/socket|poll|pthread)/)
                bad("it is pure")
        }
        /^[ \t]*#[ \t]*include[ \t]*"/ {
            target = $0
            sub(/^[^"]*"/, "", target); sub(/".*/, "", target)
            sub(/^server\//, "", target)
            count = split(target, words, "/")
            folder = count > 1 ? words[1] : "main"
            if (target ~ /^sql_statements\.h$/) next
            if (own == "agent") {
                if (folder !~ /^(base|crypto|agent|tests)$/) bad("the agent shares base and crypto only")
                if (folder == "tests" && target !~ /^tests\/sim\//) bad("of the tests it may start simulators only")
                next
            }
            if (own ~ /^(sim|terminal)$/) {
                if (folder !~ /^(base|crypto|card|codec|agent|tests|main)$/) bad("a simulator shares base, crypto, card and codec")
                next
            }
            if (folder == own) next
            if (folder ~ /^(agent|tests)$/) { bad("the server shares nothing with it"); next }
            if (folder == "main" && own != "main") { bad("name its folder"); next }
            if (own == "verify" && folder !~ /^(base|db)$/) { bad("verify shares base and db only"); next }
            if (own ~ /^(card|codec)$/ && folder !~ /^(base|crypto)$/) { bad("it is pure"); next }
            if (own ~ /^(card|codec)$/) next
            if (floor_of(folder) >= floor_of(own) && own != "main")
                bad("floor " floor_of(own) " includes floor " floor_of(folder))
        }' "$file"
done >"$found"
finish "$found"
