#!/usr/bin/env bash
# The same flow in an admin console by Rollbook and by a script for Playwright; ten instances at once.
set -euo pipefail
cd "$(dirname "$0")/../.."
work="${ROLLBOOK_BENCH_DIR:-target/bench}/browser"
mkdir -p "$work"
npm install --silent --no-audit --no-fund --prefix "$work" playwright-core@1.65.1 >/dev/null
cp bench/browser/flow.mjs "$work/"
# The browsers do nearly all of the work, so a build that takes long gains nothing.
profile="${PROFILE:-quick}"
cargo build --quiet --profile "$profile" --locked --package rollbook-bench --bin browser
program="${CARGO_TARGET_DIR:-target}/${profile/#dev/debug}/browser"
"$program" flow "$work/flow.mjs" "${ROUNDS:-5}"
"$program" beside "${INSTANCES:-10}"
