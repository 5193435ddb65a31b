#!/usr/bin/env bash
# Functions of at most 70 lines and 5 parameters, files of at most 500 lines, lines of at most 110 columns.
set -euo pipefail
. tests/check/lib.sh.inc
found=$(mktemp)
list=$(mktemp)
sources '*.c' '*.h' >"$list"

while read -r file; do
    lines=$(wc -l <"$file")
    [ "$lines" -le 500 ] || printf '%s:500: the file has %d lines, at most 500 are allowed\n' "$file" "$lines"
done <"$list" >>"$found"

# Columns count characters, so that text in other scripts is measured as it looks.
while read -r file; do
    LC_ALL=C.UTF-8 awk -v file="$file" 'length($0) > 110 { printf "%s:%d: %d columns, at most 110\n", file, FNR, length($0) }' "$file"
done < <(grep -v -E '/(err|permissions|routes|conf|layouts)\.def$' "$list") >>"$found"

ctags -L "$list" --languages=C --langmap=C:.c.h --kinds-C=f --fields=+neS --output-format=json -f - 2>/dev/null |
    python3 -c '
import json, sys
for line in sys.stdin:
    tag = json.loads(line)
    if "end" not in tag:
        continue
    length = tag["end"] - tag["line"] + 1
    where = "%s:%d: %s" % (tag["path"], tag["line"], tag["name"])
    if length > 70:
        print("%s has %d lines, at most 70 are allowed" % (where, length))
    signature = tag.get("signature", "()").strip()[1:-1]
    depth = 0
    count = 1 if signature.strip() not in ("", "void") else 0
    for sign in signature:
        depth += sign == "("
        depth -= sign == ")"
        count += sign == "," and depth == 0
    # A callback of the HTTP library has the shape that library calls.
    if count > 5 and "MHD_Connection" not in signature:
        print("%s has %d parameters, at most 5 are allowed" % (where, count))
' >>"$found"
rm -f "$list"
finish "$found"
