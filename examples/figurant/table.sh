#!/usr/bin/env bash
# Makes organisations with an answer key, runs the main job on each and prints the table of docs/matching.md:
# table.sh FIGURANT OUT [SET...]   FIGURANT is the folder with make.sh and score.py; OUT keeps everything made.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
figurant=$(cd "${1:?usage: table.sh FIGURANT OUT [SET...]}" && pwd)
mkdir -p "${2:?usage: table.sh FIGURANT OUT [SET...]}" && out=$(cd "$2" && pwd)
shift 2
sets=("$@"); [ $# -gt 0 ] || sets=(campus1000 campus10000 devhard)
bash "$figurant/make.sh" "$out" "${sets[@]}" >&2
mkdir -p "$out/answers"
for set in "${sets[@]}"; do
  for variant in full apps nodates nounit names; do
    answer="$out/answers/$set.$variant"
    "$here/run.sh" "$out/$set.$variant" "$answer" 2> "$answer.log" || { cat "$answer.log" >&2; exit 1; }
    "$out/venv/bin/python" "$figurant/score.py" "$out/$set.$variant" "$answer" \
      --json "$answer/score.json" --wrong "$answer/wrong.csv" >&2
  done
done
python3 "$here/table.py" "$out" "${sets[@]}"
