#!/usr/bin/env bash
# A throwaway SCIM server in the foreground: run.sh PORT [PROFILE]. Once it listens it prints
# BASE_URL=… and TOKEN=…, the two values that an identity provider or a test suite is given.
# PROFILE is how the caller speaks SCIM (strict, entra, okta-oin, …); left out: auto.
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

# Beside the server, which takes the place of this script: says where it is, and cleans up after it.
(
  until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do kill -0 $$ || exit; sleep 0.1; done
  echo "BASE_URL=http://127.0.0.1:$port/scim/demo/v2"
  echo "TOKEN=$token"
  exec >/dev/null 2>&1
  while kill -0 $$; do sleep 1; done
  rm -rf "$workspace"
) &
exec "$ROLLBOOK" serve --listen "127.0.0.1:$port" --quiet >/dev/null
