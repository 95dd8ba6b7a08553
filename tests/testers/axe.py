"""Answers every request with one file: PORT FILE."""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

script = Path(sys.argv[2]).read_bytes()


class Script(BaseHTTPRequestHandler):
    """One request, one answer."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript; charset=utf-8")
        self.send_header("Content-Length", str(len(script)))
        self.end_headers()
        self.wfile.write(script)

    def log_message(self, format, *arguments):
        """Nothing is worth a line."""


server = HTTPServer(("127.0.0.1", int(sys.argv[1])), Script)
print("ready", flush=True)
server.serve_forever()
