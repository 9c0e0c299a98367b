"""A web page that scans one upload, over the public API: ``python one_upload.py`` prints its address.

An example, not a service: this machine alone can reach it, and it takes one upload at a time.
"""

from __future__ import annotations

import secrets
import sys
import tempfile
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import forensics

MOST_BYTES = 500_000_000
PAGE = b"""<!doctype html><meta charset="utf-8"><title>Scan a file</title>
<h1>Scan a file</h1><input type="file" id="file"><p id="said"></p>
<script>
const said = document.getElementById("said");
document.getElementById("file").onchange = async (event) => {
  said.textContent = "Examining...";
  const answer = await fetch(location.pathname, {method: "PUT", body: event.target.files[0]});
  if (answer.ok) { document.open(); document.write(await answer.text()); document.close(); }
  else { said.textContent = await answer.text(); }
};
</script>"""


class Page(BaseHTTPRequestHandler):
    """The page at GET, the report at PUT."""

    server: UploadServer

    def do_GET(self) -> None:
        """The form."""
        self._answer(HTTPStatus.OK if self._known() else HTTPStatus.NOT_FOUND, PAGE if self._known() else b"")

    def do_PUT(self) -> None:
        """Stores the upload under a name of ours, scans it, and answers with the report."""
        length = self.headers.get("Content-Length", "")
        if not self._known():
            self._answer(HTTPStatus.NOT_FOUND, b"")
        elif not length.isdecimal() or int(length) > MOST_BYTES:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b"The file is too large for this page.")
        else:
            try:
                self._answer(HTTPStatus.OK, self._report(int(length)))
            except forensics.ForensicsError as error:
                self._answer(HTTPStatus.UNPROCESSABLE_ENTITY, f"{error.message}. {error.hint}".encode())

    def _known(self) -> bool:
        # A token in the address, and the host as we gave it: other pages in the browser know neither.
        host = f"127.0.0.1:{self.server.server_port}"
        return self.path == f"/{self.server.token}" and self.headers.get("Host") == host

    def _report(self, n_bytes: int) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            upload, report = Path(folder) / "upload", Path(folder) / "report.html"
            with upload.open("wb") as file:
                while n_bytes > 0 and (piece := self.rfile.read(min(n_bytes, 1 << 20))):
                    file.write(piece)
                    n_bytes -= len(piece)
            forensics.write_report(self.server.scanner.scan([upload]), report)
            return report.read_bytes()

    def _answer(self, status: HTTPStatus, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class UploadServer(HTTPServer):
    """Listens on this machine alone."""

    def __init__(self, scanner: forensics.Scanner, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Page)
        self.scanner = scanner
        self.token = secrets.token_urlsafe(16)


if __name__ == "__main__":
    with forensics.Scanner() as loaded, UploadServer(loaded) as server:
        sys.stdout.write(f"http://127.0.0.1:{server.server_port}/{server.token}\n")
        server.serve_forever()
