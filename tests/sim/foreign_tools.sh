#!/bin/bash
# Programs nobody here wrote (libnfc's tools, mfoc, libfreefare) drive the simulated reader and are compared with the
# card files. Exit statuses of these tools prove little, so every check looks at what they printed or wrote.
# Usage: SIM_READER=path/of/sim-reader tests/sim/foreign_tools.sh
set -u
reader=${SIM_READER:?SIM_READER must name the program}
folder=$(mktemp -d /tmp/sim-foreign-XXXXXX)
cards=$folder/cards
mkdir "$cards"
tool_seconds=30 # mifare-classic-format waits for ever on a reader that has gone silent
failures=0
checks=0
reader_pid=

clean_up() {
	if [ -n "$reader_pid" ]; then
		kill "$reader_pid" 2>/dev/null
		wait "$reader_pid" 2>/dev/null
	fi
	rm -rf "$folder"
}
trap clean_up EXIT

for tool in nfc-list nfc-mfclassic mfoc mifare-classic-format python3; do
	if ! command -v "$tool" >/dev/null; then
		echo "foreign_tools: $tool is missing: apt-get install libnfc-bin libfreefare-bin mfoc python3" >&2
		exit 1
	fi
done

# check WHAT COMMAND...: counts the command's success.
check() {
	local what=$1
	shift
	checks=$((checks + 1))
	if "$@" >/dev/null; then
		echo "ok   $what"
	else
		echo "FAIL $what"
		failures=$((failures + 1))
		sed 's/^/     /' "$folder/out" | tail -n 20
	fi
}

# control LINE: one line to the reader, its answer to standard output; fails unless it is "ok".
control() {
	python3 - "$folder/sock" "$1" <<'PYTHON'
import socket, sys
with socket.socket(socket.AF_UNIX) as line:
    line.settimeout(10)
    line.connect(sys.argv[1])
    stream = line.makefile("rw")
    stream.write(sys.argv[2] + "\n")
    stream.flush()
    answer = stream.readline().strip()
print(answer)
sys.exit(0 if answer.startswith("ok") else 1)
PYTHON
}

# tool COMMAND...: runs a tool on the reader with a time limit, output to $folder/out.
tool() {
	timeout "$tool_seconds" "$@" >"$folder/out" 2>&1
}

printed() {
	grep -q -- "$1" "$folder/out"
}

# fill CARD: data into every data block but the maker's, so that "it read zeros" cannot pass for reading.
fill() {
	python3 - "$cards/$1" <<'PYTHON'
import sys
with open(sys.argv[1], "r+b") as card:
    image = bytearray(card.read())
    blocks = len(image) // 16
    for block in range(1, blocks):
        trailer = block % 4 == 3 if block < 128 else block % 16 == 15
        if not trailer:
            image[16 * block:16 * block + 16] = bytes((block * 16 + i * 7 + 1) % 256 for i in range(16))
    card.seek(0)
    card.write(image)
PYTHON
}

# Every data block but the maker's is zero and every trailer is in transport configuration.
is_formatted() {
	python3 - "$cards/$1" <<'PYTHON'
import sys
image = open(sys.argv[1], "rb").read()
for block in range(1, len(image) // 16):
    trailer = block % 4 == 3 if block < 128 else block % 16 == 15
    content = image[16 * block:16 * block + 16]
    want = bytes([255] * 6 + [0xFF, 0x07, 0x80, 0x69] + [255] * 6) if trailer else bytes(16)
    if content != want:
        sys.exit("block %d holds %s" % (block, content.hex()))
PYTHON
}

"$reader" --link "$folder/tty" --control "$folder/sock" --cards "$cards" --log "$folder/log" --exit-with-parent &
reader_pid=$!
for _ in $(seq 100); do
	[ -S "$folder/sock" ] && break
	sleep 0.05
done
export LIBNFC_DEVICE=pn532_uart:$folder/tty LIBNFC_LOG_LEVEL=0

control "new short 1k 9c3ad15e" >/dev/null || exit 1
control "new long 1k 04a1b2c3d4e5f6" >/dev/null || exit 1
control "new large 4k 04b1b2c3" >/dev/null || exit 1
for card in short long large; do
	fill "$card"
done

tool nfc-list
check "nfc-list: an empty field shows nobody" printed "NFC device: .* opened"
check "nfc-list: no target is invented" bash -c "! grep -q UID '$folder/out'"
control "place short" >/dev/null
tool nfc-list
check "nfc-list: four-byte UID" printed "UID (NFCID1): 9c  3a  d1  5e"
check "nfc-list: SAK of a 1K" printed "SAK (SEL_RES): 08"
control "place short long" >/dev/null
tool nfc-list
check "nfc-list: two cards" printed "2 ISO14443A passive target(s) found"
check "nfc-list: seven-byte UID" printed "UID (NFCID1): 04  a1  b2  c3  d4  e5  f6"
control "phone" >/dev/null
tool nfc-list
check "nfc-list: random UID of a phone" printed "UID (NFCID3): 08"
check "nfc-list: ATS of a phone" printed "ATS: 78  80  70  02"

for card in short long; do
	control "place $card" >/dev/null
	cp "$cards/$card" "$folder/keys"
	rm -f "$folder/dump"
	tool nfc-mfclassic r A u "$folder/dump" "$folder/keys"
	check "nfc-mfclassic: says it read all 64 blocks ($card)" printed "64 of 64 blocks read"
	check "nfc-mfclassic: dump equals the card ($card)" cmp "$folder/dump" "$cards/$card"
done

for card in short large; do
	control "place $card" >/dev/null
	rm -f "$folder/dump"
	tool mfoc -O "$folder/dump"
	check "mfoc: dump equals the card ($card)" cmp "$folder/dump" "$cards/$card"
done

for card in short large; do
	control "place $card" >/dev/null
	tool mifare-classic-format -y
	check "mifare-classic-format: says done ($card)" printed "done"
	check "mifare-classic-format: every block is as it must be ($card)" is_formatted "$card"
done

# Two data blocks written by the foreign tool must have been logged as carried out.
check "command log: writes of the foreign tool are in it" grep -q " write 254 ok$" "$folder/log"

kill "$reader_pid"
wait "$reader_pid"
ended=$?
reader_pid=
check "reader: ends with success on SIGTERM" test "$ended" -eq 0
check "reader: takes its link and socket away" test ! -e "$folder/tty" -a ! -e "$folder/sock"

echo "foreign tools: $checks checks, $failures failures"
[ "$failures" -eq 0 ]
