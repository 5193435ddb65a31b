#!/usr/bin/env bash
# The vendored libraries of the browser are byte for byte what make vendor wrote.
set -euo pipefail
python3 .make/vendor.py --verify
