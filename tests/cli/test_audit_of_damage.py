"""A shipped model whose weights were damaged on purpose fails the audit, on real crops."""

from __future__ import annotations

import csv
import hashlib
import re
import shutil
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from forensics import catalog
from tests.cli.running import Runner

N_PER_CLASS = 40
DATA = "crops of this test"


@pytest.fixture(scope="module")
def crops(request: pytest.FixtureRequest) -> tuple[Path, list[Path]]:
    """Labels and validation crops of both kinds: test rows are for figures alone."""
    shared: Path = request.getfixturevalue("shared_data")
    labels = shared / "faces" / "split.csv"
    with labels.open(newline="", encoding="utf-8") as opened:
        rows = [row for row in csv.DictReader(opened) if (row["split"], row["here"]) == ("val", "1")]
    chosen = [
        row for kind in ("real", "fake") for row in [r for r in rows if r["label"] == kind][:N_PER_CLASS]
    ]
    return labels, [shared / "faces" / "val" / row["label"] / row["name"] for row in chosen]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """The shipped face model, in a folder of its own."""
    _, folder = catalog.default_model("face")
    return Path(shutil.copytree(folder, tmp_path / folder.name))


def _damage(folder: Path) -> None:
    """Shuffles the weights within each large layer, and renews the card's digest: it loads, and guesses."""
    card = catalog.read_card(folder)
    plain = card.variants[0]
    weights = bytearray((folder / plain.bin).read_bytes())
    random = np.random.default_rng(0)
    n_damaged = 0
    for data in ET.parse(folder / plain.xml).getroot().iterfind("./layers/layer[@type='Const']/data"):
        start, size = int(data.get("offset", "0")), int(data.get("size", "0"))
        kind = {"f16": np.float16, "f32": np.float32}.get(data.get("element_type", ""))
        if kind is None or size < 2_000:
            continue
        values = np.frombuffer(weights, kind, size // np.dtype(kind).itemsize, start)
        weights[start : start + size] = random.permutation(values).tobytes()
        n_damaged += size
    assert n_damaged > len(weights) / 2
    (folder / plain.bin).write_bytes(weights)
    digest = hashlib.sha256(weights).hexdigest()
    catalog.write_card(replace(card, variants=(replace(plain, bin_sha256=digest),)), folder)


def test_the_audit_holds_for_the_model_as_it_is_and_fails_once_it_is_damaged(
    run: Runner, crops: tuple[Path, list[Path]], model: Path, tmp_path: Path
) -> None:
    labels, files = crops
    command = (
        *("evaluate", *files, "--labels", labels, "--split", "val", "--crops", "--detectors", "face"),
        *("--model", model, "--workers", 1, "--data-set", DATA),
    )
    assert run(*command, "--write-card").code == 0
    held = run(*command, "--audit")
    assert held.code == 0, held.out + held.err
    assert "FELL" not in held.out

    _damage(model)
    junit = tmp_path / "audit.xml"
    ran = run(*command, "--audit", "--junit", junit)
    assert ran.code == 1, ran.out + ran.err
    card = catalog.read_card(model)
    lines = [line for line in ran.out.splitlines() if line.startswith(("FELL", "held"))]
    expected = [metric.name for metric in card.metrics if metric.data_set == DATA]
    assert len(lines) == len(expected)
    fallen = [line for line in lines if line.startswith("FELL")]
    auc = next(line for line in fallen if " face: auc " in line)
    assert re.search(
        rf"FELL  {card.id}  face: auc fell to 0\.\d+ \(n = 80\); the card says 0\.\d+ \(n = 80\), "
        r"at least 0\.\d+ is required by the card's interval",
        auc,
    )
    assert f'failures="{len(fallen)}"' in junit.read_text(encoding="utf-8")
