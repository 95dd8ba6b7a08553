#!/usr/bin/env python3
"""Checks an evidence pack offline, made from docs/evidence.md alone. Exit 0: whole; 1: broken."""
import argparse, hashlib, itertools, json, os, re, sys
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, ROOT, ZERO = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P), (0, 1, 1, 0)
FIELDS = {"events.jsonl": "seq at kind actor on_behalf_of subject concerns body_digest prev digest",
          "bodies.jsonl": "seq salt content", "checkpoints.jsonl": "chain_id size head at signature",
          "manifest.json": "format chain_id size head as_of software made_by about erased withheld population files"}
NUMBERS, LISTS = "seq size format erased withheld".split(), ("concerns", "about")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?Z", re.ASCII)
def need(holds, file, record, what):
    if not holds: sys.exit(f"BROKEN: {file} record {record}: {what}" if record else f"BROKEN: {file}: {what}")
def enc(value): return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
def sha(raw): return hashlib.sha256(raw).hexdigest()
def text(domain, value, drop): return domain + b"\n" + enc({k: v for k, v in value.items() if k != drop})
def add(a, b):  # points in extended coordinates, RFC 8032 section 5.1.4
    e, f = (a[1]-a[0]) * (b[1]-b[0]) % P, (a[1]+a[0]) * (b[1]+b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    return (f-e) * (h-g) % P, (h+g) * (f+e) % P, (h-g) * (h+g) % P, (f-e) * (f+e) % P
def mul(n, p): return add(mul(n >> 1, add(p, p)), p if n & 1 else ZERO) if n else ZERO
def point(raw):  # raises StopIteration where there is none
    y, odd = int.from_bytes(raw, "little") % 2**255 % P, raw[31] >> 7
    xx = (y*y - 1) * pow(D*y*y + 1, -1, P) % P
    x = next(x for r in (1, ROOT) if (x := pow(xx, (P + 3) // 8, P) * r % P) * x % P == xx)
    return (x := P - x if x % 2 != odd else x), y, 1, x * y % P
def is_signed(key, signature, message):  # strict: one form only, no point of small order
    if not re.fullmatch("[0-9a-f]{128}", signature): return False
    raw, base = bytes.fromhex(signature), point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    k = int.from_bytes(hashlib.sha512(raw[:32] + key + message).digest(), "little") % L
    try: (ax, ay, _, _), s = point(key), int.from_bytes(raw[32:], "little")
    except StopIteration: return False
    x, y, z, _ = add(mul(s, base), mul(k, (P - ax, ay, 1, (P - ax) * ay % P)))
    x, y = x * pow(z, -1, P) % P, y * pow(z, -1, P) % P
    small = [p for p in ((ax, ay), (x, y)) if mul(8, (*p, 1, p[0] * p[1] % P))[0] == 0]
    return s < L and not small and (y | (x & 1) << 255).to_bytes(32, "little") == raw[:32]
def read(path): return need(os.path.isfile(path), os.path.basename(path), 0, "missing") or open(path, "rb").read()
def lines(raw): return raw.removesuffix(b"\n").split(b"\n") if raw else []
def whole(number): return int(number if -2**63 <= int(number) < 2**64 else "beyond 64 bits")
def rows(path, kind):
    name, raw, out = os.path.basename(path), read(path), []
    for at, line in enumerate(lines(raw), 1):
        try:
            row = json.loads(line.decode(), parse_int=whole, parse_float=int, parse_constant=int)
            good = enc(row) == line and set(row) == set(FIELDS[kind].split()) and all(
                type(v) is int and v >= 0 if k in NUMBERS else v == sorted(map(str, {*v})) if k in LISTS else
                k in ("content", "population", "files") or type(v) is str and (
                    k not in ("at", "as_of") or TIME.fullmatch(v)) for k, v in row.items())
        except (ValueError, RecursionError, AttributeError, TypeError): good = False
        need(good, name, kind != "manifest.json" and at, "not a record in the canonical form"); out.append(row)
    need(raw[-1:] in (b"\n", b""), name, kind != "manifest.json" and len(out), "the file is cut")
    return out
def verify(folder, outside, trusted):
    inside = lambda name: os.path.join(folder, name)
    key = read(inside("public_key")).strip()
    need(not trusted or read(trusted).strip() == key, "public_key", 0, "not the trusted key")
    need(re.fullmatch(b"[0-9a-f]{64}", key), "public_key", 0, "not an Ed25519 public key in hex")
    key, found = bytes.fromhex(key.decode()), rows(inside("manifest.json"), "manifest.json")
    signature, signed = read(inside("manifest.sig")).strip().decode("latin-1"), dict(*found[:1])
    good = len(found) == 1 and is_signed(key, signature, text(b"rollbook.manifest.v1", signed, ""))
    need(good and signed["format"] == 1, "manifest.json", 0, "not what the key signed, or not format 1")
    events, bodies, held = (rows(inside(name), name) for name in [*FIELDS][:3])
    later = lambda c: c["at"][:-1].split(".") > signed["as_of"][:-1].split(".") and c["size"] > len(events)
    kept = enumerate(rows(outside, "checkpoints.jsonl") if outside else [], 1)
    marks = [(os.path.basename(outside), at, mark) for at, mark in kept if not later(mark)]
    marks += [("checkpoints.jsonl", at, mark) for at, mark in enumerate(held, 1)]
    heads, absent = [events[0]["prev"] if events else signed["chain_id"]], []
    about, erased = {*signed["about"]}, {e["subject"]: e["seq"] for e in events if e["kind"] == "erased"}
    for at, event in enumerate(events, 1):
        body = bodies[at - 1] if at <= len(bodies) else {"seq": 0, "salt": "", "content": None}
        need(event["seq"] == at, "events.jsonl", at, f"event {event['seq']} stands in its place")
        need(sha(text(b"rollbook.event.v1", event, "digest")) == event["digest"], "events.jsonl", at, "edited")
        need(event["prev"] == heads[-1], "events.jsonl", at, "not bound to the record before it")
        need(body["seq"] == at, "bodies.jsonl", at, "missing, or another event's")
        why, told, kept = body["content"] is None and body["salt"], event["concerns"], event["body_digest"]
        ours = not about or about & {event["subject"], event["on_behalf_of"], *told}
        may = {"erased": all(erased.get(one, 0) > at for one in told), "withheld": not ours}
        need(why not in may or told and may[why], "bodies.jsonl", at, f"{why}, and its event forbids it")
        need(why in may or sha(text(b"rollbook.body.v1", body, "seq")) == kept, "bodies.jsonl", at, "edited")
        heads.append(event["digest"]); absent.append(why)
    need(len(bodies) <= len(events), "bodies.jsonl", len(heads), "belongs to no event")
    for file, at, mark in [*marks, ("manifest.json", 0, signed)]:
        good = not at or is_signed(key, mark["signature"], text(b"rollbook.checkpoint.v1", mark, "signature"))
        need(good, file, at, "not what the key signed")
        need(mark["chain_id"] == heads[0], file, at, "signed for another chain")
        need(mark["size"] < len(heads), "events.jsonl", len(heads), "missing: more was signed")
        need(heads[mark["size"]] == mark["head"], "events.jsonl", mark["size"], "made anew: signed otherwise")
    need(signed["size"] == len(events), "events.jsonl", signed["size"] + 1, "added: fewer were signed")
    for entry in signed["files"]:
        name, raw, marks_of = entry["name"], read(inside(os.path.basename(entry["name"]))), entry["lines"]
        pairs = itertools.zip_longest((sha(line)[:8] for line in lines(raw)), re.findall(".{8}", marks_of))
        odd = marks_of and next((at for at, (now, then) in enumerate(pairs, 1) if now != then), 0)
        need(sha(raw) == entry["sha256"], name, odd, "not as signed")
        need(not name.endswith(".jsonl") or len(lines(raw)) == entry["rows"], name, 0, "not as many rows")
    shown, told = {entry["sha256"] for entry in signed["files"]}, zip(events, bodies)
    for at, content in ((event["seq"], body["content"]) for event, body in told if event["kind"] == "change_answered"):
        named = {one["digest"] for one in (content or {}).get("exhibits", [])}
        need(named <= shown, "bodies.jsonl", at, "names a picture that is not in the pack")
    names = {"manifest.json", "manifest.sig", "public_key", *(entry["name"] for entry in signed["files"])}
    for name in sorted(names ^ {*os.listdir(folder)}): need(False, name, 0, "not in the manifest; take it out")
    for why in ("erased", "withheld"): need(absent.count(why) == signed[why], "bodies.jsonl", 0, f"not so many {why}")
    return f"{len(events)} events as of {signed['as_of']}, {len(marks)} checkpoints"
parser = argparse.ArgumentParser(description=__doc__)
for option in ("folder", "--outside", "--key"): parser.add_argument(option)
print("WHOLE:", verify(*vars(parser.parse_args()).values()))
