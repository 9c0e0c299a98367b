"""Files as phones, converters, recorders and galleries leave them, made on the spot."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.stream import Disposition
from PIL import Image

from forensics.media.encode import write_clip
from forensics.records.media import RgbImage
from tests import synthetic

RATE_HZ = 25
N_FRAMES = 200
_PHONE_TAGS = {
    "com.apple.quicktime.make": "Apple",
    "com.apple.quicktime.model": "iPhone 15",
    "com.apple.quicktime.location.ISO6709": "+48.8584+002.2945+035.0/",
    "creation_time": "2024-05-01T10:00:00Z",
}


def noisy_frames(n_frames: int = N_FRAMES, seed: int = 3) -> Iterator[RgbImage]:
    """A person who sways, with a camera's noise."""
    rng = np.random.default_rng(seed)
    for image in synthetic.portrait_frames(n_frames, width_px=320, height_px=240, bust_px=220):
        noise = rng.normal(0, 4, image.shape)
        yield np.clip(image + noise, 0, 255).astype(np.uint8)


def phone_like(folder: Path, name: str = "phone.mov", gop: int = RATE_HZ) -> Path:
    """A fixed key frame distance, no B-frames, no trace of a software encoder, tags of a device."""
    coded = write_clip(
        folder / "coded.mov",
        noisy_frames(),
        RATE_HZ,
        samples=synthetic.hum(N_FRAMES / RATE_HZ),
        options={"g": str(gop), "keyint_min": str(gop), "bf": "0", "sc_threshold": "0", "crf": "24"},
    )
    path = remuxed(coded, folder / name, tags=_PHONE_TAGS, handler="Core Media Video", without_sei=True)
    coded.unlink()
    return path


def re_encoded(source: Path, path: Path, **options: str) -> Path:
    """Decoded and coded anew, with sound, as a converter does."""
    return write_clip(
        path,
        frames_of(source),
        RATE_HZ,
        samples=synthetic.hum(N_FRAMES / RATE_HZ),
        options={"crf": "20", "preset": "veryfast", **options},
    )


def screen_recorder_like(path: Path) -> Path:
    """A screen on which nothing moves for long, in Matroska, at a rate that varies."""
    still = list(synthetic.portrait_frames(30, width_px=320, height_px=240, bust_px=220))
    times = np.cumsum(np.random.default_rng(5).choice([0.016, 0.033, 0.051], 150))
    frames = chain(still, (still[-1] for _ in range(90)), still)
    return write_clip(
        path,
        frames,
        60,
        times_s=[float(one) for one in times],
        options={"preset": "veryfast", "tune": "zerolatency"},
    )


def frames_of(path: Path) -> Iterator[RgbImage]:
    """Every picture of a clip."""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="rgb24").astype(np.uint8)


def trimmed_by_copy(source: Path, path: Path, from_s: float) -> Path:
    """Everything before a time is hidden by an edit list; the packets since the last key frame stay."""
    return remuxed(source, path, from_s=from_s, handler="VideoHandler")


def remuxed(
    source: Path,
    path: Path,
    *,
    from_s: float = 0.0,
    tags: dict[str, str] | None = None,
    handler: str | None = None,
    without_sei: bool = False,
    options: dict[str, str] | None = None,
    keep: Callable[[str, float], bool] = lambda kind, at_s: True,
) -> Path:
    """The same packets in another container.

    Args:
        from_s: what lies before is marked as not to be shown, back to the last key frame.
        keep: of kind and time, which packets stay.
    """
    own = {"movflags": "use_metadata_tags", "fflags": "+bitexact"} if tags is not None else {}
    with av.open(str(source)) as read, av.open(str(path), "w", options=own | (options or {})) as write:
        write.metadata.update(tags or {})
        streams = {one.index: write.add_stream_from_template(one) for one in read.streams}
        for index, one in streams.items():
            if handler is not None:
                kind = read.streams[index].type
                one.metadata["handler_name"] = handler.replace("Video", kind.capitalize())
        video = read.streams.video[0]
        start_s = max((packet_s for packet_s in _key_times(source) if packet_s <= from_s), default=0.0)
        for packet in read.demux():
            if packet.dts is None:
                continue
            at_s = float((packet.pts or 0) * packet.time_base)
            is_video = packet.stream is video
            if not keep(packet.stream.type, at_s) or at_s < (start_s if is_video else from_s):
                continue
            index = packet.stream.index
            one = _without_sei(packet) if without_sei and is_video else packet
            shift = round(Fraction(from_s).limit_denominator(1000) / packet.time_base)
            one.pts, one.dts = (packet.pts or 0) - shift, packet.dts - shift
            one.stream = streams[index]
            write.mux(one)
    return path


def with_cover(source: Path, path: Path, cover: RgbImage) -> Path:
    """The same film with a still picture beside it, as editors and download programs write one."""
    coded = io.BytesIO()
    Image.fromarray(cover).save(coded, "JPEG")
    with av.open(str(source)) as read, av.open(str(path), "w") as write:
        film = write.add_stream_from_template(read.streams.video[0])
        picture = write.add_stream("mjpeg")
        picture.height, picture.width = cover.shape[:2]
        picture.pix_fmt = "yuvj420p"
        picture.disposition = Disposition.attached_pic
        packet = av.Packet(coded.getvalue())
        packet.stream, packet.pts, packet.dts, packet.is_keyframe = picture, 0, 0, True
        write.mux(packet)
        for one in read.demux(video=0):
            if one.dts is not None:
                one.stream = film
                write.mux(one)
    return path


def _key_times(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        packets = container.demux(video=0)
        return [float(one.pts * one.time_base) for one in packets if one.is_keyframe and one.pts is not None]


def _without_sei(packet: av.Packet) -> av.Packet:
    """The packet without the text that x264 leaves (NAL units of type 6, each after its length)."""
    data, kept, at = bytes(packet), b"", 0
    while at + 4 < len(data):
        end = at + 4 + int.from_bytes(data[at : at + 4], "big")
        kept += b"" if data[at + 4] & 31 == 6 else data[at:end]
        at = end
    bare = av.Packet(kept)
    bare.time_base, bare.duration, bare.is_keyframe = packet.time_base, packet.duration, packet.is_keyframe
    return bare
