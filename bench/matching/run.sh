#!/usr/bin/env bash
# Fuzzy matching of 100,000 accounts against 50,000 identities on one core: run.sh [HUMANS ACCOUNTS].
set -euo pipefail
cd "$(dirname "$0")/../.."
export PYTHONPATH=bench PYTHONDONTWRITEBYTECODE=1
cargo build --quiet --release --locked --package rollbook-bench
exec python3 bench/matching/report.py "${CARGO_TARGET_DIR:-target}/release/matching" "${1:-50000}" "${2:-100000}"
