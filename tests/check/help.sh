#!/usr/bin/env bash
# Every refusal has its help page in both languages, generated from err.def.
set -euo pipefail
python3 .make/help.py --verify
