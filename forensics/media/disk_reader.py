"""Reads a disk image in a process of its own: lists its files, or gives the content of one.

    python -m forensics.media.disk_reader list IMAGE [PART ...]
    python -m forensics.media.disk_reader content ROUTE IMAGE [PART ...]

The libraries that read file systems trust what they read: chains that run in a circle, sizes that fill the
memory. Here that costs this process. It bounds its own memory and CPU time; ``disk_images`` starts it.
"""

from __future__ import annotations

import base64
import contextlib
import logging
import shutil
import struct
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from forensics.media.disk_images import Row
from forensics.media.file_systems import Node, root_of
from forensics.media.signatures import HEAD_BYTES

MOST_MEMORY_BYTES: Final = 2 << 30
MOST_CPU_S: Final = 3600
MOST_DEPTH: Final = 100
_EWF_START = b"EVF\x09\x0d\x0a\xff\x00"
_MOST_CHUNK_BYTES = 64 << 20
# What the libraries raise over disks that are not as they should be; their own errors are added below.
_BROKEN: tuple[type[Exception], ...] = (
    OSError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
    AssertionError,
    StopIteration,
    struct.error,
    zlib.error,
)


def main(arguments: list[str]) -> int:
    """Runs the command of this module; ``arguments`` are those after its name."""
    _bound()
    logging.disable()
    from dissect.evidence.exception import Error as EvidenceError
    from dissect.extfs.exceptions import Error as ExtError
    from dissect.fat.exceptions import Error as FatError
    from dissect.ntfs.exceptions import Error as NtfsError
    from dissect.volume.exceptions import Error as VolumeError

    broken = (*_BROKEN, EvidenceError, ExtError, FatError, NtfsError, VolumeError)
    try:
        if arguments[0] == "list":
            for row in _rows(_opened(arguments[1:]), broken):
                sys.stdout.buffer.write(msgspec.json.encode(row) + b"\n")
        else:
            shutil.copyfileobj(_at(_opened(arguments[2:]), arguments[1], broken), sys.stdout.buffer, 1 << 20)
    except BrokenPipeError:
        return 1
    except broken as error:
        sys.stderr.write(f"{_why(error)}\n")
        return 1
    return 0


def _bound() -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_S, MOST_CPU_S))


def _opened(parts: list[str]) -> IO[bytes]:
    files = [Path(part).open("rb") for part in parts]  # noqa: SIM115
    start = files[0].read(len(_EWF_START))
    files[0].seek(0)
    if start != _EWF_START:
        return files[0]
    from dissect.evidence.ewf import EWF

    for file in files:
        _check_sections(file)
    image = EWF(files)
    n_chunks = sum(image.segment(index).chunk_count for index in range(len(files)))
    if n_chunks < image.volume.chunk_count:
        raise ValueError(
            f"parts of it are missing: {n_chunks:,} of its {image.volume.chunk_count:,} chunks are there"
        )
    opened: IO[bytes] = image.open()
    return opened


def _check_sections(file: IO[bytes]) -> None:
    """Sections follow one another: the library would go round with those that do not."""
    at = 13
    while True:
        file.seek(at)
        name, following, _ = struct.unpack("<16sQQ", file.read(32))
        kind = name.rstrip(b"\0")
        if kind in (b"done", b"next"):
            break
        if following <= at:
            raise ValueError("its sections do not follow one another")
        if kind in (b"volume", b"disk"):
            file.seek(at + 76 + 8)
            n_sectors, sector_bytes = struct.unpack("<II", file.read(8))
            if not 0 < n_sectors * sector_bytes <= _MOST_CHUNK_BYTES:
                raise ValueError("its chunks have no size that can be")
        at = following
    file.seek(0)


def _volumes(disk: IO[bytes], broken: tuple[type[Exception], ...]) -> list[tuple[str, Any]]:
    """Name and stream of every volume; one without a name where the disk is not divided."""
    from dissect.volume.disk import Disk

    try:
        whole = root_of(disk)
    except broken:
        whole = "a file system that is damaged"
    if whole is not None:
        return [("", disk)]
    for sector_bytes in (512, 4096):
        disk.seek(0)
        with contextlib.suppress(*broken):
            partitions = Disk(disk, sector_size=sector_bytes).partitions
            return [(f"partition {one.number}", one.open()) for one in partitions]
    return []


def _rows(disk: IO[bytes], broken: tuple[type[Exception], ...]) -> Iterator[Row]:
    volumes = _volumes(disk, broken)
    if not volumes:
        yield Row(
            refusal=("is a disk image in which no volume was recognised: nothing of it was examined", "")
        )
    for index, (name, stream) in enumerate(volumes):
        try:
            root = root_of(stream)
        except broken as error:
            root = f"a file system that cannot be read ({_why(error)})"
        if isinstance(root, str) or root is None:
            what = root or "nothing that was recognised"
            yield Row(name=name, refusal=(f"holds {what}: nothing of it was examined", ""))
        else:
            prefix = f"{name}/" if name else ""
            yield from _below(root, prefix, str(index), broken)
    yield Row(last=True)


def _below(root: Node, prefix: str, route: str, broken: tuple[type[Exception], ...]) -> Iterator[Row]:
    stack: list[tuple[Node, str, str, int]] = [(root, prefix, route, 0)]
    seen = {root.identity}
    while stack:
        folder, path, way, depth = stack.pop()
        try:
            for index, node in enumerate(folder.children()):
                if not node.is_folder:
                    yield _row(node, path + node.name, f"{way}/{index}", broken)
                elif node.identity not in seen and depth < MOST_DEPTH:
                    seen.add(node.identity)
                    stack.append((node, f"{path}{node.name}/", f"{way}/{index}", depth + 1))
        except broken as error:
            why = f"is a folder that cannot be read to its end: {_why(error)}"
            yield Row(name=path.rstrip("/"), refusal=(why, ""))


def _row(node: Node, name: str, route: str, broken: tuple[type[Exception], ...]) -> Row:
    try:
        about = node.about()
        head = b"" if about.refusal or not about.size_bytes else node.open().read(HEAD_BYTES)
    except broken as error:
        why = f"cannot be read from its disk: {_why(error)}"
        return Row(_shown(name), route, refusal=(why, ""))
    return Row(
        _shown(name),
        route,
        int(about.size_bytes),
        int(about.stored_bytes),
        about.modified,
        base64.b64encode(head).decode(),
        about.refusal,
    )


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__


def _shown(name: str) -> str:
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _at(disk: IO[bytes], route: str, broken: tuple[type[Exception], ...]) -> IO[bytes]:
    which, *way = map(int, route.split("/"))
    root = root_of(_volumes(disk, broken)[which][1])
    if root is None or isinstance(root, str):
        raise ValueError("its volume is no longer there")
    node = root
    for step in way:
        node = next(child for index, child in enumerate(node.children()) if index == step)
    return node.open()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
