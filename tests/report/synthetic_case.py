"""A made-up case: every verdict, two people, voice, abstentions, hostile names, and pictures."""

from __future__ import annotations

import hashlib
import io
import math
import random
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from skimage.data import astronaut

from forensics.records.exhibit_content import Filmstrip, Picture, StripFrame
from forensics.records.faces import FaceTrack
from forensics.records.findings import Abstention, AbstentionReason, Exhibit, ExhibitKind, Notice, Score, Span
from forensics.records.input_contract import PictureContract
from forensics.records.labelled_figures import Confusion, Curve, Figure, LabelledFigures
from forensics.records.media import MediaFile, MediaKind, StreamInfo, StreamKind
from forensics.records.model_card import Calibration, Metric, ModelCard, Thresholds, Variant
from forensics.records.scan_result import ModelUse, RunManifest, ScanResult
from forensics.records.subject import VOICE_OF_FILE, Subject, person
from forensics.records.verdict import SubjectScore, Verdict, VerdictLabel
from forensics.report.view import ReportView, build_view

SIGNS, NO_SIGNS = 0.81, 0.22
FACE_MODEL, VOICE_MODEL = "face-autoatt-b4", "voice-cnn"
POLICY = "worst-track/1"
DRAWN_UTC = "2026-11-21T10:00:00+00:00"
CHAIN_HEAD = hashlib.sha256(b"chain").hexdigest()

HOSTILE_NAMES = (
    'clips/<script>alert("1")</script>.mp4',
    "clips/\"quoted\" & 'single'.mp4",
    "clips/line\nbreak\tand tab.mp4",
    r"clips/not-utf8-\xff\xfe.mp4",
    "clips/evil\u202e4pm.exe",
    "=HYPERLINK(1).mp4",
    "clips/{{ 7 * 7 }}{% logit %}.mp4",
    "clips/</title></style><img src=x onerror=alert(1)>.mp4",
)


@dataclass(frozen=True)
class Case:
    """Rows and exhibits as a case file would give them."""

    rows: list[tuple[int, ScanResult]]
    exhibits: dict[int, tuple[Exhibit, ...]]

    def load(self, row_id: int) -> tuple[Exhibit, ...]:
        """What a case file's loader does."""
        return self.exhibits.get(row_id, ())


def label_for(manipulation_score: float) -> VerdictLabel:
    if manipulation_score >= SIGNS:
        return VerdictLabel.SIGNS_OF_MANIPULATION
    return VerdictLabel.NO_SIGNS_FOUND if manipulation_score <= NO_SIGNS else VerdictLabel.INCONCLUSIVE


def logit(value: float) -> float:
    return math.log(value / (1 - value))


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def video(path: str, duration_s: float = 10.4, lost_frames: int = 0) -> MediaFile:
    n_frames = round(duration_s * 25)
    return MediaFile(
        path=path,
        size_bytes=2_481_993,
        modified_utc="2026-10-02T14:03:11+00:00",
        sha256=hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest(),
        kind=MediaKind.VIDEO,
        container="mov,mp4,m4a,3gp,3g2,mj2",
        streams=(
            StreamInfo(
                index=0,
                kind=StreamKind.VIDEO,
                codec="h264",
                duration_from_header_s=duration_s,
                duration_from_content_s=duration_s - lost_frames / 25,
                n_frames_from_header=n_frames,
                n_frames_from_content=n_frames - lost_frames,
                width_px=1280,
                height_px=720,
                frame_rate_hz=25.0,
                pixel_format="yuv420p",
                bit_rate_bps=1_840_000,
            ),
            StreamInfo(
                index=1,
                kind=StreamKind.AUDIO,
                codec="aac",
                duration_from_header_s=duration_s + 0.02,
                duration_from_content_s=duration_s,
                bit_rate_bps=128_000,
                rate_hz=44_100,
                n_channels=2,
            ),
        ),
        facts={"encoder": "Lavf60.3.100", "major_brand": "isom"},
    )


def scores_of(
    subject: Subject, detector: str, manipulation_score: float, duration_s: float, dice: random.Random
) -> list[Score]:
    model = FACE_MODEL if detector == "face" else VOICE_MODEL
    if detector == "face":
        spans = [Span(at, at) for at in (round((i + 0.5) * duration_s / 32, 2) for i in range(32))]
    else:
        n_windows = max(1, int((duration_s - 3) / 1.5) + 1)
        spans = [Span(1.5 * i, 1.5 * i + 3.0) for i in range(n_windows)]
    logits = [logit(manipulation_score) + dice.gauss(0, 0.9) for _ in spans]
    return [
        Score(detector, model, subject, span, logit, sigmoid(logit))
        for span, logit in zip(spans, logits, strict=True)
    ]


def basis_of(scores: list[Score]) -> SubjectScore:
    logit = sum(score.logit for score in scores) / len(scores)
    strongest = max(scores, key=lambda score: score.logit)
    first = scores[0]
    return SubjectScore(
        detector=first.detector,
        model=first.model,
        subject=first.subject,
        n_scores=len(scores),
        logit=logit,
        manipulation_score=sigmoid(logit),
        lower=sigmoid(logit - 0.35),
        upper=sigmoid(logit + 0.35),
        span=Span(first.span.start_s, scores[-1].span.end_s),
        strongest=strongest.span,
        label=label_for(sigmoid(logit)),
    )


def examined(
    path: str, faces: tuple[float, ...], voice: float | None, seed: int, lost_frames: int = 0
) -> ScanResult:
    """A file whose subjects have about these manipulation scores."""
    dice = random.Random(seed)
    media = video(path, 8 + dice.random() * 20, lost_frames)
    duration_s = media.duration_s or 0.0
    groups = [scores_of(person(i + 1), "face", value, duration_s, dice) for i, value in enumerate(faces)]
    if voice is not None:
        groups.append(scores_of(VOICE_OF_FILE, "voice", voice, duration_s, dice))
    basis = sorted((basis_of(scores) for scores in groups), key=lambda one: -one.manipulation_score)
    deciding = basis[0]
    limits = ["Only the 32 sampled frames were looked at; a shorter manipulation between them can be missed."]
    abstentions = []
    if voice is None:
        limits.append("The sound was not judged.")
        abstentions.append(
            Abstention("voice", AbstentionReason.NO_AUDIO, "The file has no audio stream.", None)
        )
    notices = (
        [Notice("decode", f"The stream ends {lost_frames} frames before its header says.")]
        if lost_frames
        else []
    )
    relation = {
        VerdictLabel.SIGNS_OF_MANIPULATION: "at or above the threshold for signs of manipulation",
        VerdictLabel.INCONCLUSIVE: "between the thresholds, cannot tell",
        VerdictLabel.NO_SIGNS_FOUND: "at or below the threshold for no signs",
    }[deciding.label]
    who = "The voice" if deciding.detector == "voice" else f"The face of {deciding.subject}"
    what = "windows" if deciding.detector == "voice" else "frames"
    reason = f"{who} scores {deciding.manipulation_score:.2f} over {deciding.n_scores} {what}: {relation}."
    return ScanResult(
        media=media,
        verdict=Verdict(
            label=deciding.label,
            reason=reason,
            policy=POLICY,
            manipulation_score=deciding.manipulation_score,
            lower=deciding.lower,
            upper=deciding.upper,
            basis=tuple(basis),
            limits=tuple(limits),
        ),
        scores=tuple(score for scores in groups for score in scores),
        abstentions=tuple(abstentions),
        tracks=tuple(FaceTrack(i + 1, 32, 0.1, duration_s, 148.0 - 20 * i) for i in range(len(faces))),
        notices=tuple(notices),
        timings_s={
            "hash": 0.01,
            "probe": 0.02,
            "decode": 1.31,
            "faces": 0.92,
            "score": 2.48,
            "conclude": 0.0,
        },
    )


def unexamined(path: str, why: str) -> ScanResult:
    media = MediaFile(
        path=path,
        size_bytes=0,
        modified_utc="2026-10-02T14:03:11+00:00",
        sha256=hashlib.sha256(b"").hexdigest(),
        kind=MediaKind.UNKNOWN,
    )
    return ScanResult(
        media=media,
        verdict=Verdict(VerdictLabel.NOT_EXAMINED, why, POLICY),
        notices=(Notice("probe", why),),
        timings_s={"hash": 0.0, "probe": 0.0},
    )


@cache
def pictures(mirrored: bool) -> tuple[bytes, bytes, bytes]:
    """Frame with the face box, crop and attention, as JPEG."""
    portrait = Image.fromarray(np.asarray(astronaut()))  # type: ignore[no-untyped-call]
    if mirrored:
        portrait = portrait.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    left = 175 if not mirrored else 512 - 275
    box = (left, 65, left + 100, 165)
    frame = Image.new("RGB", (640, 360), (24, 26, 30))
    frame.paste(portrait.crop((0, 0, 512, 288)).resize((640, 360)))
    scale = 640 / 512
    ImageDraw.Draw(frame).rectangle([int(edge * scale) for edge in box], outline=(255, 196, 0), width=3)
    crop = portrait.crop(box).resize((224, 224), Image.Resampling.LANCZOS)
    heat = Image.new("L", (224, 224))
    ImageDraw.Draw(heat).ellipse((70, 110, 160, 190), fill=255)
    heat = heat.filter(ImageFilter.GaussianBlur(24))
    red = Image.composite(Image.new("RGB", crop.size, (240, 90, 20)), crop, heat.point(lambda v: v * 0.6))
    return _jpeg(frame), _jpeg(crop), _jpeg(red)


@cache
def spectrogram() -> bytes:
    dice = np.random.default_rng(5)
    time, tone = np.meshgrid(np.linspace(0, 10, 800), np.linspace(1, 0, 160))
    voiced = (np.sin(time * 3.1) + np.sin(time * 1.3 + 1)) > -0.3
    comb = sum(
        np.exp(-(((tone - 0.06 * k * (1 + 0.12 * np.sin(time * 2))) / 0.012) ** 2)) for k in range(1, 12)
    )
    level = np.clip(comb * voiced * (1.1 - tone) + dice.normal(0.12, 0.05, time.shape), 0, 1)
    shade = (np.stack([level**0.6, level**1.3, 0.25 + 0.5 * level * (1 - level)], -1) * 255).clip(0, 255)
    return _jpeg(Image.fromarray(shade.astype(np.uint8)))


def _jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=82)
    return out.getvalue()


def exhibits_of(result: ScanResult) -> tuple[Exhibit, ...]:
    """The strongest for and against of each person, and the sound."""
    exhibits = []
    for basis in result.verdict.basis:
        scores = sorted((s for s in result.scores if s.subject == basis.subject), key=lambda s: s.logit)
        if basis.detector == "voice":
            at = scores[-1]
            when = f"{at.span.start_s:.1f} to {at.span.end_s:.1f} s"
            caption = f"Mel spectrogram, {when}, 60 Hz (bottom) to 7 kHz (top)"
            group = "strongest for manipulation"
            exhibits.append(
                Exhibit(
                    ExhibitKind.SPECTROGRAM,
                    Picture(spectrogram()),
                    caption,
                    VOICE_OF_FILE,
                    group,
                    at.span.start_s,
                    at.manipulation_score,
                )
            )
            continue
        exhibits.append(strip_of(basis.subject, result))
        for group, score in (
            ("strongest for manipulation", scores[-1]),
            ("strongest against manipulation", scores[0]),
        ):
            frame, crop, attention = pictures(group == "strongest against manipulation")
            for kind, jpeg, caption in (
                (ExhibitKind.FRAME, frame, f"Frame at {score.span.start_s:.1f} s with the face box."),
                (ExhibitKind.CROP, crop, "The cut that the net scored."),
                (ExhibitKind.ATTENTION, attention, "Where the net looked."),
            ):
                exhibits.append(
                    Exhibit(
                        kind,
                        Picture(jpeg),
                        caption,
                        basis.subject,
                        group,
                        score.span.start_s,
                        score.manipulation_score,
                    )
                )
    return tuple(exhibits)


def strip_of(subject: Subject, result: ScanResult) -> Exhibit:
    """All sampled frames of a person."""
    scores = [score for score in result.scores if score.subject == subject]
    frames = tuple(
        StripFrame(tiny(i % 8), score.span.start_s, score.manipulation_score)
        for i, score in enumerate(scores)
    )
    caption = f"{len(frames)} sampled frames, in order of time"
    group = "all sampled frames"
    return Exhibit(ExhibitKind.FILMSTRIP, Filmstrip(frames, len(frames)), caption, subject, group)


@cache
def tiny(number: int) -> bytes:
    """A small face; eight differ a little."""
    corner = 168 + 2 * number, 58 + number
    face = Image.fromarray(np.asarray(astronaut()))  # type: ignore[no-untyped-call]
    return _jpeg(face.crop((*corner, corner[0] + 110, corner[1] + 110)).resize((72, 72)))


def rich_case() -> Case:
    """About two dozen files of every sort, hostile names among them."""
    results = [
        examined("clips/interview/press-briefing.mp4", (0.94, 0.08), 0.12, 1),
        examined("clips/interview/statement-original.mp4", (0.05,), 0.09, 2),
        examined("clips/phone/IMG_2041.mov", (0.52,), None, 3, lost_frames=38),
        examined("clips/phone/IMG_2042.mov", (0.10,), 0.93, 4),
        unexamined("clips/notes.mp4", "The file is plain text, not media. Nothing to be done."),
        unexamined("clips/empty.mp4", "The file has zero bytes. Copy it again from the source."),
    ]
    results += [examined(name, (0.9 - 0.1 * i,), 0.3, 20 + i) for i, name in enumerate(HOSTILE_NAMES)]
    dice = random.Random(7)
    for i in range(11):
        results.append(
            examined(
                f"clips/set-b/{dice.choice(['cam', 'reel', 'take'])}-{i:03d}.mp4",
                (dice.random(),),
                dice.random() * 0.6,
                40 + i,
            )
        )
    rows = list(enumerate(results, start=1))
    return Case(rows, {row_id: exhibits_of(result) for row_id, result in rows})


def large_case(n_files: int) -> Case:
    """Many files with pictures each, four in five without signs."""
    models = [
        examined("x", (0.95,), 0.2, 1),
        examined("x", (0.5,), 0.2, 2),
        *(examined("x", (0.05,), 0.1, seed) for seed in range(3, 9)),
        unexamined("x", "Decoding stopped: the file is truncated. Copy it again from the source."),
        examined("x", (0.08,), None, 10),
    ]
    pictured = [exhibits_of(result) for result in models]
    rows, exhibits = [], {}
    for i in range(n_files):
        model = models[i % len(models)]
        folder = f"/media/evidence-{i // 500:02d}/device-dump/DCIM/1{i % 7:02d}APPLE"
        path = f"{folder}/VID_20260{i % 9 + 1}14_{i:06d}.mp4"
        sha256 = hashlib.sha256(path.encode()).hexdigest()
        rows.append((i + 1, replace(model, media=replace(model.media, path=path, sha256=sha256))))
        exhibits[i + 1] = pictured[i % len(models)]
    return Case(rows, exhibits)


def manifest() -> RunManifest:
    return RunManifest(
        run_id="5f1c0f3a9e2b4d67",
        started_utc="2026-11-21T09:41:07+00:00",
        tool_version="0.1.0",
        command=("forensics", "scan", "clips", "--case", "briefing.case", "--report", "out.html"),
        profile="examination",
        policy=POLICY,
        settings={"paths": "clips", "workers": "2", "frames": "32", "profile": "examination", "models": ""},
        models=tuple(
            ModelUse(
                name,
                "1.0.0",
                task,
                "f32",
                *(hashlib.sha256((name + part).encode()).hexdigest() for part in "bxc"),
            )
            for name, task in ((FACE_MODEL, "face"), (VOICE_MODEL, "voice"))
        ),
        versions={"python": "3.12.4", "openvino": "2026.4.1", "av": "18.1.0", "numpy": "2.4.6"},
        cpu="AMD EPYC 9R14",
        isa="avx2 avx512f avx512_bf16",
        platform="Linux 6.1 x86_64",
    )


def cards() -> tuple[ModelCard, ...]:
    def card(name: str, task: str, *metrics: Metric) -> ModelCard:
        return ModelCard(
            id=name,
            version="1.0.0",
            task=task,
            net=name,
            summary=f"Scores one {task} for signs of synthesis.",
            licence="Apache-2.0",
            training_data="DFDC crops, wild faces and self-blended pictures; no test row.",
            contract=PictureContract(size_px=224, crop_margin=1.3, min_face_px=48),
            variants=(Variant("f16", "model.xml", "model.bin", "a" * 64, "b" * 64),),
            calibration=Calibration(1.1, -0.2, -6.0, 6.0, "validation groups of three origins", 2_140),
            thresholds=Thresholds(SIGNS, NO_SIGNS, "At most 2% false alarms on validation rows."),
            metrics=metrics,
            limits=("Heavily compressed clips lower the scores of manipulated faces.",),
        )

    return (
        card(
            FACE_MODEL,
            "face",
            Metric("auc", "DFDC test crops", 2_000, 0.961, 0.952, 0.969, "", 1_000, 1_000),
            Metric("auc", "25 FaceForensics videos", 25, 0.934, 0.811, 1.0, "", 18, 7),
            Metric("false_positive_rate", "DFDC test crops", 2_000, 0.031, 0.021, 0.044, "", 1_000, 1_000),
        ),
        card(VOICE_MODEL, "voice", Metric("auc", "240 unseen clips", 240, 0.812, 0.751, 0.866, "", 120, 120)),
    )


def labelled_figures(scope: str = "file", part: str = "") -> LabelledFigures:
    """Plausible figures with every curve."""
    dice = np.random.default_rng(3)
    rates = np.linspace(0, 1, 60)
    found = rates**0.22
    pristine = np.histogram(dice.beta(1.3, 5, 60), 20, (0, 1))[0]
    manipulated = np.histogram(dice.beta(5, 1.3, 70), 20, (0, 1))[0]
    ratios = np.linspace(-2.5, 2.5, 50)
    at = np.array([0.05, 0.18, 0.36, 0.55, 0.74, 0.93])
    return LabelledFigures(
        scope=scope,
        part=part,
        n_manipulated=70,
        n_pristine=60,
        n_abstained=4,
        figures=(
            Figure("auc", 0.934, 130, 0.871, 0.977),
            Figure("average_precision", 0.941, 130, 0.88, 0.98),
            Figure("eer", 0.118, 130, 0.06, 0.19),
            Figure("ece", 0.054, 130, 0.03, 0.11),
            Figure("cllr", 0.42, 130),
        ),
        curves=(
            Curve("roc", tuple(rates.tolist()), tuple(found.tolist())),
            Curve("precision_recall", tuple(rates.tolist()), tuple((1 - 0.46 * rates**6).tolist())),
            Curve("det", tuple(rates.tolist()), tuple((1 - found).tolist())),
            Curve("reliability", tuple(at.tolist()), tuple((at**1.2).tolist()), (31, 22, 14, 12, 19, 32)),
            Curve(
                "tippett_pristine",
                tuple(ratios.tolist()),
                tuple((1 / (1 + np.exp(2.4 * (ratios + 1)))).tolist()),
            ),
            Curve(
                "tippett_manipulated",
                tuple(ratios.tolist()),
                tuple((1 / (1 + np.exp(2.4 * (ratios - 1)))).tolist()),
            ),
        ),
        confusion=Confusion(
            manipulated={
                "SIGNS_OF_MANIPULATION": 51,
                "INCONCLUSIVE": 14,
                "NO_SIGNS_FOUND": 5,
                "NOT_EXAMINED": 2,
            },
            pristine={
                "SIGNS_OF_MANIPULATION": 1,
                "INCONCLUSIVE": 17,
                "NO_SIGNS_FOUND": 42,
                "NOT_EXAMINED": 2,
            },
        ),
        histogram_pristine=tuple(pristine.tolist()),
        histogram_manipulated=tuple(manipulated.tolist()),
        notes=("Groups: 61 pristine sources.",),
        subsets={"method=FaceSwap": 18, "method=Deepfakes": 20},
    )


def view_of(case: Case, /, *, labelled: bool = False, **changes: object) -> ReportView:
    """The case as a view; with made-up labels and figures if wanted."""
    arguments: dict[str, object] = {
        "cards": cards(),
        "chain_head": CHAIN_HEAD,
        "case": "briefing.case",
        "drawn_utc": DRAWN_UTC,
        "notices": (Notice("find", "The folder clips/locked cannot be read: permission denied."),),
    }
    if labelled:
        arguments["labels"] = {
            result.media.path: "manipulated" if index % 2 else "pristine"
            for index, (_, result) in enumerate(case.rows)
        }
        arguments["figures"] = (
            labelled_figures(),
            labelled_figures("face"),
            labelled_figures("file, method=FaceSwap", "method=FaceSwap"),
        )
    return build_view([manifest()], case.rows, case.load, **{**arguments, **changes})  # type: ignore[arg-type]
