"""Send pictures and sound through a codec and back: for training and for tests of robustness."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import cv2
import numpy as np
from av.audio.stream import AudioStream
from scipy.signal import butter, resample_poly, sosfilt

from forensics.records.media import RgbImage, Samples


def through_h264(image: RgbImage, crf: int) -> RgbImage:
    """Encodes one picture as an H.264 key frame and decodes it again.

    Args:
        image: uint8[H, W, 3] RGB; odd sides lose their last row or column in the codec and get it
            back by replication.
        crf: x264's constant rate factor, 0 (lossless) to 51.

    Returns:
        uint8[H, W, 3] RGB.
    """
    height, width = image.shape[:2]
    even = np.ascontiguousarray(image[: height // 2 * 2, : width // 2 * 2])
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height = even.shape[1], even.shape[0]
    encoder.pix_fmt = "yuv420p"
    encoder.time_base = Fraction(1, 25)
    encoder.thread_count = 1
    encoder.options = {"crf": str(crf), "preset": "ultrafast", "tune": "zerolatency"}
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    frame = av.VideoFrame.from_ndarray(even, format="rgb24").reformat(format="yuv420p")
    packets = [*encoder.encode(frame), *encoder.encode(None)]
    frames = [decoded for packet in packets for decoded in decoder.decode(packet)]
    frames += decoder.decode(None)
    decoded = frames[0].to_ndarray(format="rgb24")
    missing = ((0, height - decoded.shape[0]), (0, width - decoded.shape[1]), (0, 0))
    return np.pad(decoded, missing, mode="edge")


def through_jpeg(image: RgbImage, quality: int) -> RgbImage:
    """Encodes one picture as JPEG and decodes it again.

    Args:
        image: uint8[H, W, 3] RGB.
        quality: libjpeg's, 0 to 100.

    Returns:
        uint8[H, W, 3] RGB.
    """
    _, encoded = cv2.imencode(
        ".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    assert decoded is not None, "what was just encoded can be decoded"
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8)


# Codec name to the container that carries it as a plain stream.
SOUND_CODECS = {"libmp3lame": "mp3", "aac": "adts", "libopus": "ogg"}
# Those of telephony, at 8 kHz: G.711 in both laws, the mobile network's AMR (GSM and UMTS), and G.726.
TELEPHONE_CODECS = {"pcm_mulaw": "wav", "pcm_alaw": "wav", "libopencore_amrnb": "amr", "g726": "wav"}
TELEPHONE_RATE_HZ = 8_000
_TELEPHONE_BAND_HZ = (300.0, 3_400.0)


def over_telephone(samples: Samples, rate_hz: int, codec: str, bit_rate_bps: int = 12_200) -> Samples:
    """What arrives at the other end of a telephone line: 300 to 3,400 Hz at 8 kHz, through its codec.

    Args:
        samples: float32[N] mono in [-1, 1].
        rate_hz: their sample rate, a multiple of 8,000.
        codec: a key of ``TELEPHONE_CODECS``.
        bit_rate_bps: of AMR; G.711 has 64,000 and G.726 32,000.

    Returns:
        float32[N]: shifted by the codec's delay, cut or padded with silence to the same length.
    """
    factor = rate_hz // TELEPHONE_RATE_HZ
    filters = butter(4, _TELEPHONE_BAND_HZ, "bandpass", fs=TELEPHONE_RATE_HZ, output="sos")
    narrow = np.asarray(sosfilt(filters, resample_poly(samples, 1, factor)), np.float32)
    bit_rate_bps = bit_rate_bps if codec == "libopencore_amrnb" else 32_000
    heard = sound_through(narrow.clip(-1, 1), TELEPHONE_RATE_HZ, codec, bit_rate_bps)
    wide = resample_poly(heard, factor, 1)[: samples.size]
    return np.asarray(np.pad(wide, (0, samples.size - wide.size)), np.float32)


def sound_through(samples: Samples, rate_hz: int, codec: str, bit_rate_bps: int) -> Samples:
    """Encodes sound with a lossy codec and decodes it again.

    Args:
        samples: float32[N] mono in [-1, 1].
        rate_hz: their sample rate; the codec may work at another and is resampled back.
        codec: a key of ``SOUND_CODECS`` or ``TELEPHONE_CODECS``.
        bit_rate_bps: the codec's target.

    Returns:
        float32[N]: shifted by the codec's delay, cut or padded with silence to the same length.
    """
    file = io.BytesIO()
    with av.open(file, "w", format=(SOUND_CODECS | TELEPHONE_CODECS)[codec]) as container:
        stream = container.add_stream(codec, rate=rate_hz, layout="mono")
        assert isinstance(stream, AudioStream), "SOUND_CODECS names codecs of sound alone"
        stream.bit_rate = bit_rate_bps
        frame = av.AudioFrame.from_ndarray(samples[None, :].astype(np.float32), format="fltp", layout="mono")
        frame.sample_rate = rate_hz
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    file.seek(0)
    resampler = av.AudioResampler(format="flt", layout="mono", rate=rate_hz)
    with av.open(file, "r") as container:
        decoded = [
            piece.to_ndarray().reshape(-1)
            for frame in container.decode(audio=0)
            for piece in resampler.resample(frame)
        ]
        decoded += [piece.to_ndarray().reshape(-1) for piece in resampler.resample(None)]
    sound = np.concatenate(decoded)[: samples.size]
    return np.asarray(np.pad(sound, (0, samples.size - sound.size)), np.float32)
