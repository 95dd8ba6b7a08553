#!/usr/bin/env bash
# Rollbook's SCIM server beside scim2-server, scimmy-routers and @better-auth/scim:
# run.sh [--small] [--users N] [--seconds N] [--only NAME]. The others are installed once into target/bench.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PYTHONPATH=bench PYTHONDONTWRITEBYTECODE=1
arguments=()
while [ $# -gt 0 ]; do
  case "$1" in
    --small) arguments+=(--users 5000 --seconds 2) ;;
    --rounds) shift ;;  # of other benchmarks; here every server runs once
    *) arguments+=("$1") ;;
  esac
  shift
done
release="${CARGO_TARGET_DIR:-target}/release"
cargo build --quiet --release --locked --package rollbook --package rollbook-bench
exec python3 bench/scim-server/compare.py "$release/rollbook" "$release/load" \
  "${ROLLBOOK_BENCH_DIR:-target/bench}/scim-server" ${arguments[@]+"${arguments[@]}"}
