"""The bench: the finder and the detectors that one worker holds, and the manifest that names them."""

from __future__ import annotations

import platform
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import forensics
from forensics import catalog
from forensics.detectors import load_detector
from forensics.detectors.detector import Detector
from forensics.engines.openvino_engine import CompiledNet, stored_form
from forensics.errors import SettingsError
from forensics.faces.finder import FaceFinder
from forensics.faces.finders import load_finder
from forensics.records.model_card import InputContract, ModelCard, Task
from forensics.records.scan import ModelUse, RunManifest
from forensics.scan.machine import cpu_isa, cpu_name, package_versions
from forensics.settings import Profile, ScanSettings
from forensics.verdicts.policy import POLICY


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """A model, verified, and the precision that this run uses it in."""

    card: ModelCard
    folder: Path
    precision: str


@dataclass(frozen=True, slots=True)
class Bench:
    """What a worker needs to examine files."""

    settings: ScanSettings
    finder: FaceFinder
    detectors: tuple[Detector, ...]

    @property
    def cards(self) -> dict[str, ModelCard]:
        """Model id to card."""
        return {detector.card.id: detector.card for detector in self.detectors}

    @property
    def face_contract(self) -> InputContract | None:
        """How faces are to be cut; None where no detector looks at faces."""
        return next((d.card.contract for d in self.detectors if d.card.task is Task.FACE), None)

    @property
    def listens(self) -> bool:
        """Whether a detector needs sound."""
        return any(detector.card.task is Task.VOICE for detector in self.detectors)


def choose_models(settings: ScanSettings) -> tuple[ChosenModel, ...]:
    """One verified model per detector that was asked for: the named ones, the shipped ones for the rest.

    Raises:
        ModelError: a model is missing or damaged.
        SettingsError: two models for one detector, or one for a detector that was not asked for.
    """
    named: dict[str, tuple[ModelCard, Path]] = {}
    for reference in settings.models:
        card, folder = catalog.find(reference)
        detector = card.task.value
        if detector in named or detector not in settings.detectors:
            raise SettingsError(
                f"--model {reference} is a model for {detector}, which "
                + ("has one already" if detector in named else "is not among --detectors"),
                "Give one model per detector of the scan.",
            )
        named[detector] = card, folder
    chosen = []
    for detector in settings.detectors:
        card, folder = named.get(detector) or catalog.default_model(Task(detector))
        catalog.verify(card, folder)
        chosen.append(ChosenModel(card, folder, _precision(card, settings.profile)))
    return tuple(chosen)


def _precision(card: ModelCard, profile: Profile) -> str:
    if profile is Profile.EXAMINATION:
        return "f32"
    if card.variant("int8") is not None:
        return "int8"
    return "bf16" if "avx512_bf16" in cpu_isa() or "amx_bf16" in cpu_isa() else "f32"


def assemble(settings: ScanSettings, models: Sequence[ChosenModel]) -> Bench:
    """Compiles the nets and loads the finder: takes a second or so, once per worker.

    Raises:
        ForensicsError: a model cannot be run or the finder is missing.
    """
    detectors = tuple(
        load_detector(CompiledNet(model.card, model.folder, model.precision)) for model in models
    )
    return Bench(settings, load_finder(settings.finder), detectors)


def manifest_of(settings: ScanSettings, models: Sequence[ChosenModel], command: Sequence[str]) -> RunManifest:
    """What is about to run, on what, with which settings."""
    return RunManifest(
        run_id=secrets.token_hex(8),
        started_utc=datetime.now(UTC).isoformat(timespec="seconds"),
        tool_version=forensics.__version__,
        command=tuple(command),
        profile=settings.profile.value,
        policy=POLICY,
        settings=settings.as_text(),
        models=tuple(_use(model) for model in models),
        versions=package_versions(),
        cpu=cpu_name(),
        isa=cpu_isa(),
        platform=platform.platform(),
    )


def _use(model: ChosenModel) -> ModelUse:
    variant = model.card.variant(stored_form(model.precision))
    if variant is None:
        raise SettingsError(f"{model.card.id} has no weights to run", "Export the model again.")
    return ModelUse(
        id=model.card.id,
        version=model.card.version,
        task=model.card.task.value,
        precision=model.precision,
        sha256=variant.bin_sha256,
        xml_sha256=variant.xml_sha256,
        card_sha256=catalog.card_sha256(model.folder),
    )
