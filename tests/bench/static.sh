# A static file against nginx serving the same file. Sourced by run.sh.
nginx_port=$((port + 2))
mkdir -p "$directory/nginx"
cat >"$directory/nginx/nginx.conf" <<CONF
daemon off; pid $directory/nginx/pid; error_log $directory/nginx/error.log; worker_processes 1;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 1000000; client_body_temp_path $directory/nginx/body; proxy_temp_path $directory/nginx/proxy;
  fastcgi_temp_path $directory/nginx/fastcgi; uwsgi_temp_path $directory/nginx/uwsgi; scgi_temp_path $directory/nginx/scgi;
  types { text/html html; text/css css; } sendfile on; etag on; open_file_cache max=100;
  server { listen 127.0.0.1:$nginx_port; root $PWD/webroot; } }
CONF
nginx -p "$directory/nginx" -c "$directory/nginx/nginx.conf" -g "user $(id -un) $(id -gn);" 2>"$directory/nginx/start.log" &
nginx=$!
trap 'kill "$nginx" 2>/dev/null || true' EXIT # of the measuring shell
sleep 0.5
file_rate() { wrk --threads 1 --connections "$1" --duration "${seconds}s" "http://127.0.0.1:$2/index.html" | awk '/Requests\/sec/ {print $2}'; }
for pair in 64:0.9 128:0.7 256:0.7; do
    connections=${pair%:*}
    ratios=()
    file_rate "$connections" "$port" >/dev/null
    for ((i = 0; i < rounds; i++)); do
        ours=$(file_rate "$connections" "$port")
        theirs=$(file_rate "$connections" "$nginx_port")
        ratios+=("$(awk -v a="$ours" -v b="$theirs" 'BEGIN {print a / b}')")
    done
    verdict "static file, $connections" "$ours" nginx "$theirs" "$(printf '%s\n' "${ratios[@]}" | median)" "${pair#*:}"
done
