"""Runs scim2-tester against the SCIM server that it is told, once for each POST: PORT.

The answer is a JSON list of {"status", "title", "reason"}, one for each check.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx2
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import check_server


def check(base, token):
    """Every check of the suite, as it came out."""
    http = httpx2.Client(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=60)
    results = check_server(SyncSCIMClient(http))
    return [{"status": r.status.name, "title": r.title, "reason": str(r.reason or "")} for r in results]


class Suite(BaseHTTPRequestHandler):
    """One POST, one run."""

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = json.dumps(check(asked["base"], asked["token"])).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


server = HTTPServer(("127.0.0.1", int(sys.argv[1])), Suite)
print("ready", flush=True)
server.serve_forever()
