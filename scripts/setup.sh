#!/usr/bin/env bash
# Installs what building needs and what is missing, and says so: setup.sh [demo | test]. With `demo`
# also the browser that drives pages, with `test` that and what the verifier, the other people's SCIM
# servers and the tests on Postgres need. Where nothing is missing it does
# nothing and prints nothing. Rust itself must be there.
set -euo pipefail

missing=()
need() { command -v "$1" >/dev/null 2>&1 || missing+=("$2"); }

need cc build-essential
if [ "${1:-}" = test ]; then
  need git git
  need python3 python3
  need node nodejs
  need npm npm
  # On Debian the module exists without this package and fails only when it is used.
  python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || missing+=(python3-venv)
  # Debian keeps the server's programs off the PATH. The tests start servers of their own.
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || need initdb postgresql
  need openssl openssl
fi
if [ -n "${1:-}" ]; then
  # A real browser drives the pages of apps without an API, and our own pages are tried in one.
  need chromium chromium
  need chromedriver chromium-driver
fi

if [ "${#missing[@]}" -gt 0 ]; then
  echo "setup: installing ${missing[*]}"
  if ! command -v apt-get >/dev/null 2>&1; then
    echo "setup: this machine has no apt-get. Install ${missing[*]} by hand and run again." >&2
    exit 1
  fi
  root=(); [ "$(id -u)" -eq 0 ] || root=(sudo)
  "${root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -qq -y --no-install-recommends "${missing[@]}"
fi

if ! command -v cargo >/dev/null 2>&1; then
  echo "setup: cargo is not on the PATH. Install Rust 1.95 or newer with rustup and run again." >&2
  exit 1
fi
[ "${1:-}" = test ] || exit 0
for component in rustfmt clippy; do
  if ! cargo "${component/rust/}" --version >/dev/null 2>&1; then
    echo "setup: installing the Rust component $component"
    rustup component add "$component"
  fi
done
