#!/usr/bin/env python3
"""Turns Rollbook's own output in OUT into the form that the organisations' scorer reads: answer.py OUT"""
import csv, json, pathlib, sys

out = pathlib.Path(sys.argv[1])

def lines(name):
    with open(out / name, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]

with open(out / "persons.csv", "w", newline="", encoding="utf-8") as file:
    writer = csv.writer(file)
    writer.writerow(["person", "worker"])
    writer.writerows([i["identity"], worker] for i in lines("identities.jsonl") for worker in i["workers"])

with open(out / "links.csv", "w", newline="", encoding="utf-8") as file:
    writer = csv.writer(file)
    writer.writerow(["account", "worker", "status", "score"])
    for link in lines("links.jsonl"):
        if link["state"] in ("auto", "confirmed"):
            writer.writerow([link["account"], link["identity"], "auto", link["score"]])
        elif link["state"] == "suggested":
            for candidate in link["candidates"]:
                writer.writerow([link["account"], candidate["identity"], "suggested", candidate["score"]])
        else:
            writer.writerow([link["account"], "", "none", ""])

KINDS = {"leftover": "leftover", "orphan": "orphan", "shared_account": "shared",
         "extra_grant": "mover_accumulation", "outlived_grant": "assignment_outlives",
         "missing": "missing_account", "duplicate_identity": "duplicate_identity",
         "duplicate_account": "duplicate_identity"}
with open(out / "findings.jsonl", "w", encoding="utf-8") as file:
    for finding in lines("findings-all.jsonl"):
        kind = KINDS.get(finding["kind"])
        if kind is None:
            continue
        answer = {"kind": kind}
        if kind == "missing_account":
            answer["worker"] = finding["worker"]
        elif finding.get("workers"):
            answer["workers"] = finding["workers"]
        elif finding.get("accounts"):
            answer["accounts"] = finding["accounts"]
        else:
            answer["account"] = finding["account"]
        file.write(json.dumps(answer) + "\n")
