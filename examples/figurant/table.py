#!/usr/bin/env python3
"""Prints scores as tables: table.py OUT SET...  (score.json of every variant lies in OUT/answers/SET.VARIANT)"""
import json, pathlib, sys

VARIANTS = ["full", "apps", "nodates", "nounit", "names"]
FINDINGS = ["leftover", "orphan", "shared", "missing_account", "assignment_outlives",
            "mover_accumulation", "duplicate_identity"]
out, sets = pathlib.Path(sys.argv[1]), sys.argv[2:]

def score(name, variant):
    return json.loads((out / "answers" / f"{name}.{variant}" / "score.json").read_text())

def percent(share):
    return "–" if share is None else f"{100 * share:.2f}"

print("| set | variant | accounts | auto precision | auto recall | wrong | top-1 |")
print("|---|---|---|---|---|---|---|")
for name in sets:
    for variant in VARIANTS:
        apps = score(name, variant)["links"]["apps"]
        wrong = sum(n for what, n in apps["auto"].items() if what not in ("correct", "unscored"))
        print(f"| {name} | {variant} | {apps['linkable']} | {percent(apps['precision'])} "
              f"| {percent(apps['recall'])} | {wrong} | {percent(apps['top1_of_linkable'])} |")
print()
print("| finding (full) |", " | ".join(f"{name} P / R" for name in sets), "|")
print("|---|" + "---|" * len(sets))
for kind in FINDINGS:
    cells = [score(name, "full")["findings"][kind] for name in sets]
    print(f"| {kind} |", " | ".join(f"{percent(c['precision'])} / {percent(c['recall'])}" for c in cells), "|")
