"""The context: the finder and the detectors that one worker holds, and the manifest that names them."""

from __future__ import annotations

import platform
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import forensics
from forensics import catalog, ensembles, fusions
from forensics.detectors import USUAL_DETECTORS, load_detector, provider_of, spec_of
from forensics.detectors.detector import Configurable, Detector, ModelForms, crops_of
from forensics.detectors.speech import HearsSpeech
from forensics.detectors.two_stage_scoring import can_clear
from forensics.engines.ensemble import EnsembleNet
from forensics.engines.net import RUN_PRECISIONS, InferenceConfig, Net, stored_form
from forensics.engines.tuning import pace_for
from forensics.errors import EngineError, SettingsError
from forensics.faces.finder import FaceFinder
from forensics.faces.finders import finder_for, load_finder
from forensics.media.sound import like_speech
from forensics.processor import cpu_isa, cpu_name, has_bf16, usable_cores
from forensics.records.detector_spec import CropSpec, DetectorSpec, Input, ModelCount, Role
from forensics.records.fusion_card import FusionCard
from forensics.records.media import Samples
from forensics.records.model_card import ModelCard, Variant
from forensics.records.scan_result import DetectorUse, FirstLook, MemberUse, ModelUse, RunManifest
from forensics.scan.machine import package_versions
from forensics.settings import Profile, ScanSettings
from forensics.verdicts.fusion import policy_name
from forensics.verdicts.policy import POLICY

if TYPE_CHECKING:
    from forensics.faces.aligned import FaceAligner
    from forensics.faces.landmarks import LandmarkPredictor


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """A model or an ensemble, verified, and how this run uses it.

    Attributes:
        folder: where its card lies; None for an ensemble that was put together on the command line.
        precision: of every score that is evidence.
        first_look: faster precision that a triage looks with first; None to score all in ``precision``.
        paces: precision to what ``forensics doctor --tune`` found to be fastest here.
        members: of an ensemble, in the order of its card.
    """

    card: ModelCard
    folder: Path | None
    precision: str = "f32"
    first_look: str | None = None
    paces: Mapping[str, InferenceConfig] = field(default_factory=dict)
    members: tuple[ChosenModel, ...] = ()

    def compiled(self, precision: str) -> Net:
        """The net, ready to run.

        Raises:
            EngineError: it cannot be run on this machine.
        """
        if self.members:
            return EnsembleNet(self.card, [member.compiled(precision) for member in self.members])
        # The process that hands out the files runs no net, and need not wait for OpenVINO.
        from forensics.engines.openvino_engine import CompiledNet

        if self.folder is None:
            raise EngineError(f"{self.card.id} has no files to run", "Give a model's folder with --model.")
        return CompiledNet(self.card, self.folder, precision, self.paces.get(precision))

    @property
    def single(self) -> tuple[ChosenModel, ...]:
        """The nets that are run: the members of an ensemble, or the model itself."""
        return self.members or (self,)

    @property
    def runs(self) -> tuple[tuple[ChosenModel, str], ...]:
        """Every net that is compiled, in each of its precisions, in the order of use."""
        return tuple((one, name) for one in self.single for name in self.precisions_of(one))

    def precisions_of(self, one: ChosenModel) -> tuple[str, ...]:
        """What one of its nets is compiled in, in the order of use."""
        first = self.first_look if one in self.looks_first.single else None
        return (self.precision,) if first is None else (first, self.precision)

    @property
    def looks_first(self) -> ChosenModel:
        """What a triage looks with first: a member of an ensemble, or all of it."""
        return next((one for one in self.members if one.card.id == self.card.looks_first), self)

    @property
    def cards(self) -> tuple[ModelCard, ...]:
        """Its own, then those of its members."""
        return self.card, *(member.card for member in self.members)


@dataclass(frozen=True, slots=True)
class ChosenDetector:
    """A detector of this run, with its models.

    Attributes:
        aids: models that it loads by itself, which find what is to be scored and score nothing.
    """

    spec: DetectorSpec
    models: tuple[ChosenModel, ...] = ()
    aids: tuple[ChosenModel, ...] = ()

    def load(self, settings: ScanSettings) -> Detector:
        """Compiles the models and imports the implementation: in workers.

        Raises:
            ForensicsError: a model cannot be run or does not fit, or the implementation is missing.
        """
        detector = load_detector(self.spec, [_forms(model, settings.explain) for model in self.models])
        if isinstance(detector, Configurable):
            detector.configure(settings)
        return detector


@dataclass(frozen=True, slots=True)
class WorkerContext:
    """What a worker needs to examine files.

    Attributes:
        landmarks: where a detector observes landmarks.
        aligner: where a detector observes aligned faces.
    """

    settings: ScanSettings
    finder: FaceFinder
    detectors: tuple[Detector, ...]
    fusion: FusionCard | None = None
    landmarks: LandmarkPredictor | None = None
    aligner: FaceAligner | None = None

    @property
    def policy(self) -> str:
        """Name and version of what concludes."""
        return POLICY if self.fusion is None else policy_name(self.fusion)

    @property
    def speaks(self) -> Callable[[Samples], bool]:
        """Whether somebody speaks in some seconds of sound, as a detector hears it that can tell."""
        return next((one.speaks for one in self.detectors if isinstance(one, HearsSpeech)), like_speech)

    @property
    def cards(self) -> dict[str, ModelCard]:
        """Model id to card."""
        return {card.id: card for detector in self.detectors for card in detector.cards}

    @property
    def specs(self) -> dict[str, DetectorSpec]:
        """Detector name to declaration."""
        return {detector.spec.name: detector.spec for detector in self.detectors}

    @property
    def crop_users(self) -> dict[CropSpec, list[str]]:
        """Every way in which faces are to be cut, with the detectors that observe it; may be empty."""
        users: dict[CropSpec, list[str]] = {}
        for detector in self.detectors:
            if Input.FACES in detector.spec.inputs:
                for way in dict.fromkeys(crops_of(detector.spec, detector.cards).values()):
                    users.setdefault(way, []).append(detector.spec.name)
        return users

    @property
    def seeks_faces(self) -> bool:
        """Whether a detector needs faces, cut or as meshes."""
        return bool(self.crop_users) or self.landmarks is not None

    def observes(self, what: Input) -> bool:
        """Whether a detector needs this."""
        return any(what in detector.spec.inputs for detector in self.detectors)


def choose_detectors(settings: ScanSettings) -> tuple[ChosenDetector, ...]:
    """The detectors that were asked for, each with its verified model: the named ones or the one that ships.

    Raises:
        ModelError: a model is missing or damaged, or an ensemble's member is not the one that it names.
        SettingsError: no such detector; several models for a detector that runs one, or one for a detector
            that was not asked for or that runs none.
    """
    specs = [spec_of(name) for name in settings.detectors or USUAL_DETECTORS]
    taking = {spec.name: spec for spec in specs if spec.models is not ModelCount.NONE}
    named: dict[str, list[tuple[ModelCard, Path]]] = {}
    for reference in settings.models:
        card, folder = catalog.find(reference)
        spec = taking.get(card.task)
        if spec is None:
            raise SettingsError(
                f"--model {reference} is a model for {card.task}, which is not among --detectors",
                "Give models for the detectors of the scan.",
            )
        others = named.setdefault(card.task, [])
        others.append((card, folder))
        if spec.models is ModelCount.ONE and (len(others) > 1 or card.members):
            raise SettingsError(
                f"--model {reference} is one model too many for {card.task}, which runs one",
                "Give one model for it.",
            )
    return tuple(
        ChosenDetector(spec, (_chosen_model(spec, named.get(spec.name, ()), settings),), _aids(spec))
        if spec.name in taking
        else ChosenDetector(spec, aids=_aids(spec))
        for spec in specs
    )


def _chosen_model(
    spec: DetectorSpec, named: Sequence[tuple[ModelCard, Path]], settings: ScanSettings
) -> ChosenModel:
    """One model, or the ensemble that several make: of equal weights, and without a calibration."""
    if len(named) > 1:
        chosen = [_verified(card, folder, settings) for card, folder in named]
        joined = ensembles.combined([(one.card, 1.0) for one in chosen])
        model = ChosenModel(joined, None, members=tuple(chosen))
    else:
        model = _verified(*(named[0] if named else _usual(spec, settings.profile)), settings)
    return replace(model, first_look=_first_look(model, settings.profile))


def _usual(spec: DetectorSpec, profile: Profile) -> tuple[ModelCard, Path]:
    return catalog.default_model(spec.name, profile.value)


def _verified(card: ModelCard, folder: Path, settings: ScanSettings) -> ChosenModel:
    if card.members:
        members = ensembles.members_of(card, folder)
        return ChosenModel(card, folder, members=tuple(_verified(*one, settings) for one in members))
    catalog.verify(card, folder)
    return _paced(ChosenModel(card, folder), settings)


def _aids(spec: DetectorSpec) -> tuple[ChosenModel, ...]:
    found = [catalog.find(one) for one in spec.aids]
    for card, folder in found:
        catalog.verify(card, folder)
    return tuple(ChosenModel(card, folder) for card, folder in found)


def _forms(model: ChosenModel, explain: bool) -> ModelForms:
    exact = model.compiled(model.precision)
    if model.first_look is None:
        return ModelForms(exact, explain=explain)
    return ModelForms(model.looks_first.compiled(model.first_look), exact, explain)


def _paced(model: ChosenModel, settings: ScanSettings) -> ChosenModel:
    """With what was found by measurement to be fastest for a worker's share of the cores."""
    n_threads = max(1, usable_cores() // (settings.workers or usable_cores()))
    found = {name: pace_for(model.card, name, n_threads) for name in RUN_PRECISIONS}
    return replace(model, paces={name: pace for name, pace in found.items() if pace is not None})


def _first_look(model: ChosenModel, profile: Profile) -> str | None:
    first = model.looks_first
    if profile is Profile.EXAMINATION or not can_clear(first.card):
        return None
    # Where a CPU has bf16 it is as fast as INT8, in which the layers that suffer most stay in f32, and its
    # scores are nearer to those in f32: benchmarks/README.md.
    if has_bf16(cpu_isa()):
        return "bf16"
    return "int8" if all(one.card.variant("int8") is not None for one in first.single) else None


def choose_fusion(settings: ScanSettings, detectors: Sequence[ChosenDetector]) -> FusionCard | None:
    """The fusion that concludes: the named one, or the one that the index names if it fits the models.

    Raises:
        ModelError: it cannot be read.
        SettingsError: the named one does not fit the models of this scan.
    """
    if settings.fusion == fusions.WORST_SUBJECT:
        return None
    named = settings.fusion is not None
    fusion = fusions.find(settings.fusion) if settings.fusion else fusions.usual(settings.profile.value)
    if fusion is None:
        return None
    deciding = {
        one.spec.name: one.models[0].card for one in detectors if one.spec.role is Role.DECIDES and one.models
    }
    why = fusions.misfit(fusion, deciding)
    if why and named:
        raise SettingsError(
            f"The fusion {fusion.id} does not fit this scan: {why}",
            f"Fit it again with these models, or give --fusion {fusions.WORST_SUBJECT}.",
        )
    return None if why else fusion


def assemble(settings: ScanSettings, detectors: Sequence[ChosenDetector]) -> WorkerContext:
    """Compiles the nets and loads the finder: takes a second or so, once per worker.

    Raises:
        ForensicsError: a model cannot be run or the finder is missing.
    """
    return WorkerContext(
        settings,
        load_finder(_finder_for(detectors)),
        tuple(chosen.load(settings) for chosen in detectors),
        choose_fusion(settings, detectors),
        _predictor(detectors),
        _aligner(detectors),
    )


def _finder_for(detectors: Sequence[ChosenDetector]) -> str:
    return finder_for(card for one in detectors for model in one.models for card in model.cards)


def landmark_model(detectors: Sequence[ChosenDetector]) -> tuple[ChosenModel, ...]:
    """The landmark model, verified, where a detector observes landmarks; else none.

    Raises:
        ModelError: it is missing or damaged.
    """
    if not any(Input.LANDMARKS in chosen.spec.inputs for chosen in detectors):
        return ()
    card, folder = catalog.default_model("landmarks")
    catalog.verify(card, folder)
    return (ChosenModel(card, folder),)


def _predictor(detectors: Sequence[ChosenDetector]) -> LandmarkPredictor | None:
    for model in landmark_model(detectors):
        if model.folder is not None:
            # The process that hands out the files needs no OpenVINO.
            from forensics.faces.landmarks import LandmarkPredictor

            return LandmarkPredictor(model.folder / _variant(model, model.precision).xml)
    return None


def _aligner(detectors: Sequence[ChosenDetector]) -> FaceAligner | None:
    """Of the detectors that observe aligned faces, the first one's way of cutting holds."""
    ways = (one.spec.crop for one in detectors if Input.ALIGNED in one.spec.inputs)
    way = next((one for one in ways if one is not None), None)
    if way is None:
        return None
    from forensics.faces.aligned import FaceAligner
    from forensics.faces.landmarks import LandmarkPredictor

    card, folder = catalog.default_model("landmarks")
    catalog.verify(card, folder)
    return FaceAligner(LandmarkPredictor(folder / card.variants[0].xml), way)


def manifest_of(
    settings: ScanSettings, detectors: Sequence[ChosenDetector], command: Sequence[str]
) -> RunManifest:
    """What is about to run, on what, with which settings."""
    models = [model for detector in detectors for model in detector.models]
    models += landmark_model(detectors)
    aids = [model for detector in detectors for model in detector.aids]
    fusion = choose_fusion(settings, detectors)
    return RunManifest(
        run_id=secrets.token_hex(8),
        started_utc=datetime.now(UTC).isoformat(timespec="seconds"),
        tool_version=forensics.__version__,
        command=tuple(command),
        profile=settings.profile.value,
        policy=POLICY if fusion is None else policy_name(fusion),
        settings=settings.as_text()
        | {
            "detectors": ", ".join(one.spec.name for one in detectors),
            "finder": _finder_for(detectors),
        },
        models=tuple(use for model in (*models, *aids) for use in _uses(model)),
        detectors=tuple(_detector_use(detector.spec) for detector in detectors),
        versions=package_versions(),
        cpu=cpu_name(),
        isa=cpu_isa(),
        platform=platform.platform(),
        paces={f"{one.card.id} {name}": _pace(one, name) for model in models for one, name in model.runs},
    )


def _pace(model: ChosenModel, precision: str) -> str:
    measured = model.paces.get(precision)
    return f"{InferenceConfig()}, not measured here" if measured is None else f"{measured}, measured"


def _detector_use(spec: DetectorSpec) -> DetectorUse:
    return DetectorUse(spec.name, spec.title, spec.role.value, provider_of(spec.name))


def _uses(model: ChosenModel) -> Iterator[ModelUse]:
    """An ensemble, then its members; a single model alone."""
    if model.members:
        yield ModelUse(
            id=model.card.id,
            version=model.card.version,
            task=model.card.task,
            precision=model.precision,
            sha256="",
            xml_sha256="",
            card_sha256=ensembles.card_sha256(model.card, model.folder),
            members=tuple(MemberUse(member.id, member.weight) for member in model.card.members),
        )
    for one in model.single:
        precisions = model.precisions_of(one)
        variant = _variant(one, model.precision)
        yield ModelUse(
            id=one.card.id,
            version=one.card.version,
            task=one.card.task,
            precision=model.precision,
            sha256=variant.bin_sha256,
            xml_sha256=variant.xml_sha256,
            card_sha256=ensembles.card_sha256(one.card, one.folder),
            first_look=_first_use(one, precisions[0]) if len(precisions) > 1 else None,
        )


def _first_use(model: ChosenModel, precision: str) -> FirstLook:
    variant = _variant(model, precision)
    return FirstLook(precision, variant.bin_sha256, variant.xml_sha256)


def _variant(model: ChosenModel, precision: str) -> Variant:
    variant = model.card.variant(stored_form(precision))
    if variant is None:
        raise SettingsError(f"{model.card.id} has no weights to run", "Export the model again.")
    return variant
