"""The context: the finder and the detectors that one worker holds, and the manifest that names them."""

from __future__ import annotations

import platform
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import forensics
from forensics import catalog
from forensics.detectors import DEFAULT_DETECTORS, load_detector, provider_of, spec_of
from forensics.detectors.detector import Detector, ModelForms
from forensics.detectors.two_stage_scoring import can_clear
from forensics.engines.net import InferenceConfig, Net, stored_form
from forensics.engines.tuning import pace_for
from forensics.errors import SettingsError
from forensics.faces.finder import FaceFinder
from forensics.faces.finders import load_finder
from forensics.processor import cpu_isa, cpu_name, has_bf16, usable_cores
from forensics.records.detector_spec import CropSpec, DetectorSpec, Input, ModelCount
from forensics.records.model_card import ModelCard, Variant
from forensics.records.scan_result import DetectorUse, FirstLook, ModelUse, RunManifest
from forensics.scan.machine import package_versions
from forensics.settings import Profile, ScanSettings
from forensics.verdicts.policy import POLICY


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """A model, verified, and how this run uses it.

    Attributes:
        precision: of every score that is evidence.
        first_look: faster precision that a triage looks with first; None to score all in ``precision``.
        paces: precision to what ``forensics doctor --tune`` found to be fastest here.
    """

    card: ModelCard
    folder: Path
    precision: str = "f32"
    first_look: str | None = None
    paces: Mapping[str, InferenceConfig] = field(default_factory=dict)

    @property
    def precisions(self) -> tuple[str, ...]:
        """What is compiled for it, in the order of use."""
        return (self.precision,) if self.first_look is None else (self.first_look, self.precision)

    def compiled(self, precision: str) -> Net:
        """The net, ready to run.

        Raises:
            EngineError: it cannot be run on this machine.
        """
        # The process that hands out the files runs no net, and need not wait for OpenVINO.
        from forensics.engines.openvino_engine import CompiledNet

        return CompiledNet(self.card, self.folder, precision, self.paces.get(precision))


@dataclass(frozen=True, slots=True)
class ChosenDetector:
    """A detector of this run, with its models."""

    spec: DetectorSpec
    models: tuple[ChosenModel, ...] = ()

    def load(self, *, explain: bool = False) -> Detector:
        """Compiles the models and imports the implementation: in workers.

        Args:
            explain: see ``ScanSettings``.

        Raises:
            ForensicsError: a model cannot be run or does not fit, or the implementation is missing.
        """
        return load_detector(self.spec, [_forms(model, explain) for model in self.models])


@dataclass(frozen=True, slots=True)
class WorkerContext:
    """What a worker needs to examine files."""

    settings: ScanSettings
    finder: FaceFinder
    detectors: tuple[Detector, ...]

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
            if detector.crop is not None and Input.FACES in detector.spec.inputs:
                users.setdefault(detector.crop, []).append(detector.spec.name)
        return users

    def observes(self, what: Input) -> bool:
        """Whether a detector needs this."""
        return any(what in detector.spec.inputs for detector in self.detectors)


def choose_detectors(settings: ScanSettings) -> tuple[ChosenDetector, ...]:
    """The detectors that were asked for, each with its verified model: the named one or the one that ships.

    Raises:
        ModelError: a model is missing or damaged.
        SettingsError: no such detector; two models for one detector, or one for a detector that was not
            asked for or that runs none.
    """
    specs = [spec_of(name) for name in settings.detectors or DEFAULT_DETECTORS]
    taking = {spec.name for spec in specs if spec.models is not ModelCount.NONE}
    named: dict[str, tuple[ModelCard, Path]] = {}
    for reference in settings.models:
        card, folder = catalog.find(reference)
        if card.task in named or card.task not in taking:
            raise SettingsError(
                f"--model {reference} is a model for {card.task}, which "
                + ("has one already" if card.task in named else "is not among --detectors"),
                "Give one model per detector of the scan.",
            )
        named[card.task] = card, folder
    return tuple(
        ChosenDetector(spec, (_chosen_model(spec, named, settings),) if spec.name in taking else ())
        for spec in specs
    )


def _chosen_model(
    spec: DetectorSpec, named: Mapping[str, tuple[ModelCard, Path]], settings: ScanSettings
) -> ChosenModel:
    card, folder = named.get(spec.name) or catalog.default_model(spec.name)
    catalog.verify(card, folder)
    return _paced(ChosenModel(card, folder, first_look=_first_look(card, settings.profile)), settings)


def _forms(model: ChosenModel, explain: bool) -> ModelForms:
    net, *exact = [model.compiled(precision) for precision in model.precisions]
    return ModelForms(net, exact[0] if exact else None, explain)


def _paced(model: ChosenModel, settings: ScanSettings) -> ChosenModel:
    """With what was found by measurement to be fastest for a worker's share of the cores."""
    n_threads = max(1, usable_cores() // settings.workers)
    found = {precision: pace_for(model.card, precision, n_threads) for precision in model.precisions}
    return replace(model, paces={name: pace for name, pace in found.items() if pace is not None})


def _first_look(card: ModelCard, profile: Profile) -> str | None:
    if profile is Profile.EXAMINATION or not can_clear(card):
        return None
    # Where a CPU has bf16 it is as fast as INT8, in which the layers that suffer most stay in f32, and its
    # scores are nearer to those in f32: benchmarks/README.md.
    if has_bf16(cpu_isa()):
        return "bf16"
    return "int8" if card.variant("int8") is not None else None


def assemble(settings: ScanSettings, detectors: Sequence[ChosenDetector]) -> WorkerContext:
    """Compiles the nets and loads the finder: takes a second or so, once per worker.

    Raises:
        ForensicsError: a model cannot be run or the finder is missing.
    """
    return WorkerContext(
        settings,
        load_finder(settings.finder),
        tuple(chosen.load(explain=settings.explain) for chosen in detectors),
    )


def manifest_of(
    settings: ScanSettings, detectors: Sequence[ChosenDetector], command: Sequence[str]
) -> RunManifest:
    """What is about to run, on what, with which settings."""
    models = [model for detector in detectors for model in detector.models]
    return RunManifest(
        run_id=secrets.token_hex(8),
        started_utc=datetime.now(UTC).isoformat(timespec="seconds"),
        tool_version=forensics.__version__,
        command=tuple(command),
        profile=settings.profile.value,
        policy=POLICY,
        settings=settings.as_text() | {"detectors": ", ".join(one.spec.name for one in detectors)},
        models=tuple(_use(model) for model in models),
        detectors=tuple(_detector_use(detector.spec) for detector in detectors),
        versions=package_versions(),
        cpu=cpu_name(),
        isa=cpu_isa(),
        platform=platform.platform(),
        paces={
            f"{model.card.id} {name}": _pace(model, name) for model in models for name in model.precisions
        },
    )


def _pace(model: ChosenModel, precision: str) -> str:
    measured = model.paces.get(precision)
    return f"{InferenceConfig()}, not measured here" if measured is None else f"{measured}, measured"


def _detector_use(spec: DetectorSpec) -> DetectorUse:
    return DetectorUse(spec.name, spec.title, spec.role.value, provider_of(spec.name))


def _use(model: ChosenModel) -> ModelUse:
    variant = _variant(model, model.precision)
    return ModelUse(
        id=model.card.id,
        version=model.card.version,
        task=model.card.task,
        precision=model.precision,
        sha256=variant.bin_sha256,
        xml_sha256=variant.xml_sha256,
        card_sha256=catalog.card_sha256(model.folder),
        first_look=None if model.first_look is None else _first_use(model, model.first_look),
    )


def _first_use(model: ChosenModel, precision: str) -> FirstLook:
    variant = _variant(model, precision)
    return FirstLook(precision, variant.bin_sha256, variant.xml_sha256)


def _variant(model: ChosenModel, precision: str) -> Variant:
    variant = model.card.variant(stored_form(precision))
    if variant is None:
        raise SettingsError(f"{model.card.id} has no weights to run", "Export the model again.")
    return variant
