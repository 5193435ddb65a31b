# Reads over HTTP with a session at 64 connections, against pgbench calling the same function. Sourced by run.sh.
card=$(psql --no-psqlrc -At "$owner" --command='select id from card where state = $$active$$ order by id limit 1')
hash=$(psql --no-psqlrc -At "$owner" --command='select encode(token_sha256, $$hex$$) from session s join operator o on o.id = operator_id where o.name = $$admin$$ limit 1')
cookie=$(awk '$6 ~ /sid/ {print $6 "=" $7}' "$directory/server/cookies" | tail -n 1)
psql --no-psqlrc --quiet "$owner" --command="
    insert into person (id, name, personnel_no) select gen_random_uuid(), (array['Ann','Grace','Jonas','王','李','陈'])[1 + n % 6] || ' ' ||
        (array['Bell','Okafor','Weber','小明','娜','伟'])[1 + n / 6 % 6] || ' ' || n, 'b' || n from generate_series(1, 20000) n" --command='analyze person'
echo "SELECT * FROM fn_card_read('\\x$hash'::bytea, '$card');" >"$directory/card.sql"
echo "SELECT * FROM fn_person_search('\\x$hash'::bytea, 'Okafor 12', NULL, NULL, 20::integer, NULL);" >"$directory/search.sql"

http_rate() { # connections target
    wrk --threads 1 --connections "$1" --duration "${seconds}s" --header "Cookie: $cookie" "http://127.0.0.1:$port$2" |
        awk '/Non-2xx/ {bad = 1} /Requests\/sec/ {rate = $2} END {print bad ? 0 : rate}'
}
sql_rate() { pgbench -n -M prepared -c "$1" -j 2 -T "$seconds" -f "$2" "$app" 2>/dev/null | awk '/^tps/ {print $3}'; }
median() { sort -g | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }

compare_reads() { # label target script goal
    local ratio rates=() h s i
    http_rate 64 "$2" >/dev/null
    for ((i = 0; i < rounds; i++)); do
        h=$(http_rate 64 "$2")
        s=$(sql_rate 64 "$3")
        rates+=("$(awk -v h="$h" -v s="$s" 'BEGIN {print h / s}')")
    done
    ratio=$(printf '%s\n' "${rates[@]}" | median)
    verdict "$1" "$h" pgbench "$s" "$ratio" "$4"
}
verdict() { # label rate name limit ratio goal
    local word=met
    awk -v r="$5" -v g="$6" 'BEGIN {exit !(r < g)}' && word=MISSED && missed=3
    printf '%-24s %9.0f/s   %s %9.0f/s   ratio %.2f   goal %.2f   %s\n' "$1" "$2" "$3" "$4" "$5" "$6" "$word"
}
compare_reads 'GET card, 64' "/api/v1/cards/$card" "$directory/card.sql" 0.7
compare_reads 'person search, 64' '/api/v1/people?q=Okafor%2012&limit=20' "$directory/search.sql" 0.7
