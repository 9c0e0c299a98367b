"""Makes ``models/speech-silero`` from the published ONNX file of Silero VAD.

    pip download --no-deps silero-vad==6.2.3 && unzip silero_vad-6.2.3-py3-none-any.whl
    python benchmarks/speech_ir.py silero_vad/data/silero_vad_16k_sequence.onnx models/speech-silero

Silero VAD is the work of the Silero Team, MIT licence; its text lies beside the model. The weights are stored
in half precision; by how much that moves an answer is printed and stands in the card.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import openvino as ov

from forensics import catalog
from forensics.engines.speech_net import SpeechNet
from forensics.media.hashing import sha256_of
from forensics.records.input_contract import SoundContract
from forensics.records.model_card import ModelCard, Variant

_PUBLISHED = "9ccdacc4719d8aa7e45a77536bfabec45a03ba1f2fad5e241ab4060b24238a85"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("onnx", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    digest = sha256_of(given.onnx)
    if digest != _PUBLISHED:
        raise SystemExit(f"{given.onnx} is not the file of silero-vad 6.2.3: its SHA-256 is {digest}")
    model = ov.Core().read_model(given.onnx)
    given.out.mkdir(parents=True, exist_ok=True)
    ov.save_model(model, given.out / "model.xml", compress_to_fp16=True)
    files = "model.xml", "model.bin"
    card = ModelCard(
        id="speech-silero",
        version="6.2.3",
        task="speech",
        net="silero-vad",
        summary="",
        licence="MIT (Silero Team, github.com/snakers4/silero-vad)",
        training_data="As published; its authors name no corpora.",
        contract=SoundContract(rate_hz=16_000, window_s=0.032, hop_s=0.032),
        variants=(Variant("f16", *files, *(sha256_of(given.out / name) for name in files)),),
        limits=(
            "Says of every 32 ms how likely somebody speaks. Whispering, shouting and singing were not "
            "measured.",
        ),
    )
    change = _change(card, given.out, given.onnx)
    summary = (
        "finds speech, without which no voice is judged; Silero VAD's ONNX for 16 kHz, converted; half "
        f"precision moves a probability by at most {change:.1e}"
    )
    print(summary)
    catalog.write_card(ModelCard(**{**_fields(card), "summary": summary}), given.out)


def _fields(card: ModelCard) -> dict[str, object]:
    return {name: getattr(card, name) for name in card.__dataclass_fields__}


def _change(card: ModelCard, folder: Path, onnx: Path) -> float:
    """Largest difference between the stored form and the published file, on noise that swells."""
    published = Variant("f16", onnx.name, onnx.name, "", "")
    before = SpeechNet(ModelCard(**{**_fields(card), "variants": (published,)}), onnx.parent)
    after = SpeechNet(card, folder)
    noise = np.random.default_rng(1)
    changes = []
    for level in (0.003, 0.03, 0.3):
        sound = noise.normal(0, level, 160_000) * np.abs(np.sin(np.arange(160_000) / 3_000))
        samples = np.asarray(sound, np.float32)
        changes.append(np.abs(before.speaking(samples) - after.speaking(samples)).max())
    return float(max(changes))


if __name__ == "__main__":
    main()
