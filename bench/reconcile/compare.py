"""Runs both in turn, checks that they count the same, prints a table: compare.py ROLLBOOK FOLDER ROUNDS."""

import json
import statistics
import sys
from pathlib import Path

import measure

THREADS = "2"
TODAY = "2026-11-21"
FIELDS = ("accounts", "open", "linked", "leftover", "orphan", "ambiguous_owner")


def counts(output):
    """The counts by instance and by right."""
    found = {}
    for line in map(json.loads, output.splitlines()):
        if "instance" in line:
            if line.get("complete", True) is not True or "accounts" not in line:
                raise SystemExit(f"An instance was not read wholly: {line}")
            found[line["instance"]] = tuple(line[field] for field in FIELDS)
        elif "right" in line:
            found["missing", line["right"]] = line["missing"]
    return found


def compare(rollbook, folder, rounds):
    scan = (rollbook, "scan", "--json", "--threads", THREADS, "--today", TODAY, "--workspace", folder)
    other = (sys.executable, Path(__file__).with_name("alternative.py"), folder, TODAY, THREADS)
    print(measure.machine())
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(measure.run(*scan))
        theirs.append(measure.run(*other))
        mine, yours = counts(ours[-1].output), counts(theirs[-1].output)
        if mine != yours:
            for key in mine:
                if mine[key] != yours.get(key):
                    print(f"{key}: rollbook {mine[key]}, DuckDB {yours.get(key)}", file=sys.stderr)
            raise SystemExit("The two do not count the same.")
        # The start of the interpreter is not DuckDB's fault.
        theirs[-1].seconds = json.loads(theirs[-1].output.splitlines()[-1])["seconds"]
    total = [sum(one[at] for one in mine.values() if isinstance(one, tuple)) for at in range(len(FIELDS))]
    missing = sum(one for one in mine.values() if isinstance(one, int))
    print(f"Both say: {dict(zip(FIELDS, total))}, missing {missing}")
    report(ours, theirs)


def report(ours, theirs):
    def middle(runs, of):
        return statistics.median(getattr(run, of) for run in runs)

    rows = []
    for name, runs in (("rollbook scan", ours), ("DuckDB", theirs)):
        seconds = ", ".join(f"{run.seconds:.1f}" for run in runs)
        peak = max(run.peak_mib for run in runs)
        rows.append([name, f"{middle(runs, 'seconds'):.1f}", seconds, f"{middle(runs, 'cpu_seconds'):.1f}", f"{peak:.0f}"])
    ratio = middle(ours, "seconds") / middle(theirs, "seconds")
    cpu = middle(ours, "cpu_seconds") / middle(theirs, "cpu_seconds")
    peak = max(run.peak_mib for run in ours) / max(run.peak_mib for run in theirs)
    rows.append(["ratio (aim: at most 1)", f"{ratio:.2f}", "", f"{cpu:.2f}", f"{peak:.2f}"])
    measure.table(["reconcile", "seconds", "each round", "processor seconds", "peak MiB (aim: 4096)"], rows)


compare(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
