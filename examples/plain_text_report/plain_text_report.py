"""A report format: plain text, one paragraph a file, for a ticket or a mail."""

from __future__ import annotations

from typing import BinaryIO, ClassVar

from forensics.report.view import ReportView


class TextRenderer:
    """Writes UTF-8 with line feeds."""

    suffix: ClassVar[str] = ".txt"

    def render(self, view: ReportView, out: BinaryIO) -> None:
        """The verdict of every file, what it rests on, and its limits."""
        for file in view.by_attention:
            verdict = file.result.verdict
            lines = [
                # A file's name may hold anything, line feeds too.
                f"{file.path!r}: {verdict.label.value}",
                f"  {verdict.reason}",
                *(f"  Limit: {limit}" for limit in verdict.limits),
                f"  SHA-256: {file.result.media.sha256 or 'not computed'}",
            ]
            out.write(("\n".join(lines) + "\n\n").encode("utf-8", "backslashreplace"))
        out.write(f"Head of the case file: {view.chain_head or 'none'}\n".encode())
