from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from forensics import catalog
from forensics.training.conversion import run_openvino
from forensics.training.importing import reference_names
from forensics.training.nets import build_net
from forensics.training.published import ImportSettings, import_model


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
    raw = np.random.default_rng(3).integers(0, 256, (2, 224, 224, 3), np.uint8)
    with torch.inference_mode():
        expected = net(net.prepare(torch.from_numpy(raw)))[0].numpy()
    np.testing.assert_allclose(run_openvino(out / "model.xml", [raw]), expected, atol=5e-3)
