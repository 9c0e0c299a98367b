"""Clips made on the spot, small and quick to encode.

The people are the astronaut that scikit-image carries (Eileen Collins, public domain). At the usual size
her face is about 90 pixels wide, which dlib's HOG finder sees without enlarging.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
import cv2
import numpy as np

from forensics.media.encode import write_clip
from forensics.media.sound import RATE_HZ
from forensics.records.media import RgbImage, Samples

WIDTH_PX, HEIGHT_PX = 400, 300
RATE_FRAMES_HZ = 25.0
SECONDS = 2.0
# Names that break careless code: quotes, markup, line breaks, formats, bytes that are not UTF-8.
HOSTILE_NAMES = (
    b'it\'s "quoted".mp4',
    b"<script>alert(1)</script>.mp4",
    b"two\nlines.mp4",
    b"100%d & co;.mp4",
    b"caf\xe9 \xff.mp4",
    b"-rf.mp4",
)
# Formants of vowels of one man, in Hz.
_VOWELS = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410))
# Head and shoulders within the 512 px portrait.
_BUST = (slice(0, 300), slice(80, 380))


@lru_cache(maxsize=1)
def bust() -> RgbImage:
    """uint8[300, 300, 3] RGB: head and shoulders of the portrait; the face is about 90 px wide."""
    from skimage import data

    portrait: RgbImage = data.astronaut()
    return portrait[_BUST].copy()


def background(width_px: int = WIDTH_PX, height_px: int = HEIGHT_PX) -> RgbImage:
    """uint8[H, W, 3] RGB: a soft gradient in which no finder sees a face."""
    rows, columns = np.mgrid[0:height_px, 0:width_px]
    red = 90 + 60 * columns / width_px
    green = 110 + 50 * rows / height_px
    blue = np.full_like(red, 140.0)
    return np.stack([red, green, blue], axis=-1).astype(np.uint8)


def portrait_frames(
    n_frames: int = int(SECONDS * RATE_FRAMES_HZ),
    *,
    width_px: int = WIDTH_PX,
    height_px: int = HEIGHT_PX,
    bust_px: int = 300,
    n_people: int = 1,
) -> Iterator[RgbImage]:
    """Frames in which people stand side by side and sway a little."""
    person = bust()
    if bust_px != person.shape[0]:
        person = cv2.resize(person, (bust_px, bust_px), interpolation=cv2.INTER_AREA).astype(np.uint8)
    for index in range(n_frames):
        image = background(width_px, height_px)
        for who in range(n_people):
            sway_px = round(6 * np.sin(2 * np.pi * index / 40 + who))
            left = round((who + 0.5) * width_px / n_people - bust_px / 2) + sway_px
            _paste(image, person, left, height_px - bust_px)
        yield image


def plain_frames(
    n_frames: int,
    colour: Sequence[int] = (200, 30, 40),
    *,
    width_px: int = WIDTH_PX,
    height_px: int = HEIGHT_PX,
) -> Iterator[RgbImage]:
    """Frames of one colour."""
    for _ in range(n_frames):
        yield np.full((height_px, width_px, 3), colour, np.uint8)


def numbered_frames(n_frames: int, *, width_px: int = 96, height_px: int = 64) -> Iterator[RgbImage]:
    """Frames that carry their number as 12 black or white bars, to be read by ``frame_number``."""
    for index in range(n_frames):
        bits = [(index >> bit & 1) * 255 for bit in range(12)]
        bars = np.repeat(np.asarray(bits, np.uint8), width_px // 12)
        yield np.ascontiguousarray(np.broadcast_to(bars[None, :, None], (height_px, bars.size, 3)))


def frame_number(image: RgbImage) -> int:
    """The number that a frame of ``numbered_frames`` carries."""
    bars = image.mean(axis=(0, 2)).reshape(12, -1).mean(axis=1)
    return sum(int(level > 127) << bit for bit, level in enumerate(bars))


def marked_frames(n_frames: int, *, width_px: int = 96, height_px: int = 64) -> Iterator[RgbImage]:
    """Grey frames with a red patch in the top left corner."""
    for _ in range(n_frames):
        image = np.full((height_px, width_px, 3), 128, np.uint8)
        image[: height_px // 3, : width_px // 3] = (255, 0, 0)
        yield image


def hum(seconds: float = SECONDS, rate_hz: int = RATE_HZ, seed: int = 7) -> Samples:
    """float32[N]: a swelling tone with overtones and a little noise."""
    at_s = np.arange(round(seconds * rate_hz)) / rate_hz
    tone = sum(np.sin(2 * np.pi * 140 * overtone * at_s) / overtone for overtone in (1, 2, 3, 5))
    swell = 0.6 + 0.4 * np.sin(2 * np.pi * 1.5 * at_s)
    noise = np.random.default_rng(seed).standard_normal(at_s.size)
    return (0.15 * swell * tone + 0.005 * noise).astype(np.float32)


def talk(seconds: float = SECONDS, rate_hz: int = RATE_HZ, seed: int = 7, pitch_hz: float = 120) -> Samples:
    """float32[N]: babble by formant synthesis, which passes for speech: pulses through a vowel's resonances
    (Peterson and Barney 1952), a vowel a syllable, each behind a short noise.
    """
    chance, parts, n_made = np.random.default_rng(seed), [], 0
    while n_made < seconds * rate_hz:
        n_vowel, n_noise = (int(chance.uniform(*of) * rate_hz) for of in ((0.16, 0.26), (0.04, 0.08)))
        at_s = (n_made + np.arange(n_vowel)) / rate_hz
        glide_hz = pitch_hz * (1 + 0.15 * np.sin(2 * np.pi * 0.7 * at_s)) * chance.normal(1, 0.03)
        pulses = np.diff(np.floor(np.cumsum(glide_hz) / rate_hz), prepend=0)
        hz = np.fft.rfftfreq(2 * n_vowel, 1 / rate_hz)
        gain = 1 / (1 + hz / 500)
        for formant_hz, width_hz in zip(_VOWELS[chance.integers(len(_VOWELS))], (80, 100, 140), strict=True):
            gain = gain * formant_hz**2 / (formant_hz**2 - hz**2 + 1j * hz * width_hz)
        vowel = np.fft.irfft(np.fft.rfft(pulses, 2 * n_vowel) * gain)[:n_vowel]
        vowel *= np.sqrt(np.sin(np.pi * np.arange(n_vowel) / n_vowel)) / np.abs(vowel).max()
        parts += [np.diff(chance.normal(0, 0.05, n_noise + 1)), vowel]
        n_made += n_vowel + n_noise
    return (0.3 * np.concatenate(parts)[: round(seconds * rate_hz)]).astype(np.float32)


def normal_clip(folder: Path, name: str = "normal.mp4") -> Path:
    """A person, swaying, with sound."""
    return write_clip(folder / name, portrait_frames(), RATE_FRAMES_HZ, samples=talk())


def silent_clip(folder: Path, name: str = "silent.mp4") -> Path:
    """A person, without an audio stream."""
    return write_clip(folder / name, portrait_frames(), RATE_FRAMES_HZ)


def no_face_clip(folder: Path, name: str = "no_face.mp4") -> Path:
    """Scenery without anybody, with sound."""
    frames = (background() for _ in range(30))
    return write_clip(folder / name, frames, RATE_FRAMES_HZ, samples=talk(1.2))


def two_people_clip(folder: Path, name: str = "two_people.mp4") -> Path:
    """Two people side by side."""
    frames = portrait_frames(30, width_px=608, height_px=300, n_people=2)
    return write_clip(folder / name, frames, RATE_FRAMES_HZ)


def tiny_face_clip(folder: Path, name: str = "tiny_face.mp4") -> Path:
    """A person far away: the face is about 16 pixels wide."""
    return write_clip(folder / name, portrait_frames(30, bust_px=52), RATE_FRAMES_HZ)


def rotated_clip(folder: Path, rotation_deg: int = 90, name: str = "rotated.mp4") -> Path:
    """A phone's recording: stored lying, with the turn that makes it upright in the header."""
    stored = (np.ascontiguousarray(np.rot90(image, rotation_deg // 90)) for image in portrait_frames())
    return write_clip(folder / name, stored, RATE_FRAMES_HZ, rotation_deg=rotation_deg)


def variable_rate_times_s(n_frames: int) -> list[float]:
    """Frame times that crowd in the first half of the frames and spread in the second."""
    half = n_frames // 2
    return [index / 50 for index in range(half)] + [half / 50 + index / 8 for index in range(n_frames - half)]


def variable_rate_clip(folder: Path, n_frames: int = 60, name: str = "variable_rate.mp4") -> Path:
    """Numbered frames at 50 and then 8 a second."""
    times_s = variable_rate_times_s(n_frames)
    return write_clip(folder / name, numbered_frames(n_frames), 50.0, times_s=times_s)


def numbered_clip(folder: Path, n_frames: int = 50, name: str = "numbered.mp4", **options: str) -> Path:
    """Numbered frames at 25 a second; ``options`` go to the encoder."""
    return write_clip(folder / name, numbered_frames(n_frames), RATE_FRAMES_HZ, options=options)


def ten_bit_clip(folder: Path, name: str = "ten_bit.mp4") -> Path:
    """A person in 10 bits a channel."""
    return write_clip(folder / name, portrait_frames(20), RATE_FRAMES_HZ, pixel_format="yuv420p10le")


def odd_size_clip(folder: Path, name: str = "odd_size.mp4") -> Path:
    """Numbers of rows and columns that are odd."""
    frames = portrait_frames(20, width_px=401, height_px=299)
    return write_clip(folder / name, frames, RATE_FRAMES_HZ, pixel_format="yuv444p")


def untimed_clip(folder: Path, n_frames: int = 40, name: str = "untimed.h264") -> Path:
    """A bare H.264 stream: no container, no time stamps, no length."""
    return write_clip(folder / name, numbered_frames(n_frames), RATE_FRAMES_HZ, container="h264")


def truncated_clip(
    folder: Path, name: str = "truncated.mp4", *, faststart: bool = False, share: float = 0.6
) -> Path:
    """A clip that ends too early: without its index, or with it (``faststart``) but without its end."""
    whole = folder / f"{name}.whole.mkv" if faststart else normal_clip(folder, f"{name}.whole.mp4")
    if faststart:
        # Matroska keeps no index at its end: what is there can be played.
        write_clip(whole, portrait_frames(100), RATE_FRAMES_HZ, samples=talk(4.0))
    data = whole.read_bytes()
    whole.unlink()
    path = folder / name
    path.write_bytes(data[: int(len(data) * share)])
    return path


def damaged_clip(folder: Path, name: str = "damaged.mkv") -> Path:
    """A clip with noise written over a stretch in its middle."""
    path = write_clip(
        folder / name, portrait_frames(75), RATE_FRAMES_HZ, samples=talk(3.0), options={"g": "25"}
    )
    data = bytearray(path.read_bytes())
    start, length = len(data) // 2, len(data) // 12
    data[start : start + length] = np.random.default_rng(3).bytes(length)
    path.write_bytes(data)
    return path


def empty_file(folder: Path, name: str = "empty.mp4") -> Path:
    """Zero bytes."""
    path = folder / name
    path.touch()
    return path


def text_file(folder: Path, name: str = "text.mp4") -> Path:
    """A web page saved in place of a download."""
    path = folder / name
    path.write_text("<!doctype html><title>404</title>The video was not found.\n" * 40, encoding="utf-8")
    return path


def wrong_suffix_clip(folder: Path, name: str = "holiday.jpg") -> Path:
    """A video whose name says picture."""
    return normal_clip(folder, "to_be_renamed.mp4").rename(folder / name)


def sound_clip(
    folder: Path, name: str = "voice.wav", seconds: float = SECONDS, rate_hz: int = RATE_HZ
) -> Path:
    """Sound alone, in the format of the suffix: .wav, .flac, .mp3, .ogg, .m4a or .mp4."""
    return write_clip(folder / name, samples=talk(seconds, rate_hz), sample_rate_hz=rate_hz)


def channels_clip(
    folder: Path,
    *streams: tuple[str, Sequence[Samples]],
    name: str = "channels.mkv",
    rate_hz: int = 48_000,
) -> Path:
    """Sound streams of several channels each: FFmpeg's name of the layout, and one float32[N] a channel."""
    path = folder / name
    with path.open("wb") as file, av.open(file, "w", format="matroska") as output:
        added = [output.add_stream("flac", rate=rate_hz, layout=layout) for layout, _ in streams]
        for stream, (layout, channels) in zip(added, streams, strict=True):
            whole = (np.stack(channels, axis=1) * 32767).round().astype(np.int16)
            for at in range(0, len(whole), rate_hz):
                block = np.ascontiguousarray(whole[at : at + rate_hz]).reshape(1, -1)
                frame = av.AudioFrame.from_ndarray(block, format="s16", layout=layout)
                frame.sample_rate = rate_hz
                frame.pts, frame.time_base = at, Fraction(1, rate_hz)
                output.mux(stream.encode(frame))
        for stream in added:
            output.mux(stream.encode(None))
    return path


def still(folder: Path, name: str = "still.jpg") -> Path:
    """One picture of a person, in the format of the suffix."""
    path = folder / name
    image = next(portrait_frames(1))
    encoded, data = cv2.imencode(path.suffix, cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    assert encoded
    path.write_bytes(data.tobytes())
    return path


def png_with_colour_profile(folder: Path, name: str = "profile.png") -> Path:
    """A person in a PNG whose colour profile has a name, as design programs write it."""
    path = still(folder, name)
    data = path.read_bytes()
    chunk = b"iCCP" + b"A colour profile\0\0" + zlib.compress(bytes(128))
    whole = (len(chunk) - 4).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    after_header = 8 + 25
    path.write_bytes(data[:after_header] + whole + data[after_header:])
    return path


def tiled_heic(
    folder: Path, name: str = "tiles.heic", *, n_items: int = 1, exif: bytes = b"", companions: bool = False
) -> Path:
    """A person as phones store pictures: in four HEVC tiles of 256 px, one picture or several.

    With companions, the first tile is a depth map and the second a thumbnail of the picture, too.
    """
    clip = folder / f"{name}.mp4"
    person = cv2.resize(bust(), (512, 512), interpolation=cv2.INTER_CUBIC)
    tiles = [np.ascontiguousarray(person[y : y + 256, x : x + 256]) for y in (0, 256) for x in (0, 256)]
    configuration, coded = _hevc(clip, tiles, "yuv420p")
    grey_configuration, grey = _hevc(clip, tiles[:1], "gray") if companions else (b"", [])
    grid = bytes([0, 0, 1, 1]) + struct.pack(">HH", 512, 512)
    grids = range(5, 5 + n_items)
    payloads = [*coded, *[grid] * n_items]
    depth_map = thumbnail = about = 0
    if companions:
        depth_map, thumbnail = len(payloads) + 1, len(payloads) + 2
        payloads += [grey[0], coded[1]]
    if exif:
        about = len(payloads) + 1
        payloads.append(bytes(4) + exif)

    def meta(first_byte: int) -> bytes:
        infos = [_box("infe", struct.pack(">IHH4sx", 2 << 24 | 1, item, 0, b"hvc1")) for item in range(1, 5)]
        infos += [_box("infe", struct.pack(">IHH4sx", 2 << 24, item, 0, b"grid")) for item in grids]
        infos += [
            _box("infe", struct.pack(">IHH4sx", 2 << 24 | 1, item, 0, kind))
            for item, kind in ((depth_map, b"hvc1"), (thumbnail, b"hvc1"), (about, b"Exif"))
            if item
        ]
        places, byte = b"", first_byte
        for item, payload in enumerate(payloads, 1):
            places += struct.pack(">HHHII", item, 0, 1, byte, len(payload))
            byte += len(payload)
        made_of = [_box("dimg", struct.pack(">HH4H", item, 4, 1, 2, 3, 4)) for item in grids]
        made_of += [
            _box(kind, struct.pack(">HHH", item, 1, 5))
            for item, kind in ((depth_map, "auxl"), (thumbnail, "thmb"), (about, "cdsc"))
            if item
        ]
        sizes = [_box("ispe", struct.pack(">III", 0, side, side)) for side in (256, 512)]
        uses = [struct.pack(">HBBB", item, 2, 0x81, 2) for item in range(1, 5)]
        uses += [struct.pack(">HBB", item, 1, 3) for item in grids]
        uses += [struct.pack(">HBBBB", depth_map, 3, 0x85, 2, 4)] if depth_map else []
        uses += [struct.pack(">HBBB", thumbnail, 2, 0x81, 2)] if thumbnail else []
        of_depth = _box("auxC", bytes(4) + b"urn:mpeg:hevc:2015:auxid:2\0")
        properties = _box("ipco", configuration + b"".join(sizes) + of_depth + grey_configuration)
        properties += _box("ipma", struct.pack(">II", 0, len(uses)) + b"".join(uses))
        return _box(
            "meta",
            bytes(4)
            + _box("hdlr", bytes(8) + b"pict" + bytes(13))
            + _box("pitm", struct.pack(">IH", 0, 5))
            + _box("iinf", struct.pack(">IH", 0, len(infos)) + b"".join(infos))
            + _box("iref", bytes(4) + b"".join(made_of))
            + _box("iprp", properties)
            + _box("iloc", struct.pack(">IBBH", 0, 0x44, 0, len(payloads)) + places),
        )

    brand = _box("ftyp", b"heic" + bytes(4) + b"mif1heic")
    first_byte = len(brand) + len(meta(0)) + 8
    path = folder / name
    path.write_bytes(brand + meta(first_byte) + _box("mdat", b"".join(payloads)))
    return path


def _hevc(clip: Path, tiles: list[RgbImage], pixel_format: str) -> tuple[bytes, list[bytes]]:
    """The decoder's configuration (box hvcC) and the packets."""
    options = {"x265-params": "log-level=none:keyint=1:crf=10"}
    write_clip(clip, tiles, 1, codec="libx265", pixel_format=pixel_format, options=options)
    whole = clip.read_bytes()
    at = whole.index(b"hvcC") - 4
    with av.open(str(clip)) as container:
        coded = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    clip.unlink()
    return whole[at : at + int.from_bytes(whole[at : at + 4], "big")], coded


def _box(kind: str, body: bytes) -> bytes:
    return (8 + len(body)).to_bytes(4, "big") + kind.encode() + body


def pixel_bomb(folder: Path, name: str = "bomb.png", side_px: int = 20_000) -> Path:
    """A PNG of a few kilobytes that decodes to more than a gigabyte."""
    path = folder / name
    header = side_px.to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    # A row of zeros deflates to almost nothing; one block is enough to be taken for a picture.
    body = zlib.compress(bytes(1 + side_px * 3) * 16, 9)
    chunks = ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
            for kind, data in chunks
        )
    )
    return path


def hostile_names(folder: Path) -> list[Path]:
    """The same short clip under each of ``HOSTILE_NAMES``, as far as the file system allows them."""
    data = numbered_clip(folder, 5, "seed.mp4").read_bytes()
    (folder / "seed.mp4").unlink()
    paths = []
    for name in HOSTILE_NAMES:
        path = folder / os.fsdecode(name)
        try:
            path.write_bytes(data)
        except OSError:
            continue
        paths.append(path)
    return paths


def pipe(folder: Path, name: str = "pipe.mp4") -> Path:
    """A named pipe: whoever opens it waits."""
    path = folder / name
    os.mkfifo(path)
    return path


def link_loop(folder: Path, name: str = "loop") -> Path:
    """A link within a folder that leads back to it."""
    path = folder / name
    path.symlink_to(folder, target_is_directory=True)
    return path


def _paste(image: RgbImage, person: RgbImage, left: int, top: int) -> None:
    """Puts a picture into another at a place that may reach over its edges."""
    height, width = person.shape[:2]
    x0, x1 = max(left, 0), min(left + width, image.shape[1])
    y0, y1 = max(top, 0), min(top + height, image.shape[0])
    image[y0:y1, x0:x1] = person[y0 - top : y1 - top, x0 - left : x1 - left]
