"""Runs a command and says how long it took and how much memory it had at most."""

import os
import subprocess
import time
from dataclasses import dataclass


@dataclass
class Run:
    """One run of a command."""

    seconds: float
    cpu_seconds: float
    peak_mib: float
    output: str


def run(*command, one_core=False):
    """Runs `command` to its end; its output is kept. Fails as it fails."""
    began = time.perf_counter()
    pin = (lambda: os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})) if one_core else None
    child = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True, preexec_fn=pin)
    output = child.stdout.read()
    _, status, used = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"{command[0]} ended with {child.returncode}.")
    return Run(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, output)


def machine():
    """What the numbers were measured on, in a line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{len(os.sched_getaffinity(0))} processors, {memory:.0f} GiB of memory, load {os.getloadavg()[0]:.1f} before"


def table(headers, rows):
    """Prints a table that is also Markdown."""
    cells = [list(map(str, row)) for row in [headers, *rows]]
    widths = [max(len(row[at]) for row in cells) for at in range(len(headers))]
    cells.insert(1, ["-" * width for width in widths])
    for row in cells:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")
