"""``forensics serve``: a page on this machine that takes uploads and shows their reports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from forensics.cli.scan_options import PageLanguage, Workers
from forensics.errors import SettingsError
from forensics.languages import chosen

_BYTES_PER_MB = 10**6


def serve(
    folder: Annotated[
        Path | None,
        typer.Option(
            "--folder", metavar="FOLDER", help="Where cases are kept.", show_default="in your data folder"
        ),
    ] = None,
    port: Annotated[int, typer.Option("--port", metavar="N", min=0, max=65535, help="0 for a free one.")] = 0,
    limit_mb: Annotated[
        float, typer.Option("--limit", metavar="MB", help="The largest upload, in megabytes.")
    ] = 4_000.0,
    workers: Workers = None,
    language: PageLanguage = None,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Address to listen on.")
    ] = "127.0.0.1",
    names: Annotated[
        list[str] | None,
        typer.Option("--name", metavar="NAME", help="Name by which browsers reach it. Repeatable."),
    ] = None,
    reachable: Annotated[
        bool,
        typer.Option(
            "--reachable-by-others", help="Needed where --host lets other machines in. Nothing is encrypted."
        ),
    ] = False,
) -> None:
    """Open a page on this machine: drop files, watch them being examined, read the reports."""
    try:
        from forensics.web import server
        from forensics.web.desk import default_folder
    except ImportError as error:
        raise SettingsError(
            f"The packages of the page are not installed ({error})", "Run: pip install 'forensics[web]'"
        ) from error

    settings = server.ServerSettings(
        folder=folder or default_folder(),
        host=host,
        port=port,
        names=tuple(names or ()),
        limit_bytes=int(limit_mb * _BYTES_PER_MB),
        workers=workers,
        reachable=reachable,
        language=chosen(language),
    )

    def tell(address: str) -> None:
        typer.echo(address)
        typer.echo(
            "Open this address in a browser; whoever has it can use the page. Ctrl-C ends it.", err=True
        )
        typer.echo(f"Cases are kept in {settings.folder}", err=True)

    server.serve(settings, tell)
