"""What several modules of tests of a scan have in common."""

from __future__ import annotations

import pytest

from forensics.scan.worker_context import WorkerContext, assemble, choose_detectors
from forensics.settings import ScanSettings
from tests.made_models import face_model


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> WorkerContext:
    root = tmp_path_factory.mktemp("models")
    settings = ScanSettings(paths=(root,), frames=4, detectors=("face",), models=(str(face_model(root)),))
    return assemble(settings, choose_detectors(settings))
