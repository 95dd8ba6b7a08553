#!/usr/bin/env bash
# serve.bash PORT FOLDER VARIANT: installs the packages of VARIANT (express4 or express5) into
# FOLDER once, then serves on 127.0.0.1:PORT and prints `ready` when it listens.
set -euo pipefail
port=$1 home=$2 variant=$3
here=$(cd "$(dirname "$0")" && pwd)

if ! cmp -s "$here/$variant/package.json" "$home/package.json" || [ ! -d "$home/node_modules" ]; then
  rm -rf "$home/node_modules" "$home/package.json" "$home/package-lock.json"
  cp "$here/$variant/package.json" "$home/package.json"
  npm install --prefix "$home" --no-audit --no-fund --no-save --loglevel=error >&2
fi
cp "$here/server.mjs" "$home/server.mjs"
exec node "$home/server.mjs" "$port"
