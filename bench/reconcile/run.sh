#!/usr/bin/env bash
# Rollbook beside DuckDB on the same files with the same threads: run.sh [--small] [--rounds N].
# The made-up estate is written once into target/bench, or into $ROLLBOOK_BENCH_DIR (2 GB).
set -euo pipefail
cd "$(dirname "$0")/../.."
export PYTHONPATH=bench PYTHONDONTWRITEBYTECODE=1

records=1000000 instances=20 accounts=1000000 rounds=3
while [ $# -gt 0 ]; do
  case "$1" in
    --small) records=20000 accounts=20000 ;;
    --rounds) rounds="$2"; shift ;;
    *) echo "usage: bench/reconcile/run.sh [--small] [--rounds N]" >&2; exit 2 ;;
  esac
  shift
done

cache="${ROLLBOOK_BENCH_DIR:-target/bench}"
release="${CARGO_TARGET_DIR:-target}/release"
cargo build --quiet --release --locked --package rollbook --package rollbook-bench

# The name holds the generator's own digest, so that a changed generator makes new files.
made_by="$(cat bench/src/estate.rs bench/src/dice.rs | cksum | cut -d' ' -f1)"
estate="$cache/estate-$records-$instances-$accounts-$made_by"
if [ ! -d "$estate" ]; then
  echo "Writing the estate into $estate …"
  rm -rf "$estate.part"
  "$release/estate" "$estate.part" "$records" "$instances" "$accounts"
  mv "$estate.part" "$estate"
fi

python="$cache/venv/bin/python"
if ! "$python" -c 'import duckdb' 2>/dev/null; then
  echo "Installing DuckDB into $cache/venv …"
  python3 -m venv "$cache/venv"
  "$cache/venv/bin/pip" install --quiet --disable-pip-version-check duckdb
fi
exec "$python" bench/reconcile/compare.py "$release/rollbook" "$estate" "$rounds"
