"""News: what happens at the desk, told to every open page as server-sent events."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec

# A page that reads nothing for so many messages has gone to sleep; on waking it asks for everything anew.
_MOST_UNREAD: Final = 1_000
_SECONDS_BETWEEN_BEATS: Final = 15.0


class News:
    """Spreads messages from any thread to the readers, which live in one event loop."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._readers: set[asyncio.Queue[bytes | None]] = set()

    def open(self) -> None:
        """Binds the readers to the running loop."""
        self._loop = asyncio.get_running_loop()

    def end(self) -> None:
        """Ends all readers, from any thread."""
        loop, self._loop = self._loop, None
        if loop is not None:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._end)

    def _end(self) -> None:
        for reader in self._readers:
            reader.put_nowait(None)

    def tell(self, kind: str, content: Any) -> None:
        """Spreads a message; from any thread, and without waiting.

        Args:
            kind: name of the event.
            content: what msgspec writes as JSON.
        """
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has been closed in between
                loop.call_soon_threadsafe(self._spread, message(kind, content))

    async def read(self, first: bytes) -> AsyncIterator[bytes]:
        """Messages as they come, for one reader, and a sign of life where nothing happens.

        Args:
            first: the message that it starts with.
        """
        mine: asyncio.Queue[bytes | None] = asyncio.Queue(_MOST_UNREAD + 1)
        self._readers.add(mine)
        try:
            yield first
            while True:
                try:
                    told = await asyncio.wait_for(mine.get(), _SECONDS_BETWEEN_BEATS)
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                if told is None:
                    return
                yield told
        finally:
            self._readers.discard(mine)

    def _spread(self, told: bytes) -> None:
        for reader in list(self._readers):
            if reader.qsize() >= _MOST_UNREAD:
                self._readers.discard(reader)
                reader.put_nowait(None)
            else:
                reader.put_nowait(told)


def message(kind: str, content: Any) -> bytes:
    """One server-sent event; JSON holds no line breaks."""
    return b"event: " + kind.encode() + b"\ndata: " + msgspec.json.encode(content) + b"\n\n"
