"""How much processor time does the voice detector need for 30 s of speech?

    python benchmarks/voice_cost.py ../shared/data/audio/train --model voice-whisper

Joins clips of a folder to one recording, writes it as FLAC, and examines it as a scan does with one worker:
decoding, speech, windows, net, spectrogram. Processor time of the process is counted, all threads together,
so that other programs disturb little; loading and compiling the nets is counted apart, since a worker does it
once, and so is all that a worker needs from its first instruction until it can take a file. Every run is a
process of its own. Prints the median and the range.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from forensics.media.decode import decode
from forensics.media.discovery import Found, discover
from forensics.media.encode import write_clip
from forensics.media.probe import probe
from forensics.media.sound import RATE_HZ
from forensics.records.media import AudioChunk, Samples
from forensics.scan.pipeline import examine
from forensics.scan.worker_context import assemble, choose_detectors
from forensics.settings import ScanSettings


def main() -> None:
    """Prints what a recording costs, and what a worker pays once."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clips", type=Path, help="a folder of clips of speech")
    parser.add_argument("--model", default="voice-whisper", metavar="MODEL")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--once", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        print(*once(options.once, options.model))
        return
    with tempfile.TemporaryDirectory() as folder:
        recording = joined(options.clips, options.seconds, Path(folder) / "recording.flac")
        command = [sys.executable, __file__, str(options.clips), "--model", options.model]
        runs = []
        for _ in range(options.runs):
            ran = subprocess.run(
                [*command, "--once", str(recording)], check=True, capture_output=True, text=True
            )
            runs.append([float(part) for part in ran.stdout.split()])
    print(f"{options.model}, {options.seconds:g} s of speech, {int(runs[0][3])} windows scored:")
    for name, place in (("examined", 0), ("nets loaded", 1), ("worker ready", 2)):
        values = [run[place] for run in runs]
        print(f"{name:<12} {median(values):.2f} s of processor time ({min(values):.2f} to {max(values):.2f})")


def once(recording: Path, model: str) -> tuple[float, float, float, int]:
    """Processor seconds: of the examination, of loading, until the worker was ready; and windows scored."""
    settings = ScanSettings(paths=(recording,), detectors=("voice",), models=(model,), workers=1)
    started_s = time.process_time()
    context = assemble(settings, choose_detectors(settings))
    ready_s = time.process_time()
    loaded_s = ready_s - started_s
    [found] = [one for one in discover([recording]) if isinstance(one, Found)]
    started_s = time.process_time()
    result = examine(found, context)
    return time.process_time() - started_s, loaded_s, ready_s, len(result.scores)


def joined(clips: Path, seconds: float, path: Path) -> Path:
    """A recording of so many seconds, of clips in the order of their names."""
    parts: list[Samples] = []
    for clip in sorted(clips.rglob("*.flac")):
        parts += [
            item.samples for item in decode(clip, probe(clip), 1, video=False) if isinstance(item, AudioChunk)
        ]
        if sum(part.size for part in parts) >= seconds * RATE_HZ:
            break
    whole = np.concatenate(parts)[: round(seconds * RATE_HZ)]
    return write_clip(path, samples=whole, sample_rate_hz=RATE_HZ)


if __name__ == "__main__":
    main()
