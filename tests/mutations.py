"""Small files of every kind, and damage to them: the same seed gives the same files."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from skimage import data

from forensics.media.encode import write_clip
from forensics.media.sound import RATE_HZ
from forensics.records.media import RgbImage, Samples
from tests import raw_streams, synthetic

_SIDE_PX = 200
_N_FRAMES = 10
_EXTREMES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0\0\0\1", b"\1\0\0\0")
_HEAD_BYTES = 256

_VIDEO: Sequence[tuple[str, str]] = (
    ("clip.mp4", "libx264"),
    ("clip.mkv", "libx264"),
    ("clip.ts", "libx264"),
    ("clip.flv", "libx264"),
    ("clip.webm", "libvpx-vp9"),
    ("clip.avi", "mpeg4"),
    ("clip.mov", "mjpeg"),
    ("clip.mpg", "mpeg2video"),
    ("hevc.mp4", "libx265"),
)
_SOUND = ("tone.wav", "tone.flac", "tone.mp3", "tone.ogg", "tone.m4a")


def seeds(folder: Path) -> list[Path]:
    """Writes whole files of every kind: video with sound, sound, bare streams, stills, animations."""
    folder.mkdir(parents=True, exist_ok=True)
    frames = list(_frames())
    paths = []
    for name, codec in _VIDEO:
        options = {"x265-params": "log-level=none"} if codec == "libx265" else None
        path = folder / name
        colours = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        sound = None if name.endswith(".mpg") else _hum()
        paths.append(
            write_clip(path, frames, samples=sound, codec=codec, pixel_format=colours, options=options)
        )
    paths += [write_clip(folder / name, samples=_hum()) for name in _SOUND]
    paths += [raw_streams.sound(folder, suffix) for suffix in (".ac3", ".g722", ".mp2", ".sbc", ".w64")]
    paths += [raw_streams.video(folder, suffix, 6) for suffix in (".265", ".h264", ".m4v")]
    return paths + list(_stills(folder, frames)) + list(_animations(folder, frames))


def n_files(usual: int) -> int:
    """How many damaged files a test makes: as ``FORENSICS_MUTATIONS`` says, or as many as are usual."""
    return int(os.environ.get("FORENSICS_MUTATIONS", usual))


def mutated(paths: Sequence[Path], folder: Path, n_files: int, seed: int) -> Iterator[Path]:
    """Writes ``n_files`` damaged copies, of each kind as many as of any other."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(seed)
    for number in range(n_files):
        source, other = paths[number % len(paths)], rng.choice(paths)
        name, damage = rng.choice(_DAMAGES)
        content = damage(bytearray(source.read_bytes()), rng, other.read_bytes())
        path = folder / f"{number:04d}-{name}-{source.name}"
        path.write_bytes(content)
        yield path


def _frames() -> Iterator[RgbImage]:
    person = cv2.resize(np.asarray(data.astronaut()[:320, 60:380]), (_SIDE_PX, _SIDE_PX))
    for index in range(_N_FRAMES):
        yield np.ascontiguousarray(np.roll(person, index, axis=1)).astype(np.uint8)


def _hum() -> Samples:
    at_s = np.arange(RATE_HZ // 2) / RATE_HZ
    return (0.3 * np.sin(2 * np.pi * 220 * at_s) * (1 + np.sin(2 * np.pi * 3 * at_s)) / 2).astype(np.float32)


def _stills(folder: Path, frames: Sequence[RgbImage]) -> Iterator[Path]:
    first, *others = (Image.fromarray(frame) for frame in frames)
    profile = {"icc_profile": bytes(128)}
    clear = first.convert("RGBA")
    clear.putalpha(128)
    deep = Image.fromarray(frames[0][..., 0].astype(np.uint16) * 257)
    for name, picture, options in (
        ("still.jpg", first, {"quality": 90}),
        ("passes.jpg", first, {"progressive": True}),
        ("inks.jpg", first.convert("CMYK"), {}),
        ("grey.jpg", first.convert("L"), {}),
        ("still.png", first, {}),
        ("profile.png", first, profile),
        ("deep.png", deep, {}),
        ("palette.png", first.convert("P"), {}),
        ("still.webp", first, {}),
        ("clear.webp", clear, {"lossless": True}),
        ("still.bmp", first, {}),
        ("still.jp2", first, {}),
        ("still.avif", first, {"speed": 10}),
        ("pages.tif", first, {"save_all": True, "append_images": others[:3]}),
        ("squeezed.tif", first, {"compression": "tiff_lzw"}),
    ):
        path = folder / name
        picture.save(path, **options)
        yield path
    motion = folder / "motion.jpg"
    motion.write_bytes((folder / "still.jpg").read_bytes() + (folder / "clip.mp4").read_bytes())
    yield motion
    yield synthetic.tiled_heic(folder)
    yield synthetic.tiled_heic(folder, "items.heic", n_items=2)


def _animations(folder: Path, frames: Sequence[RgbImage]) -> Iterator[Path]:
    first, *others = (Image.fromarray(frame) for frame in frames)
    for name in ("moves.gif", "moves.webp", "moves.png", "moves.avif"):
        path = folder / name
        first.save(path, save_all=True, append_images=others[:4], duration=100)
        yield path


def _flipped(content: bytearray, rng: random.Random, _other: bytes) -> bytes:
    for _ in range(rng.choice((1, 4, 32))):
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    return bytes(content)


def _flipped_head(content: bytearray, rng: random.Random, _other: bytes) -> bytes:
    for _ in range(rng.choice((1, 3, 8))):
        content[rng.randrange(min(_HEAD_BYTES, len(content)))] = rng.randrange(256)
    return bytes(content)


def _extreme(content: bytearray, rng: random.Random, _other: bytes) -> bytes:
    for _ in range(rng.choice((1, 2, 6))):
        at = rng.randrange(max(1, min(len(content), 4 * _HEAD_BYTES) - 4))
        content[at : at + 4] = rng.choice(_EXTREMES)
    return bytes(content)


def _cut(content: bytearray, rng: random.Random, _other: bytes) -> bytes:
    return bytes(content[: rng.randrange(len(content))])


def _gap(content: bytearray, rng: random.Random, _other: bytes) -> bytes:
    at = rng.randrange(len(content))
    del content[at : at + rng.randrange(1, 1 + len(content) // 4)]
    return bytes(content)


def _zeroed(content: bytearray, rng: random.Random, _other: bytes) -> bytes:
    at, length = rng.randrange(len(content)), rng.randrange(1, 1 + len(content) // 4)
    length = min(length, len(content) - at)
    content[at : at + length] = bytes(length)
    return bytes(content)


def _noise(content: bytearray, rng: random.Random, _other: bytes) -> bytes:
    at = rng.randrange(len(content))
    length = min(rng.randrange(1, 400), len(content) - at)
    content[at : at + length] = rng.randbytes(length)
    return bytes(content)


def _doubled(content: bytearray, rng: random.Random, _other: bytes) -> bytes:
    at = rng.randrange(len(content))
    stretch = content[at : at + rng.randrange(1, 2000)]
    return bytes(content[:at] + stretch + content[at:])


def _spliced(content: bytearray, rng: random.Random, other: bytes) -> bytes:
    return bytes(content[: rng.randrange(len(content))]) + other[rng.randrange(len(other)) :]


def _followed(content: bytearray, _rng: random.Random, other: bytes) -> bytes:
    return bytes(content) + other


_DAMAGES: Sequence[tuple[str, Callable[[bytearray, random.Random, bytes], bytes]]] = (
    ("flipped", _flipped),
    ("head", _flipped_head),
    ("extreme", _extreme),
    ("cut", _cut),
    ("gap", _gap),
    ("zeroed", _zeroed),
    ("noise", _noise),
    ("doubled", _doubled),
    ("spliced", _spliced),
    ("followed", _followed),
)


def copied(case: Path, folder: Path, n_files: int, seed: int) -> Iterator[Path]:
    """Damaged copies of a case file; those that come out unchanged are left out."""
    original = case.read_bytes()
    for path in mutated([case], folder, n_files, seed):
        if path.read_bytes() != original:
            yield path
