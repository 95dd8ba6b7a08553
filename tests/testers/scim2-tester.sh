#!/usr/bin/env bash
# The PyPI package scim2-tester behind a small server: scim2-tester.sh PORT FOLDER. Installs into
# FOLDER once, listens on 127.0.0.1:PORT, prints `ready`. Who posts {"base": URL, "token": TEXT} there
# gets what the suite says about the SCIM server under that URL.
set -euo pipefail
port=$1 home=$2
here=$(cd "$(dirname "$0")" && pwd)
version=0.5.2

if [ ! -e "$home/installed-$version" ]; then
  python3 -m venv --clear "$home/venv" >&2
  "$home/venv/bin/pip" install --quiet --disable-pip-version-check "scim2-tester[httpx2]==$version" >&2
  touch "$home/installed-$version"
fi
exec "$home/venv/bin/python" "$here/scim2-tester.py" "$port"
