"""Disk images made on the spot: by the tools that make file systems, and E01 as its format is documented."""

from __future__ import annotations

import shutil
import struct
import subprocess
import zlib
from collections.abc import Sequence
from pathlib import Path

SECTOR_BYTES = 512
CHUNK_SECTORS = 64
_CHUNK_BYTES = SECTOR_BYTES * CHUNK_SECTORS
_FILE, _STREAM, _NAME = 0x85, 0xC0, 0xC1
_NAME_UNITS = 15


def can_make(kind: str) -> bool:
    """Whether the tools for this file system are on the machine."""
    tools = {
        "ext": ("mke2fs",),
        "fat": ("mkfs.vfat", "mcopy"),
        "ntfs": ("mkntfs", "ntfscp"),
        "exfat": ("mkfs.exfat",),
    }
    return all(shutil.which(tool, path="/usr/sbin:/sbin:/usr/bin:/bin") for tool in tools[kind])


def run(*command: str | Path) -> None:
    environment = {"PATH": "/usr/sbin:/sbin:/usr/bin:/bin", "MTOOLS_SKIP_CHECK": "1"}
    subprocess.run([str(part) for part in command], check=True, capture_output=True, env=environment)


def ext(tree: Path, path: Path, kind: str = "ext4", size: str = "12M") -> Path:
    run("mke2fs", "-q", "-F", "-t", kind, "-d", tree, path, size)
    return path


def fat(tree: Path, path: Path, bits: int = 16, n_mib: int = 12) -> Path:
    _blank(path, n_mib)
    run("mkfs.vfat", "-F", str(bits), path)
    for item in sorted(tree.iterdir()):
        run("mcopy", "-s", "-i", path, item, "::/")
    return path


def ntfs(tree: Path, path: Path) -> Path:
    """Files of the tree's first level only: the tool that copies makes no folders."""
    _blank(path, 12)
    run("mkntfs", "-F", "-q", "-s", str(SECTOR_BYTES), path)
    for item in sorted(tree.iterdir()):
        if item.is_file():
            run("ntfscp", "-f", path, item, item.name)
    return path


def exfat(tree: Path, path: Path) -> Path:
    """Files of the tree's first level only, each in clusters that follow one another."""
    _blank(path, 12)
    run("mkfs.exfat", path)
    disk = bytearray(path.read_bytes())
    heap_sector, _, root = struct.unpack_from("<III", disk, 88)
    sector_bytes, cluster_sectors = 1 << disk[108], 1 << disk[109]
    cluster_bytes = sector_bytes * cluster_sectors

    def place(cluster: int) -> int:
        return heap_sector * sector_bytes + (cluster - 2) * cluster_bytes

    entry = place(root)
    while disk[entry]:
        entry += 32
    cluster = 100
    for item in sorted(path_ for path_ in tree.iterdir() if path_.is_file()):
        content = item.read_bytes()
        disk[place(cluster) : place(cluster) + len(content)] = content
        for made in _exfat_entries(item.name, cluster, len(content)):
            disk[entry : entry + 32] = made
            entry += 32
        cluster += -(-len(content) // cluster_bytes) + 1
    path.write_bytes(disk)
    return path


def _exfat_entries(name: str, cluster: int, n_bytes: int) -> list[bytes]:
    parts = [name[at : at + _NAME_UNITS] for at in range(0, len(name), _NAME_UNITS)]
    file = struct.pack("<BBHH26x", _FILE, 1 + len(parts), 0, 0x20)
    # In one piece: the table of clusters says nothing of it.
    stream = struct.pack("<BBxBHHQ4xIQ", _STREAM, 3, len(name), 0, 0, n_bytes, cluster, n_bytes)
    names = [struct.pack("<BB30s", _NAME, 0, part.encode("utf-16-le")) for part in parts]
    return [file, stream, *names]


def _blank(path: Path, n_mib: int) -> None:
    with path.open("wb") as file:
        file.truncate(n_mib << 20)


def partitioned(volumes: Sequence[tuple[int, bytes]], path: Path) -> Path:
    """A disk with a master boot record, of volumes and the types that it gives them."""
    start = 2048
    table, body = b"", b""
    for kind, volume in volumes:
        n_sectors = len(volume) // SECTOR_BYTES
        table += struct.pack("<B3sB3sII", 0, b"\0\2\0", kind, b"\xff\xff\xff", start, n_sectors)
        body += volume
        start += n_sectors
    record = bytes(446) + table.ljust(64, b"\0") + b"\x55\xaa"
    path.write_bytes(record.ljust(2048 * SECTOR_BYTES, b"\0") + body)
    return path


def gpt(volume: bytes, path: Path, sector_bytes: int) -> Path:
    """A disk of such sectors with a GUID partition table of one volume."""
    start, n_sectors = 64, len(volume) // sector_bytes
    # The record that protects the table from tools that do not know it.
    entry = struct.pack("<B3sB3sII", 0, b"\0\2\0", 0xEE, b"\xff\xff\xff", 1, 0xFFFFFFFF)
    record = bytes(446) + entry.ljust(64, b"\0") + b"\x55\xaa"
    last = start + n_sectors - 1
    listed = struct.pack("<16s16sQQQ72s", b"\xaf" * 16, b"\1" * 16, start, last, 0, "one".encode("utf-16-le"))
    listed = listed.ljust(128 * 128, b"\0")
    fields = (b"EFI PART", 0x10000, 92, 0, 0, 1, last + 1, start, last, b"\2" * 16, 2, 128, 128)
    header = bytearray(struct.pack("<8sIIIIQQQQ16sQIII", *fields, zlib.crc32(listed)))
    struct.pack_into("<I", header, 16, zlib.crc32(header))
    head = record.ljust(sector_bytes, b"\0") + header.ljust(sector_bytes, b"\0") + listed
    path.write_bytes(head.ljust(start * sector_bytes, b"\0") + volume)
    return path


def e01(disk: bytes, path: Path, n_parts: int = 1) -> list[Path]:
    """Writes a disk as EWF-E01 (Expert Witness, EnCase 6), with compressed chunks."""
    chunks = [disk[at : at + _CHUNK_BYTES] for at in range(0, len(disk), _CHUNK_BYTES)]
    per_part = -(-len(chunks) // n_parts)
    paths = []
    for number in range(1, n_parts + 1):
        own = chunks[(number - 1) * per_part : number * per_part]
        part = path.with_suffix(f".E{number:02}")
        part.write_bytes(_segment(own, number, number == n_parts, len(chunks), len(disk)))
        paths.append(part)
    return paths


def _segment(chunks: list[bytes], number: int, is_last: bool, n_chunks: int, n_bytes: int) -> bytes:
    out = bytearray(b"EVF\x09\x0d\x0a\xff\x00" + struct.pack("<BHH", 1, number, 0))
    if number == 1:
        _section(out, b"header", zlib.compress(b"1\nmain\nc\tn\n1\t1\n\n"))
        volume = struct.pack("<B3xIIIQ", 1, n_chunks, CHUNK_SECTORS, SECTOR_BYTES, n_bytes // SECTOR_BYTES)
        volume = volume.ljust(1048, b"\0")
        _section(out, b"volume", volume + struct.pack("<I", zlib.adler32(volume)))
    packed = [zlib.compress(chunk, 1) for chunk in chunks]
    base = len(out)
    entries, at = [], 76
    for chunk in packed:
        entries.append(at | 1 << 31)
        at += len(chunk)
    _section(out, b"sectors", b"".join(packed))
    head = struct.pack("<IIQI", len(entries), 0, base, 0)
    listed = struct.pack(f"<{len(entries)}I", *entries)
    _section(
        out,
        b"table",
        head + struct.pack("<I", zlib.adler32(head)) + listed + struct.pack("<I", zlib.adler32(listed)),
    )
    _section(out, b"done" if is_last else b"next", b"", follows=False)
    return bytes(out)


def _section(out: bytearray, kind: bytes, body: bytes, *, follows: bool = True) -> None:
    at, n_bytes = len(out), 76 + len(body)
    described = struct.pack("<16sQQ40x", kind, at + n_bytes if follows else at, n_bytes)
    out += described + struct.pack("<I", zlib.adler32(described)) + body
