"""Results and labels made up for these tests."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from forensics.evaluation.labels import Label
from forensics.evaluation.resampling import Bools, Floats
from forensics.records.faces import FaceTrack
from forensics.records.findings import Abstention, AbstentionReason, Score, Span
from forensics.records.input_contract import PictureContract
from forensics.records.media import MediaFile, MediaKind, StreamInfo, StreamKind
from forensics.records.model_card import ModelCard
from forensics.records.scan_result import ScanResult
from forensics.records.subject import Subject, person
from forensics.records.verdict import SubjectScore, Verdict, VerdictLabel

CARD = ModelCard(
    "face-model",
    "1",
    "face",
    "net",
    "made",
    "none",
    "none",
    PictureContract(size_px=128, crop_margin=1.04),
    (),
)

SIGNS, NO_SIGNS = 0.8, 0.2
WHOLE = Span(0.0, 10.0)


def logit(manipulation_score: float) -> float:
    return math.log(manipulation_score / (1 - manipulation_score))


FIRST = person(1)


def call(manipulation_score: float) -> VerdictLabel:
    if manipulation_score >= SIGNS:
        return VerdictLabel.SIGNS_OF_MANIPULATION
    return VerdictLabel.NO_SIGNS_FOUND if manipulation_score <= NO_SIGNS else VerdictLabel.INCONCLUSIVE


def basis(manipulation_score: float, detector: str = "face", subject: Subject = FIRST) -> SubjectScore:
    moment = Span(1.0, 1.0)
    model = f"{detector}-model"
    return SubjectScore(
        detector,
        model,
        subject,
        2,
        logit(manipulation_score),
        manipulation_score,
        None,
        None,
        WHOLE,
        moment,
        call(manipulation_score),
    )


def result(
    path: str,
    bases: Sequence[SubjectScore] = (),
    *,
    abstentions: Sequence[Abstention] = (),
    height_px: int = 720,
    face_px: float | None = 150.0,
) -> ScanResult:
    """A scanned video whose verdict is that of its highest basis, with two scores per basis."""
    video = StreamInfo(
        0, StreamKind.VIDEO, "h264", 10.0, 10.0, width_px=1280, height_px=height_px, frame_rate_hz=25.0
    )
    media = MediaFile(path, 1000, "2024-01-01T00:00:00Z", "0" * 64, MediaKind.VIDEO, "mp4", (video,))
    scores = tuple(
        Score(one.detector, one.model, one.subject, Span(at_s, at_s), one.logit, one.manipulation_score)
        for one in bases
        for at_s in (1.0, 2.0)
    )
    tracks = () if face_px is None or not bases else (FaceTrack(1, 2, 0.0, 10.0, face_px),)
    if not bases:
        verdict = Verdict(VerdictLabel.NOT_EXAMINED, "Nothing was scored.", "made 1")
    else:
        top = max(bases, key=lambda one: one.manipulation_score)
        verdict = Verdict(
            call(top.manipulation_score),
            "made",
            "made 1",
            top.manipulation_score,
            basis=(top, *(set(bases) - {top})),
        )
    return ScanResult(media, verdict, scores, tuple(abstentions), tracks)


def no_face() -> Abstention:
    return Abstention("face", AbstentionReason.NO_FACE, "no face was found")


def labelled_scan(
    n: int = 120, *, strength: float = 2.0, seed: int = 3, per_group: int = 2
) -> tuple[list[ScanResult], dict[str, Label]]:
    """``n`` files, every other manipulated by one of two methods, whose scores are ``strength`` apart."""
    random = np.random.default_rng(seed)
    results, labels = [], {}
    for index in range(n):
        manipulated = index % 2 == 1
        logit = random.normal() + (strength / 2 if manipulated else -strength / 2)
        path = f"clip_{index:04d}.mp4"
        manipulation_score = float(1 / (1 + np.exp(-logit)))
        results.append(result(path, [basis(manipulation_score)], height_px=480 if index % 3 else 1080))
        method = ("swap", "reenactment")[index // 2 % 2] if manipulated else "camera"
        labels[path] = Label(path, manipulated, f"group {index // per_group}", method)
    return results, labels


def made_logits(
    n: int, *, share: float = 0.5, scale: float = 1.0, shift: float = 0.0, seed: int = 4
) -> tuple[Floats, Bools, list[str]]:
    """Logits: ``scale`` times the true log-likelihood ratio (unit normals 2 apart) plus ``shift``."""
    random = np.random.default_rng(seed)
    truth = random.random(n) < share
    ratio = 2 * (random.normal(size=n) + np.where(truth, 1, -1))
    return scale * ratio + shift, truth, [f"g{index // 3}" for index in range(n)]
