from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import openvino as ov
import pytest
import torch

from forensics import catalog
from forensics.training.checkpoint_import import reference_names
from forensics.training.conversion import run_openvino
from forensics.training.ir_metadata import read_inscription
from forensics.training.nets import build_net
from forensics.training.pretrained import ImportSettings, import_model
from tests.cli.running import in_own_process
from tests.training.made import write_picture


@pytest.mark.slow
@pytest.mark.parametrize("net_name", ["efficientnet-autoatt-b4", "efficientnet-b4"])
def test_a_scan_runs_with_an_imported_checkpoint(tmp_path: Path, net_name: str):
    torch.manual_seed(2)
    net = build_net(net_name).eval()
    theirs = {theirs: net.state_dict()[ours] for theirs, ours in reference_names(net).items()}
    torch.save({"net": theirs, "epoch": 1}, tmp_path / "bestval.pth")
    out = tmp_path / net_name
    ran = in_own_process("models", "import", tmp_path / "bestval.pth", "--net", net_name, "--out", out)
    assert ran.code == 0, ran.err
    assert f"Next: forensics scan MEDIA --model {out}" in ran.out
    card, _ = catalog.find(str(out))
    catalog.verify(card, out)
    assert read_inscription(ov.Core().read_model(out / "model.xml"))["net"] == net_name

    picture = write_picture(tmp_path / "face.png", size_px=224)
    ran = in_own_process(
        "scan", picture, "--crops", "--detectors", "face", "--model", out, "--workers", 1, "--json"
    )
    assert ran.code == 0, ran.err
    (line,) = ran.out.splitlines()
    (score,) = json.loads(line)["scores"]
    assert score["model"] == net_name
    image = cv2.cvtColor(cv2.imread(str(picture)), cv2.COLOR_BGR2RGB)
    (logit,) = run_openvino(out / "model.xml", [image[None]])
    assert score["logit"] == pytest.approx(logit, abs=1e-4)


@pytest.mark.slow
def test_a_published_checkpoint_becomes_a_model_that_says_what_it_does_not_know(tmp_path: Path):
    torch.manual_seed(1)
    net = build_net("efficientnet-autoatt-b4").eval()
    theirs = {theirs: net.state_dict()[ours] for theirs, ours in reference_names(net).items()}
    torch.save(theirs, tmp_path / "bestval.pth")
    out = tmp_path / "published-b4"
    import_model(ImportSettings(tmp_path / "bestval.pth", "efficientnet-autoatt-b4", out, crop_margin=1.2))

    card, folder = catalog.find(str(out))
    assert (card.id, card.net, folder) == ("published-b4", "efficientnet-autoatt-b4", out)
    assert (card.contract.size_px, card.contract.crop_margin) == (224, 1.2)
    assert card.calibration is None
    assert card.thresholds is None
    assert any("no calibration" in limit for limit in card.limits)
    logit = np.random.default_rng(3).integers(0, 256, (2, 224, 224, 3), np.uint8)
    with torch.inference_mode():
        expected = net(net.prepare(torch.from_numpy(logit)))[0].numpy()
    np.testing.assert_allclose(run_openvino(out / "model.xml", [logit]), expected, atol=5e-3)
