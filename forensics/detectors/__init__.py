"""The table of detectors."""

from __future__ import annotations

from importlib import import_module

from forensics.detectors.detector import Detector
from forensics.engines.net import Net
from forensics.errors import SettingsError

DETECTORS: dict[str, str] = {
    "face": "forensics.detectors.face_frames:FaceFrames",
    "voice": "forensics.detectors.voice:Voice",
}


def load_detector(net: Net, exact: Net | None = None) -> Detector:
    """The detector that a model's task names, around its compiled net.

    Args:
        net: looks at everything.
        exact: scores again what ``net``, a faster form of the same model, does not clear of signs.

    Raises:
        SettingsError: the table has no detector for the task.
    """
    task = net.card.task.value
    if task not in DETECTORS:
        raise SettingsError(
            f"No detector serves task {task} of {net.card.id}", f"Tasks: {', '.join(DETECTORS)}."
        )
    module, _, attribute = DETECTORS[task].partition(":")
    detector: Detector = getattr(import_module(module), attribute)(net, exact)
    return detector
