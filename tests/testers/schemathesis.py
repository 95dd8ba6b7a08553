"""Runs schemathesis as it is told, once for each POST: PORT PROGRAM."""

import json
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

PROGRAM = sys.argv[2]
CHECKS = ",".join(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    ]
)


def run(asked):
    """One suite; what it found, and what it said."""
    command = [PROGRAM, "run", asked["url"], "--header", f"Authorization: Bearer {asked['token']}"]
    command += ["--checks", CHECKS, "--max-examples", str(asked["max_examples"])]
    command += ["--phases", asked["phases"], "--seed", "1", "--no-color"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=asked["seconds"])
    return {"code": done.returncode, "said": done.stdout + done.stderr}


class Suite(BaseHTTPRequestHandler):
    """One POST, one run."""

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = json.dumps(run(asked)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


server = HTTPServer(("127.0.0.1", int(sys.argv[1])), Suite)
print("ready", flush=True)
server.serve_forever()
