"""A scan: the manifest written before the first frame, and one result per file."""

from __future__ import annotations

from dataclasses import dataclass, field

from forensics.records.face_descriptor import FaceDescriptor
from forensics.records.faces import FaceTrack
from forensics.records.findings import Abstention, Exhibit, Notice, Score
from forensics.records.media import MediaFile
from forensics.records.perceptual_hashes import PerceptualHashes
from forensics.records.properties import Properties
from forensics.records.subject import Subject
from forensics.records.verdict import Verdict


@dataclass(frozen=True, slots=True)
class FirstLook:
    """The faster form of a model that a triage looks with first.

    Attributes:
        precision: ``int8`` or ``bf16``.
        sha256: of the weights file (.bin) that this precision runs.
        xml_sha256: of its graph (.xml).
    """

    precision: str
    sha256: str
    xml_sha256: str


@dataclass(frozen=True, slots=True)
class MemberUse:
    """A model of an ensemble, and what its logit weighs."""

    id: str
    weight: float


@dataclass(frozen=True, slots=True)
class ModelUse:
    """A model as this run uses it. An ensemble stands before its members, each with a record of its own.

    Attributes:
        precision: inference precision that the runtime was told to use for whatever is evidence: ``f32``.
        sha256: of the IR's weights file (.bin); empty for an ensemble.
        xml_sha256: of the IR's graph (.xml); empty for an ensemble.
        card_sha256: of card.toml, since thresholds and calibration live there.
        first_look: what is looked at first with; only what it does not clear of signs is scored in
            ``precision``. None where everything is scored in ``precision``.
        members: of an ensemble; empty for a single model.
    """

    id: str
    version: str
    task: str
    precision: str
    sha256: str
    xml_sha256: str
    card_sha256: str
    first_look: FirstLook | None = None
    members: tuple[MemberUse, ...] = ()

    @property
    def precisions(self) -> str:
        """In words: ``f32``, or ``bf16, then f32``."""
        return (
            self.precision
            if self.first_look is None
            else f"{self.first_look.precision}, then {self.precision}"
        )


@dataclass(frozen=True, slots=True)
class DetectorUse:
    """A detector as this run uses it.

    Attributes:
        role: what its findings may do: ``decides``, ``supports`` or ``reports``.
        provider: the package that it comes from, with its version if it is not this one.
    """

    name: str
    title: str
    role: str
    provider: str


@dataclass(frozen=True, slots=True)
class ShardUse:
    """The share of the files that a run was to examine, where others were left to other runs.

    Attributes:
        index: from 1 to ``count``.
        n_found: files that were found in all, those of other shards included.
        found_sha256: of the sorted list of these files, so that shards that saw other files are told apart.
    """

    index: int
    count: int
    n_found: int
    found_sha256: str


@dataclass(frozen=True, slots=True)
class RunManifest:
    """What ran, on what, with which settings; written before the first frame is read.

    Attributes:
        run_id: random hexadecimal identifier.
        started_utc: ISO 8601, UTC.
        command: the command line as typed, program name first.
        settings: every setting of the scan, as text, defaults included.
        versions: package name to version (python, openvino, av, ffmpeg, opencv, numpy, dlib).
        cpu: model name of the processor.
        isa: instruction set extensions that matter here, for example ``avx2 avx512f avx512_bf16``.
        detectors: what examines; empty in cases of before it was noted.
        paces: model and precision to the batch, threads and streams that it is run with, in words.
        shard: which share of the files it was to examine; None for all of them.
    """

    run_id: str
    started_utc: str
    tool_version: str
    command: tuple[str, ...]
    profile: str
    policy: str
    settings: dict[str, str]
    models: tuple[ModelUse, ...]
    versions: dict[str, str]
    cpu: str
    isa: str
    platform: str
    paces: dict[str, str] = field(default_factory=dict)
    detectors: tuple[DetectorUse, ...] = ()
    shard: ShardUse | None = None


@dataclass(frozen=True, slots=True)
class ScanResult:
    """One row of the case file.

    Attributes:
        timings_s: wall seconds per stage: hash, probe, decode, faces, score, conclude.
        exhibits: stored beside the row, not in its JSON.
        properties: how each subject looks or sounds, which its model's domain is checked by.
        twin_of: ``MediaFile.key`` of the file whose result this is, where another one holds the same content,
            byte for byte; scores and exhibits stand there. None for a file that was examined itself.
        hashes: by which pictures, faces and sound are found again in other files; None where none were made.
        descriptors: of people's faces, by which those who look alike are found in other files; empty unless
            they were asked for. Biometric data: they stay in the case file.
    """

    media: MediaFile
    verdict: Verdict
    scores: tuple[Score, ...] = ()
    abstentions: tuple[Abstention, ...] = ()
    tracks: tuple[FaceTrack, ...] = ()
    notices: tuple[Notice, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()
    timings_s: dict[str, float] = field(default_factory=dict)
    properties: tuple[Properties, ...] = ()
    twin_of: str | None = None
    hashes: PerceptualHashes | None = None
    descriptors: tuple[FaceDescriptor, ...] = ()

    def properties_of(self, detector: str, subject: Subject) -> dict[str, float]:
        """What a detector measured on a subject; empty where it measured nothing."""
        found = (one.values for one in self.properties if (one.detector, one.subject) == (detector, subject))
        return next(found, {})
