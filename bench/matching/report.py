"""Runs the matcher on one core and prints what it took: report.py PROGRAM HUMANS ACCOUNTS."""

import json
import sys

import measure

AIM_S = 10

print(measure.machine())
run = measure.run(*sys.argv[1:4], one_core=True)
said = json.loads(run.output)
rows = [
    ["records to identities", said["resolve_s"], ""],
    ["accounts to identities", said["links_s"], f"{said['links_s'] / AIM_S:.2f} of the {AIM_S} s aimed at"],
    ["processor seconds, the made-up people included", f"{run.cpu_seconds:.1f}", ""],
    ["peak MiB, the made-up people included", f"{run.peak_mib:.0f}", ""],
    ["linked without asking", said["auto"], f"{said['auto_right'] / max(said['auto'], 1):.3%} right"],
    ["suggested", said["suggested"], ""],
    ["no candidate", said["none"], ""],
]
measure.table([f"{said['accounts']} accounts, {said['records']} records, one core", "", ""], rows)
