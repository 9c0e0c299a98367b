"""A training run: its settings and its folder."""

from __future__ import annotations

import os
import pickle
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import msgspec
import torch

from forensics.errors import TrainingError
from forensics.training.adversarial import Attack, AttackKind
from forensics.training.hypersphere import Hypersphere
from forensics.training.nets import build_net
from forensics.training.nets.torch_net import TorchNet

CHECKPOINT_NAME = "last.pt"
BEST_NAME = "best.pt"
RECORD_NAME = "record.json"
LOG_NAME = "log.jsonl"
# Torch's restricted unpickler answers damaged bytes with whatever the damage leads to.
UNREADABLE = (
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    pickle.UnpicklingError,
)


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """Settings of ``forensics train``.

    Attributes:
        data: prepared data sets.
        n_steps: optimizer steps; the learning rate follows one cycle over them.
        evaluate_every: steps between two validations; checkpoints are written there too.
        checkpoint_every_s: seconds between two checkpoints within an epoch.
        pseudo_fakes: share of the manipulated draws that are made from pristine samples.
        landmarks: file of a landmark model, for the masks of pseudo-fakes of faces; None for ellipses.
        teacher: folder of a finished run to learn from beside the labels; None for the labels alone.
        patience: validations without a better one after which training stops; 0 never stops.
        ema: decay of the moving average of the weights, which is what is validated and exported.
        n_loaders: processes that load and augment; 0 loads in the main process.
        adversarial: ``fgsm`` or ``pgd``: half of the loss is of crops that were changed to mislead the net;
            empty for none.
        epsilon: of such a change, in grey levels of 255.
        attack_steps: of PGD.
        alignment: weight of the distances of features of one label in the loss; 0 for none.
        uniformity: weight of how unevenly features lie on the sphere in the loss; 0 for none.
        smoothed: share of the pairs of crops whose skin is smoothed, pristine and manipulated alike.
        cut_outs: share of the pairs of crops that are put on another ground, pristine and manipulated alike.
        n_kept: so many items go once through the part of the net that does not learn, and are kept; 0
            for nets that learn as a whole.
    """

    net: str
    data: tuple[Path, ...]
    out: Path
    backend: str = "auto"
    precision: str = "auto"
    init: str = "imagenet"
    seed: int = 20
    n_steps: int = 5000
    batch_size: int = 48
    size_px: int = 128
    learning_rate: float = 8e-4
    weight_decay: float = 0.02
    label_smoothing: float = 0.025
    gradient_norm: float = 2.0
    ema: float = 0.999
    pseudo_fakes: float = 0.4
    landmarks: Path | None = None
    teacher: Path | None = None
    evaluate_every: int = 500
    checkpoint_every_s: float = 120.0
    patience: int = 0
    n_loaders: int = 2
    n_kept: int = 0
    adversarial: str = ""
    epsilon: float = 2.0
    attack_steps: int = 3
    alignment: float = 0.0
    uniformity: float = 0.0
    smoothed: float = 0.0
    cut_outs: float = 0.0

    def __post_init__(self) -> None:
        if self.batch_size < 2 or self.batch_size % 2:
            raise TrainingError(
                f"--batch-size is {self.batch_size}", "Give an even number: half of a batch is pristine."
            )
        if self.n_steps < 1 or self.evaluate_every < 1:
            raise TrainingError("--steps and --evaluate-every must be 1 or more", "For example --steps 5000.")
        if self.n_loaders < 0:
            raise TrainingError(
                f"--loaders is {self.n_loaders}", "Give 0 or more; 0 loads in the main process."
            )
        if self.n_kept and self.teacher:
            raise TrainingError(
                "--keep and --teacher do not go together", "A teacher hears the sound, which is not kept."
            )
        if self.attack is not None and self.n_kept:
            raise TrainingError(
                "--keep and --adversarial do not go together",
                "An attack changes what was kept: leave one out.",
            )

        if min(self.alignment, self.uniformity) < 0:
            raise TrainingError(
                "--alignment and --uniformity must not be negative", "For example 0.1 and 0.5."
            )
        if self.hypersphere is not None and self.n_kept:
            raise TrainingError(
                "--keep does not go together with --alignment and --uniformity",
                "They draw on what is kept: leave one out.",
            )
        for option, share in (("--smoothed", self.smoothed), ("--cut-outs", self.cut_outs)):
            if not 0 <= share <= 1:
                raise TrainingError(f"{option} is {share}", "Give a share from 0 to 1.")

    @property
    def hypersphere(self) -> Hypersphere | None:
        """What is added to the loss for the places of features; None for nothing."""
        if not self.alignment and not self.uniformity:
            return None
        return Hypersphere(self.alignment, self.uniformity)

    @property
    def attack(self) -> Attack | None:
        """How crops are changed in training; None for not at all.

        Raises:
            TrainingError: there is no such attack.
        """
        if not self.adversarial:
            return None
        kinds = [kind.value for kind in AttackKind]
        if self.adversarial not in kinds:
            raise TrainingError(f"--adversarial is {self.adversarial}", f"Choose one of: {', '.join(kinds)}.")
        return Attack(AttackKind(self.adversarial), self.epsilon, self.attack_steps)

    def as_record(self) -> dict[str, Any]:
        """Plain values, for JSON and for comparing with a checkpoint."""
        return {name: _plain(value) for name, value in asdict(self).items()}


# What may differ between a run and its resumption without changing the weights that come out.
_FREE_TO_CHANGE = {"out", "n_loaders", "checkpoint_every_s"}


def refuse_other_settings(settings: TrainSettings, stored: dict[str, Any]) -> None:
    """Raises TrainingError if a checkpoint was made with settings that lead elsewhere."""
    mine = settings.as_record()
    differing = [
        field.name
        for field in fields(settings)
        # A setting that came later was at its default before.
        if field.name not in _FREE_TO_CHANGE and mine[field.name] != stored.get(field.name, field.default)
    ]
    if differing:
        raise TrainingError(
            f"The run in {settings.out} was started with another {', '.join(differing)}",
            "Resume with the same settings, or start anew with another --out.",
        )


def save(state: dict[str, Any], path: Path) -> None:
    """Writes a checkpoint in one step: a killed process leaves the old one or the new one."""
    draft = path.with_suffix(".part")
    with draft.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def load(path: Path) -> dict[str, Any]:
    """Reads a checkpoint without running code from it.

    Raises:
        TrainingError: missing or damaged.
    """
    if not path.is_file():
        raise TrainingError(f"There is no checkpoint {path}", "Train first: forensics train ... --out FOLDER")
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except UNREADABLE as error:
        raise TrainingError(f"{path} is damaged: {error}", "Start the run anew without --resume.") from error
    return state


def read_record(folder: Path) -> dict[str, Any]:
    """The record of a finished run.

    Raises:
        TrainingError: there is none.
    """
    path = folder / RECORD_NAME
    if not path.is_file():
        raise TrainingError(
            f"{folder} holds no finished run", "Finish it first: forensics train ... --resume"
        )
    record: dict[str, Any] = msgspec.json.decode(path.read_bytes())
    return record


def finished_net(folder: Path) -> tuple[TorchNet, dict[str, Any]]:
    """The net of a finished run with its best weights, and the run's record.

    Raises:
        TrainingError: the run is unfinished or damaged.
    """
    record = read_record(folder)
    net = build_net(record["settings"]["net"])
    net.load_state_dict(load(folder / BEST_NAME)["ema"])
    return net, record


def write_record(folder: Path, record: dict[str, Any]) -> None:
    """Writes what ``read_record`` reads."""
    (folder / RECORD_NAME).write_bytes(msgspec.json.format(msgspec.json.encode(record)))


def append_log(folder: Path, entry: dict[str, Any]) -> None:
    """Adds one line to the run's log."""
    with (folder / LOG_NAME).open("ab") as file:
        file.write(msgspec.json.encode(entry) + b"\n")


def _plain(value: object) -> Any:
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return str(value) if isinstance(value, Path) else value
