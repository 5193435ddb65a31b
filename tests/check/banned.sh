#!/usr/bin/env bash
# Calls that cannot be used safely, and words that say something is not finished.
set -euo pipefail
. tests/check/lib.sh.inc
found=$(mktemp)

# Comments and strings are blanked first: only code calls.
calls() {
    python3 - "$@" <<'PYTHON'
import re, sys
banned = "strcpy strcat sprintf vsprintf gets atoi atol atoll atof strtok system popen tmpnam mktemp alloca rand srand".split()
call = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(banned))
blank = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
for path in sys.stdin.read().split("\n"):
    if not path:
        continue
    text = open(path, encoding="utf-8").read()
    text = blank.sub(lambda match: re.sub(r"[^\n]", " ", match.group(0)), text)
    for match in call.finditer(text):
        if match.group(1) == "popen" and path.startswith("tests/"):
            continue
        print("%s:%d: %s is banned" % (path, text.count("\n", 0, match.start()) + 1, match.group(1)))
PYTHON
}
sources '*.c' '*.h' | calls >>"$found"

unfinished='TO''DO|FIX''ME|X''XX|HA''CK'
sources server webroot migrations agent tests docker .make .ci Makefile README.md |
    grep -v -E '^webroot/vendor/|^tests/(vectors|fuzz/corpus)/|\.(png|ico|woff2|bin)$' |
    xargs -r -d '\n' grep -n -I -w -E "$unfinished" | sed 's/$/   <- an unfinished word/' >>"$found" || true
finish "$found"
