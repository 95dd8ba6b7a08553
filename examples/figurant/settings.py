#!/usr/bin/env python3
"""Writes the rollbook.toml for an organisation: settings.py SET > rollbook.toml

What an administrator would write by hand after a look at the files: which column is which field,
which kinds of worker a system is for, which e-mail domain is the employer's.
"""
import collections, csv, json, pathlib, sys

folder = pathlib.Path(sys.argv[1])
quoted = json.dumps  # a JSON string is a TOML basic string

def header(name):
    with open(folder / name, newline="", encoding="utf-8") as file:
        return next(csv.reader(file))

def rows(name):
    with open(folder / name, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))

def mapping(pairs, present):
    return [f"{ours} = {quoted(theirs)}" for ours, theirs in pairs if theirs in present]

files = sorted(folder.glob("accounts-*.csv"))
domains = collections.Counter(
    row["email"].rpartition("@")[2].lower() for file in files for row in rows(file.name) if row["email"])
employer = [domains.most_common(1)[0][0]] if domains else []
covers = {row["system"]: row["covers"].split("|") for row in rows("systems.csv")}

print("[workspace]", 'name = "Organisation"', 'time_zone = "UTC"',
      f"employer_domains = {json.dumps(employer)}", sep="\n")

print("", "[[source]]", 'name = "hr"', f"path = {quoted(str(folder / 'workers.csv'))}",
      'format.ends = "first_day_gone"', "[source.columns]", sep="\n")
print(*mapping([
    ("number", "worker"), ("kind", "kind"), ("starts", "start"), ("ends", "end"),
    ("given", "given_names"), ("initials", "initials"), ("used", "used_name"),
    ("prefix", "surname_prefix"), ("family", "family_name"), ("second_family", "second_surname"),
    ("partner", "partner_surname"), ("usage", "name_use"), ("family_in_use", "surname_in_use"),
    ("display", "display_name"), ("title_before", "title_prefix"), ("title_after", "title_suffix"),
    ("birth_date", "birth_date"), ("country", "country"), ("private_email", "private_email"),
    ("unit", "unit"), ("manager", "manager"), ("job_title", "job_title"), ("job_family", "job_family"),
    ("location", "location"), ("site", "site"), ("legal_entity", "legal_entity"),
    ("cost_centre", "cost_centre"), ("supplying_firm", "supplying_firm"),
], header("workers.csv")), sep="\n")
if (folder / "appointments.csv").exists():
    print("[source.appointments]", f"path = {quoted(str(folder / 'appointments.csv'))}",
          "[source.appointments.columns]", 'worker = "worker"', 'unit = "unit"', 'starts = "start"',
          'ends = "end"', 'confers = "confers"', sep="\n")

# Where the rights are hidden, the file has rows that name none; there is nothing to map then.
has_rights = any(row["resource"] for row in rows("assignments.csv"))
named = ["account", "account_name", "display_name", "email", "enabled", "created", "ended", "unit",
         "account_type", "resources"]
for file in files:
    system = file.stem.removeprefix("accounts-")
    present = header(file.name)
    print("", "[[instance]]", f"name = {quoted(system)}",
          f"covers = {json.dumps(covers.get(system, []))}", "[instance.file]",
          f"path = {quoted(str(file))}", 'format.ends = "first_day_gone"', "[instance.file.columns]",
          sep="\n")
    print(*mapping([
        ("key", "account"), ("login", "account_name"), ("display_name", "display_name"),
        ("email", "email"), ("state", "enabled"), ("created", "created"), ("ends", "ended"),
        ("unit", "unit"), ("type_hint", "account_type"),
    ], present), sep="\n")
    print("[instance.file.attributes]", *(f"{c} = {quoted(c)}" for c in present if c not in named), sep="\n")
    if not has_rights:
        continue
    print("[instance.file.grants]", f"path = {quoted(str(folder / 'assignments.csv'))}", "shared = true",
          "[instance.file.grants.columns]", 'account = "account"', 'entitlement = "resource"',
          'unit = "resource_unit"', 'starts = "start"', 'ends = "end"', 'via = "via"', sep="\n")

kinds = sorted({kind for list_ in covers.values() for kind in list_})
print("", "[[policy.birthright]]", 'instance = "*"', f"kinds = {json.dumps(kinds)}", sep="\n")
