#!/usr/bin/env bash
# Prints a header with one string a file: <dir>/card_by_uid.sql becomes SQL_CARD_BY_UID, and SQL_STATEMENTS lists all.
set -eu
dir=$1
echo "/* Made by the build from $dir. One statement a file. */"
echo "#ifndef SQL_STATEMENTS_H"
echo "#define SQL_STATEMENTS_H"
list=""
for file in "$dir"/*.sql; do
    [ -e "$file" ] || continue
    base=$(basename "$file" .sql)
    name="SQL_$(printf '%s' "$base" | tr 'a-z-' 'A-Z_')"
    list="$list X($name, \"$base\")"
    printf '#define %s \\\n' "$name"
    sed -e 's/\\/\\\\/g; s/"/\\"/g; s/^/    "/; s/$/\\n" \\/' "$file"
    echo '    ""'
done
echo "#define SQL_STATEMENTS(X)$list"
echo "#endif"
