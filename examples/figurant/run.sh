#!/usr/bin/env bash
# Runs the main job on an organisation: run.sh SET OUT
# SET is a folder with workers.csv, accounts-<system>.csv and their companions; OUT gets links.csv,
# persons.csv and findings.jsonl in the form that the organisations' scorer reads.
# ROLLBOOK names the binary; without it the release build of this checkout is made and used.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
set_dir=$(cd "${1:?usage: run.sh SET OUT}" && pwd)
mkdir -p "${2:?usage: run.sh SET OUT}" && out=$(cd "$2" && pwd)

if [ -z "${ROLLBOOK:-}" ]; then
  cargo build --quiet --release --manifest-path "$here/../../Cargo.toml" -p rollbook
  ROLLBOOK="$here/../../target/release/rollbook"
fi

workspace=$(mktemp -d) && trap 'rm -rf "$workspace"' EXIT
today=$(cat "$set_dir/reference_date")
"$ROLLBOOK" init "$workspace/book" >/dev/null
python3 "$here/settings.py" "$set_dir" > "$workspace/book/rollbook.toml"
rollbook() { "$ROLLBOOK" --workspace "$workspace/book" --today "$today" "$@"; }
rollbook sync >&2
rollbook identities --json > "$out/identities.jsonl"
rollbook links --json > "$out/links.jsonl"
rollbook findings --json > "$out/findings-all.jsonl"
python3 "$here/answer.py" "$out"
