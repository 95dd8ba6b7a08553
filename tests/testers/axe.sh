#!/usr/bin/env bash
# The npm package axe-core, which finds what keeps people out of a page: axe.sh PORT FOLDER. Installs
# into FOLDER once, listens on 127.0.0.1:PORT, prints `ready`. Whoever asks there gets its script, to be
# run in a page.
set -euo pipefail
port=$1 home=$2
here=$(cd "$(dirname "$0")" && pwd)
version=4.14.1

if [ ! -e "$home/installed-$version" ]; then
  npm install --prefix "$home" --no-audit --no-fund --no-save --loglevel=error "axe-core@$version" >&2
  touch "$home/installed-$version"
fi
exec python3 "$here/axe.py" "$port" "$home/node_modules/axe-core/axe.min.js"
