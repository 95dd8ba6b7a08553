#!/usr/bin/env bash
# The console of a made-up company in the foreground: run.sh PORT. Once it listens it prints BASE_URL=…,
# one TOKEN_<ROLE>=… for each role, and LOGIN_URL=…, the link by which its owner signs in, once. PORT 0
# takes a free one. ROLLBOOK names the binary; without it the one of this checkout is made and used. The
# workspace is removed when the server ends.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
port=${1:?usage: run.sh PORT}

if [ -z "${ROLLBOOK:-}" ]; then
  root=$(cd "$here/../.." && pwd)
  cargo build --quiet --locked --profile quick --manifest-path "$root/Cargo.toml" --package rollbook >&2
  ROLLBOOK="${CARGO_TARGET_DIR:-$root/target}/quick/rollbook"
fi

workspace=$(mktemp -d)

# The server takes the place of this script. What it says goes to a shell beside it, which lives until
# the server's output ends, and then cleans up.
exec "$ROLLBOOK" demo --serve "127.0.0.1:$port" --dir "$workspace" > >(
  trap '' HUP INT TERM
  cat
  rm -rf "$workspace"
)
