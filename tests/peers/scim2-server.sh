#!/usr/bin/env bash
# The PyPI package scim2-server as a vendor: scim2-server.sh PORT FOLDER. Installs into FOLDER once,
# serves on 127.0.0.1:PORT, accepts the token `peer-token`, prints `ready` when it listens.
set -euo pipefail
port=$1 home=$2
version=0.8.3

if [ ! -e "$home/installed-$version" ]; then
  python3 -m venv --clear "$home/venv" >&2
  "$home/venv/bin/pip" install --quiet --disable-pip-version-check "scim2-server==$version" >&2
  touch "$home/installed-$version"
fi

# Says `ready` beside the server, which takes the place of this script.
(
  until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do kill -0 $$ || exit; sleep 0.1; done
  echo ready
) &
exec "$home/venv/bin/scim2-server" --hostname 127.0.0.1 --port "$port" --bearer-token peer-token
