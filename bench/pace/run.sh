#!/usr/bin/env bash
# How much of a hidden limit is used, on simulated time and once over HTTP; and long lists page by page.
set -euo pipefail
cd "$(dirname "$0")/../.."
pace() { cargo run --quiet --locked --profile quick --package rollbook-engine --example pace -- "$@"; }
pace limits
pace http
for pages in 200 2000; do
    pace list "$pages" kept
    pace list "$pages" skipped
done
