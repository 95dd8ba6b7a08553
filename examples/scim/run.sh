#!/usr/bin/env bash
# A throwaway SCIM server in the foreground: run.sh PORT [PROFILE]. Once it listens it prints
# BASE_URL=… and TOKEN=…, the two values that an identity provider or a test suite is given. PORT 0
# takes a free one. PROFILE is how the caller speaks SCIM (strict, entra, okta-oin, …); left out: auto.
# ROLLBOOK names the binary; without it the one of this checkout is made and used. The workspace is
# removed when the server ends.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
port=${1:?usage: run.sh PORT [PROFILE]} profile=${2:-auto}

if [ -z "${ROLLBOOK:-}" ]; then
  root=$(cd "$here/../.." && pwd)
  cargo build --quiet --locked --profile quick --manifest-path "$root/Cargo.toml" --package rollbook >&2
  ROLLBOOK="${CARGO_TARGET_DIR:-$root/target}/quick/rollbook"
fi

workspace=$(mktemp -d)
"$ROLLBOOK" init "$workspace/book" --name 'Throwaway Ltd' >/dev/null
cp "$here/rollbook.toml" "$workspace/book/rollbook.toml"
mkdir "$workspace/book/in" && printf 'id,login,email,state\n1,admin@example.com,admin@example.com,active\n' >"$workspace/book/in/demo.csv"
export ROLLBOOK_WORKSPACE="$workspace/book" ROLLBOOK_BY='Robin Vale'
token=$("$ROLLBOOK" token create demo --idp suite --profile "$profile" --json |
  sed -E 's/.*"token":"([^"]+)".*/\1/')

# The server takes the place of this script. What it says first, where it listens, goes to a shell
# beside it, which lives until the server's output ends, and then cleans up.
exec "$ROLLBOOK" serve --listen "127.0.0.1:$port" --quiet --json > >(
  trap '' HUP INT TERM
  if read -r said; then
    echo "BASE_URL=$(sed -E 's/.*"listening":"([^"]+)".*/\1/' <<<"$said")/scim/demo/v2"
    echo "TOKEN=$token"
  fi
  exec >/dev/null 2>&1
  cat
  rm -rf "$workspace"
)
