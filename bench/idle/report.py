"""Runs small commands many times and prints the middle time: report.py ROLLBOOK."""

import statistics
import sys
import tempfile
from pathlib import Path

import measure

AIM_MS, AIM_MB, TIMES = 30, 40, 30
WORKERS = "number,name,last_day\n" + "".join(f"E{at},Ana {at},{'2026-01-31' if at % 9 == 0 else ''}\n" for at in range(50))
ACCOUNTS = "id,login,number,state\n" + "".join(f"u{at},ana{at},E{at},active\n" for at in range(60))
CONFIGURATION = """
[[source]]
name = "hr"
path = "workers.csv"
columns = { number = "number", display = "name", ends = "last_day" }

[[instance]]
name = "crm"
[instance.file]
path = "accounts.csv"
columns = { key = "id", login = "login", worker_number = "number", state = "state" }
"""


def small_workspace(rollbook, folder):
    measure.run(rollbook, "init", folder)
    (folder / "workers.csv").write_text(WORKERS)
    (folder / "accounts.csv").write_text(ACCOUNTS)
    with (folder / "rollbook.toml").open("a") as config:
        config.write(CONFIGURATION)
    measure.run(rollbook, "sync", "--workspace", folder)


def middle_ms(*command):
    measure.run(*command)
    return statistics.median(measure.run(*command).seconds for _ in range(TIMES)) * 1000


def main(rollbook):
    print(measure.machine())
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder) / "small"
        small_workspace(rollbook, workspace)
        commands = {
            "rollbook --help": (rollbook, "--help"),
            "rollbook findings": (rollbook, "findings", "--workspace", workspace),
        }
        rows = []
        for name, command in commands.items():
            took = middle_ms(*command)
            rows.append([name, f"{took:.1f} ms", f"{took / AIM_MS:.2f} of the {AIM_MS} ms aimed at"])
    size = Path(rollbook).stat().st_size / 1e6
    rows.append(["the binary", f"{size:.1f} MB", f"{size / AIM_MB:.2f} of the {AIM_MB} MB aimed at"])
    measure.table(["idle", "", ""], rows)


main(sys.argv[1])
