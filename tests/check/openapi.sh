#!/usr/bin/env bash
# webroot/openapi.json names the endpoints and errors of the tables. Debian's own Python has the package for schemas.
set -euo pipefail
PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 tests/check/openapi.py
