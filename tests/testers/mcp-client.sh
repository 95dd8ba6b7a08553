#!/usr/bin/env bash
# The PyPI package mcp, a client of the Model Context Protocol, behind a small server: mcp-client.sh
# PORT FOLDER. Installs into FOLDER once, listens on 127.0.0.1:PORT, prints `ready`. Who posts there what
# to connect to and what to call gets what the client saw; see mcp-client.py.
set -euo pipefail
port=$1 home=$2
here=$(cd "$(dirname "$0")" && pwd)
version=2.3.0

if [ ! -e "$home/installed-$version" ]; then
  python3 -m venv --clear "$home/venv" >&2
  "$home/venv/bin/pip" install --quiet --disable-pip-version-check "mcp==$version" >&2
  touch "$home/installed-$version"
fi
exec "$home/venv/bin/python" "$here/mcp-client.py" "$port"
