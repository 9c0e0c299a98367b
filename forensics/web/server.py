"""The server: puts the parts together and listens, on this machine alone unless told otherwise."""

from __future__ import annotations

import contextlib
import gc
import ipaddress
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

import uvicorn
from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from forensics.errors import ForensicsError, SettingsError
from forensics.languages import ENGLISH
from forensics.web.desk import Desk
from forensics.web.examiner import Examiner
from forensics.web.guard import Guard
from forensics.web.news import News
from forensics.web.routes import Routes, refused
from forensics.web.shown import ShownCases

LOCAL: Final = "127.0.0.1"
DEFAULT_LIMIT_BYTES: Final = 4 * 10**9
# Uploads that are still coming in are cut off after that.
_SECONDS_TO_CLOSE: Final = 3


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Settings of ``forensics serve``.

    Attributes:
        folder: holds the cases.
        host: address to listen on.
        port: 0 for a free one.
        names: under which browsers reach it, beside its address.
        limit_bytes: of one upload.
        workers: processes; None for one per core.
        reachable: others on the network may reach it, as ``host`` says.
        language: of the page and of reports.
    """

    folder: Path
    host: str = LOCAL
    port: int = 0
    names: tuple[str, ...] = ()
    limit_bytes: int = DEFAULT_LIMIT_BYTES
    workers: int | None = None
    reachable: bool = False
    language: str = ENGLISH

    def __post_init__(self) -> None:
        if self.limit_bytes < 1:
            raise SettingsError("--limit is below one byte", "Give megabytes, for example --limit 4000.")
        try:
            address = ipaddress.ip_address(self.host)
        except ValueError as error:
            raise SettingsError(
                f"--host {self.host} is not an address", "Give one of this machine's, for example 192.0.2.7."
            ) from error
        if not address.is_loopback and not self.reachable:
            raise SettingsError(
                f"--host {self.host} lets others on the network reach the cases",
                "If that is meant, say so with --reachable-by-others; the connection is not encrypted.",
            )
        if address.is_unspecified and not self.names:
            raise SettingsError(
                f"--host {self.host} stands for every address, so the server cannot know its own name",
                "Give the names that browsers use, for example --name lab.example.",
            )


def create_app(
    desk: Desk,
    token: str,
    hosts: Sequence[str],
    *,
    limit_bytes: int = DEFAULT_LIMIT_BYTES,
    workers: int | None = None,
    language: str = ENGLISH,
    news: News | None = None,
) -> Guard:
    """The application, for any ASGI server.

    Args:
        token: first part of every path.
        hosts: values of the header ``Host`` that are accepted, with the port.
        limit_bytes: of one upload.
        workers: processes; None for one per core.
        language: of the page and of reports.
        news: for whoever has to end the open pages' streams before the application ends.
    """
    news = news or News()
    shown = ShownCases(token, language)
    examiner = Examiner(desk, news, shown, workers, language)

    @contextlib.asynccontextmanager
    async def life(_app: Starlette) -> AsyncIterator[None]:
        news.open()
        await to_thread.run_sync(examiner.start)  # the first thread costs imports, which no request waits for
        try:
            yield
        finally:
            news.end()
            examiner.close()

    routes = Routes(desk, examiner, news, shown, limit_bytes, language)
    handlers = {ForensicsError: refused, HTTPException: refused, OSError: refused}
    return Guard(Starlette(routes=routes.table(), exception_handlers=handlers, lifespan=life), token, hosts)


def serve(settings: ServerSettings, tell: Callable[[str], object]) -> None:
    """Listens until SIGINT or SIGTERM.

    Args:
        tell: takes the address once the server can be reached.

    Raises:
        SettingsError: the address or the folder cannot be used.
    """
    token = secrets.token_urlsafe(24)
    news = News()
    with Desk(settings.folder) as desk, _listening(settings) as listener:
        port = listener.getsockname()[1]
        shown = f"[{settings.host}]" if ":" in settings.host else settings.host
        names = [shown, *settings.names]
        if ipaddress.ip_address(settings.host).is_loopback:
            names.append("localhost")
        app = create_app(
            desk,
            token,
            [f"{name}:{port}" for name in names],
            limit_bytes=settings.limit_bytes,
            workers=settings.workers,
            language=settings.language,
            news=news,
        )
        config = uvicorn.Config(
            app,
            http="h11",
            ws="none",
            loop="asyncio",
            lifespan="on",
            access_log=False,  # the token is in every path
            log_level="warning",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_SECONDS_TO_CLOSE,
        )
        tell(f"http://{settings.names[0] if settings.names else shown}:{port}/{token}/")
        # What stands now stands until the end: no answer waits while garbage is looked for in it.
        gc.collect()
        gc.freeze()
        with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C is how it ends
            _Server(config, news).run([listener])


class _Server(uvicorn.Server):
    """Ends the open pages' streams of events first: they would never end by themselves."""

    def __init__(self, config: uvicorn.Config, news: News) -> None:
        super().__init__(config)
        self._news = news

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """On SIGINT and SIGTERM."""
        self._news.end()
        super().handle_exit(sig, frame)


def _listening(settings: ServerSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family)
    except (OSError, OverflowError) as error:
        raise SettingsError(
            f"Nothing can listen on {settings.host} port {settings.port}: {error}",
            "Give another --port, or none for a free one.",
        ) from error
