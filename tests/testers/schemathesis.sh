#!/usr/bin/env bash
# The PyPI package schemathesis, which asks an API whatever its document allows and does not, behind a
# small server: schemathesis.sh PORT FOLDER. Installs into FOLDER once, listens on 127.0.0.1:PORT, prints
# `ready`. Who posts {"url": URL, "token": TEXT, "seconds": NUMBER, "max_examples": NUMBER} there gets the
# exit code and what it said.
set -euo pipefail
port=$1 home=$2
here=$(cd "$(dirname "$0")" && pwd)
version=4.32.5

if [ ! -e "$home/installed-$version" ]; then
  python3 -m venv --clear "$home/venv" >&2
  "$home/venv/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version" >&2
  touch "$home/installed-$version"
fi
exec "$home/venv/bin/python" "$here/schemathesis.py" "$port" "$home/venv/bin/schemathesis"
