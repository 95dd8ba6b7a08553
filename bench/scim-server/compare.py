"""Rollbook's SCIM server beside others: compare.py ROLLBOOK LOAD CACHE [--users N] [--seconds N] [--only NAME].

Each server gets the same users and the same group, then the same load from the same program over the
same number of connections, one kind of request after the other. Rollbook writes to disk, with one
sync for each commit; the others keep everything in memory. The others are started with their users in
place, because making them one by one would take some of them hours.
"""

import argparse
import contextlib
import json
import os
import random
import resource
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

import measure

CONNECTIONS = 64
MEMBERS = 50_000
PAGE, PAGE_SIZE = 500, 100
SAMPLE = 20_000
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
HERE = Path(__file__).parent
CONFIGURATION = """
[workspace]
name = "Bench"
time_zone = "UTC"

[[instance]]
name = "bench"
[instance.file]
path = "accounts.csv"
outbox = "outbox"
columns = { key = "id", login = "login", state = "state" }
"""


class Server:
    """A running server: where it is, what it accepts, and which ids it gave."""

    def __init__(self, name, process, port, path, token, ids, group):
        self.name, self.process, self.port, self.path, self.token = name, process, port, path, token
        self.ids, self.group = ids, group

    def cpu_seconds(self):
        """The processor time it has had, in its own code and in the kernel's for it."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mib(self):
        """How much memory it holds now."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024

    def rest(self, patience=180):
        """Waits until it has worked off what being filled left it with."""
        quiet, end = 0, time.monotonic() + patience
        while quiet < 3 and time.monotonic() < end:
            before = self.cpu_seconds()
            time.sleep(1)
            quiet = quiet + 1 if self.cpu_seconds() - before < 0.05 else 0

    def ask(self, method, path, body=None, patience=300):
        """One request outside the measurement."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/scim+json"}
        data = json.dumps(body).encode() if body else None
        url = f"http://127.0.0.1:{self.port}{self.path}{path}"
        with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=patience) as answer:
            return json.loads(answer.read() or b"null")


def user(name):
    return {"schemas": [USER], "userName": name, "displayName": "User " + name, "active": True,
            "emails": [{"value": name, "type": "work", "primary": True}]}


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextlib.contextmanager
def running(command, **options):
    """A process that has said that it is ready; ended at the end."""
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True, **options)
    try:
        while not (line := process.stdout.readline()).startswith(("ready", "Listening")):
            if not line:
                raise SystemExit(f"{command[0]} did not begin.")
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def rollbook(binary, users, members):
    """Ours, filled over its own interface."""
    with tempfile.TemporaryDirectory() as folder:
        book = Path(folder) / "book"
        measure.run(binary, "init", book)
        (book / "rollbook.toml").write_text(CONFIGURATION)
        token = json.loads(measure.run(binary, "token", "create", "bench", "--idp", "bench", "--profile", "strict", "--by", "Bench",
                                       "--workspace", book, "--json").output)["token"]
        port, log = free_port(), (book / "serve.log").open("w")
        with running([binary, "serve", "--workspace", book, "--listen", f"127.0.0.1:{port}"], stderr=log) as process:
            server = Server("rollbook", process, port, "/scim/bench/v2", token, [], None)
            began = time.perf_counter()
            for start in range(0, users, 1000):
                operations = [{"method": "POST", "path": "/Users", "bulkId": f"b{n}", "data": user(f"user{n}@example.com")}
                              for n in range(start, min(start + 1000, users))]
                answers = server.ask("POST", "/Bulk", {"schemas": [BULK], "Operations": operations})["Operations"]
                server.ids += [answer["location"].rsplit("/", 1)[1] for answer in answers]
            server.filled_in = time.perf_counter() - began
            server.group = server.ask("POST", "/Groups", {"schemas": [GROUP], "displayName": "All"})["id"]
            for start in range(0, members, 1000):
                value = [{"value": one} for one in server.ids[start:min(start + 1000, members)]]
                server.ask("PATCH", f"/Groups/{server.group}", {"schemas": [PATCH], "Operations": [{"op": "add", "path": "members", "value": value}]})
            yield server


@contextlib.contextmanager
def peer(name, path, command, users, members, **options):
    """Another one, which makes its users by itself."""
    port = free_port()
    with running([*command, port, users, members], **options) as process:
        yield Server(name, process, port, path, "peer-token", [f"u{n}" for n in range(users)], "g")


def scim2_server(cache):
    python = cache / "scim2-server" / "bin" / "python"
    if not python.exists():
        measure.run("python3", "-m", "venv", python.parent.parent)
        measure.run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "scim2-server[cursor]==0.8.3")
    return [python, HERE / "peers" / "scim2-server.py"]


def node(cache, name):
    home = cache / name
    home.mkdir(parents=True, exist_ok=True)
    for file in ("package.json", "server.mjs"):
        shutil.copy(HERE / "peers" / name / file, home / file)
    if not (home / "node_modules").exists():
        measure.run("npm", "install", "--prefix", home, "--no-audit", "--no-fund", "--loglevel=error", "--legacy-peer-deps")
    return ["node", "--max-old-space-size=8192", home / "server.mjs"]


def scenarios(server, users):
    """Every kind of request: its name, whether it writes, and what is sent."""
    dice = random.Random(7)
    sample = dice.sample(range(users), min(SAMPLE, users))
    ids = [server.ids[n] for n in sample]
    names = [f"user{n}@example.com" for n in sample]
    # The first pass takes them out, the next one puts them back.
    inside = dice.sample(server.ids[:MEMBERS], min(2_000, MEMBERS, users))
    active = lambda value: json.dumps({"schemas": [PATCH], "Operations": [{"op": "replace", "path": "active", "value": value}]})
    member = lambda op: json.dumps({"schemas": [PATCH], "Operations": [op]})
    new = json.dumps(user("new{n}@example.com"))
    group = f"/Groups/{server.group}"
    page = min(PAGE, users // PAGE_SIZE)
    start = (page - 1) * PAGE_SIZE + 1
    return [
        ("get", False, {"method": "GET", "path": "/Users/{id}", "ids": ids, "expect": [200]}),
        ("userName eq", False, {"method": "GET", "path": "/Users?filter=userName%20eq%20%22{id}%22", "ids": names, "expect": [200]}),
        (f"page {page} of {PAGE_SIZE} each", False, {"method": "GET", "path": f"/Users?startIndex={start}&count={PAGE_SIZE}", "expect": [200]}),
        ("create", True, {"method": "POST", "path": "/Users", "bodies": [new], "from": users, "expect": [201]}),
        ("PATCH active", True, {"method": "PATCH", "path": "/Users/{id}", "bodies": [active(False), active(True)], "ids": ids, "expect": [200, 204]}),
        (f"PATCH a member of {min(MEMBERS, users)}", True, {"method": "PATCH", "path": group, "ids": inside, "expect": [200, 204], "bodies": [
            member({"op": "remove", "path": 'members[value eq "{id}"]'}), member({"op": "add", "path": "members", "value": [{"value": "{id}"}]})]}),
    ]


def children_cpu_seconds():
    """The processor time of the load programs that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure_one(load, server, order, seconds, connections=CONNECTIONS):
    """What the load program says about one kind of request."""
    order = {**order, "address": f"127.0.0.1:{server.port}", "token": server.token, "connections": connections, "seconds": seconds,
             "path": server.path + order["path"]}
    load_before, server_before = children_cpu_seconds(), server.cpu_seconds()
    run = subprocess.run([load], input=json.dumps(order), capture_output=True, text=True, check=True)
    result = json.loads(run.stdout)
    requests = max(result["answered"], 1)
    result["server_us"] = (server.cpu_seconds() - server_before) * 1e6 / requests
    result["load_us"] = (children_cpu_seconds() - load_before) * 1e6 / requests
    if result["wrong"] > result["answered"] / 100:
        result["note"] = result["first_wrong"]
    return result


def is_free(server):
    """Whether it has done with what it was sent, within some seconds."""
    try:
        server.ask("GET", f"/Users/{server.ids[0]}", patience=5)
        return True
    except OSError:
        return False


class Stand:
    """A server that is begun again where it still works off what it was sent."""

    def __init__(self, start, load, seconds):
        self.start, self.load, self.seconds = start, load, seconds
        self.stack, self.server, self.memory = contextlib.ExitStack(), None, 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()

    def fresh(self):
        if self.server and not is_free(self.server):
            self.stack.close()
            self.server = None
        if not self.server:
            self.server = self.stack.enter_context(self.start())
            self.server.rest()
        return self.server

    def measure(self, order_of):
        result = measure_one(self.load, self.fresh(), order_of(self.server), self.seconds)
        self.memory = max(self.memory, self.server.memory_mib())
        if not result["answered"] and "note" not in result:
            # Nothing came in the time for all connections together: one alone, and more time.
            result = measure_one(self.load, self.fresh(), {**order_of(self.server), "requests": 3}, 60, connections=1)
        return result


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("rollbook"), arguments.add_argument("load"), arguments.add_argument("cache", type=Path)
    arguments.add_argument("--users", type=int, default=100_000)
    arguments.add_argument("--seconds", type=float, default=8)
    arguments.add_argument("--only")
    asked = arguments.parse_args()
    cache, users, members = asked.cache.resolve(), asked.users, min(MEMBERS, asked.users)
    print(measure.machine(), flush=True)
    starts = {
        "rollbook": lambda: rollbook(asked.rollbook, users, members),
        "scim2-server": lambda: peer("scim2-server", "/v2", scim2_server(cache), users, members),
        "scimmy-routers": lambda: peer("scimmy-routers", "", node(cache, "scimmy"), users, members),
        "@better-auth/scim": lambda: peer("@better-auth/scim", "/api/auth/scim/v2", node(cache, "better-auth"), users, members),
    }
    results, memory = {}, {}
    for name, start in starts.items():
        if asked.only and asked.only != name:
            continue
        with Stand(start, asked.load, asked.seconds) as stand:
            for at, (scenario, writes, _) in enumerate(scenarios(stand.fresh(), users)):
                result = stand.measure(lambda server: scenarios(server, users)[at][2])
                results.setdefault((scenario, writes), {})[name] = result
                said = f"{result['per_second']:.1f} a second, p99 {result['p99_ms']} ms, {result['server_us']:.0f} us of processor each, {result['load_us']:.0f} us for asking" + (f"  NOTE {result['note']}" if "note" in result else "")
                print(f"{name}: {scenario}: {said}", flush=True)
            memory[name] = stand.memory
    report(results, memory, users)


def report(results, memory, users):
    """The tables, with the best of the others as the measure."""
    names = list(memory)
    rows, costs = [], []
    for (scenario, writes), by_name in results.items():
        ours, others = by_name.get("rollbook"), [r["per_second"] for n, r in by_name.items() if n != "rollbook"]
        ratio = f"{ours['per_second'] / max(others):.1f}" if ours and others and max(others) else "-"
        cells = [f"{by_name[name]['per_second']:,.0f}" if by_name[name]["per_second"] >= 10 else f"{by_name[name]['per_second']:.2f}" for name in names]
        rows.append([scenario, *cells, f"{ratio} (aim {10 if writes else 20})", f"{ours['p99_ms']:.1f}" if ours and ours["p99_ms"] else "-"])
        # The clock of processor time has steps of 10 ms, so a few quick answers measure nothing.
        is_told = lambda result: result["answered"] and result["server_us"] * result["answered"] >= 1e5
        cells = [f"{by_name[name]['server_us']:,.0f}" if is_told(by_name[name]) else "-" for name in names]
        others = [r["server_us"] for n, r in by_name.items() if n != "rollbook" and is_told(r)]
        share = f"{min(others) / ours['server_us']:.1f}" if ours and is_told(ours) and others else "-"
        costs.append([scenario, *cells, share])
    print()
    measure.table([f"a second, {users:,} users, {CONNECTIONS} connections", *names, "rollbook to the best other", "rollbook p99 ms"], rows)
    print()
    measure.table(["processor us for each", *names, "the best other to rollbook"], costs)
    print()
    measure.table(["MiB held", *names], [[f"with {users:,} users", *[f"{memory[name]:.0f}" for name in names]]])


main()
