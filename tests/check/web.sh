#!/usr/bin/env bash
# Catalogues, icons and texts of the pages, without a browser.
set -euo pipefail
python3 tests/check/web.py
