#!/usr/bin/env bash
# How soon a command answers that has hardly anything to do, and how large the binary is.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PYTHONPATH=bench PYTHONDONTWRITEBYTECODE=1
cargo build --quiet --release --locked --package rollbook
exec python3 bench/idle/report.py "${CARGO_TARGET_DIR:-target}/release/rollbook"
