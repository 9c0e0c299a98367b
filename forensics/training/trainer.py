"""The training loop: the same for every net and every backend, and exactly resumable.

Every step is a function of (seed, step number) and the state before it: the batch, the augmentation, the
dropout and the learning rate. So a checkpoint needs no generator states, and a run that was killed in
the middle of an epoch ends in the weights of an uninterrupted one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import msgspec
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from forensics.errors import TrainingError
from forensics.training.adversarial import RECIPES_WITH_PIXELS, robustness
from forensics.training.autotune import fastest_step_config
from forensics.training.backends import load_backend
from forensics.training.backends.backend import Backend, StepConfig
from forensics.training.data.samples import make_folder
from forensics.training.datasets import Datasets, open_datasets
from forensics.training.hypersphere import refuse_without_features
from forensics.training.initial import initialise
from forensics.training.kept import Head, keep
from forensics.training.loss import loss_of
from forensics.training.nets import build_net
from forensics.training.nets.torch_net import TorchNet
from forensics.training.page import write_page
from forensics.training.recipes import load_recipe
from forensics.training.recipes.recipe import Item
from forensics.training.teacher import Teacher
from forensics.training.training_run import (
    BEST_NAME,
    CHECKPOINT_NAME,
    TrainSettings,
    append_log,
    load,
    refuse_other_settings,
    save,
    write_record,
)
from forensics.training.validate import ValidationResult, logits_of, validate

_WARM_UP_SHARE = 0.1
_FINAL_SHARE_OF_RATE = 0.01


@dataclass(frozen=True, slots=True)
class Progress:
    """What a progress display may show after a step.

    Attributes:
        loss: smoothed training loss.
        samples_per_s: over the time since the last progress.
        validation: the newest one, None before the first.
    """

    step: int
    n_steps: int
    loss: float
    learning_rate: float
    samples_per_s: float
    validation: ValidationResult | None
    best_score: float


def train(
    settings: TrainSettings, *, resume: bool = False, on_progress: Callable[[Progress], None] | None = None
) -> dict[str, Any]:
    """Trains a net and leaves ``best.pt``, ``last.pt``, ``log.jsonl``, ``record.json`` and
    ``training.html`` in the run's folder.

    Args:
        settings: what to train on what.
        resume: go on from ``last.pt``.
        on_progress: called after every tenth step and every validation.

    Returns:
        The training record.

    Raises:
        TrainingError: data, net or run folder are unfit.
        BackendUnavailable: the backend is not usable here.
    """
    checkpoint = settings.out / CHECKPOINT_NAME
    if resume != checkpoint.exists():
        raise TrainingError(
            f"{settings.out} holds {'no run to resume' if resume else 'a run already'}",
            "Start without --resume." if resume else "Add --resume to go on with it, or give another --out.",
        )
    backend = load_backend(settings.backend)
    torch.manual_seed(settings.seed)
    net = build_net(settings.net)
    if settings.attack is not None and net.recipe not in RECIPES_WITH_PIXELS:
        raise TrainingError(
            f"--adversarial changes pixels of crops, and {settings.net} does not take crops as they are",
            "Leave it out for this net.",
        )
    if settings.hypersphere is not None:
        refuse_without_features(net, settings.net)
    streams = open_datasets(load_recipe(net.recipe), settings)
    state = load(checkpoint) if resume else None
    if state is not None:
        refuse_other_settings(settings, state["settings"])
        step_config = StepConfig(**state["layout"])
        initial = str(state["initial"])
    else:
        initial = initialise(net, settings.init)
        # One small layer has nothing to gain from another layout.
        step_config = (
            StepConfig("fp32", False) if settings.n_kept else fastest_step_config(backend, settings, net)
        )
    make_folder(settings.out)
    trainer = Trainer(settings, backend, step_config, net, initial)
    if state is not None:
        trainer.restore(state)
    if settings.n_kept:
        streams = replace(
            streams,
            train=keep(
                net,
                streams.train,
                settings.n_kept,
                settings.out,
                seed=settings.seed,
                n_loaders=settings.n_loaders,
                resume=resume,
            ),
        )
    trainer.run(streams, on_progress)
    record = trainer.write_record(streams)
    write_page(settings.out)
    return record


class Trainer:
    """One run's moving state: net, average, optimizer, step and best score."""

    def __init__(
        self, settings: TrainSettings, backend: Backend, step_config: StepConfig, net: TorchNet, initial: str
    ) -> None:
        self.settings = settings
        self.backend = backend
        self.step_config = step_config
        self.initial = initial
        decayed, plain = _by_decay(net)
        optimizer = torch.optim.AdamW(
            [
                {"params": decayed, "weight_decay": settings.weight_decay},
                {"params": plain, "weight_decay": 0.0},
            ],
            lr=settings.learning_rate,
        )
        self.net = net
        # What the loss sees: all of the net, or the part behind what was kept.
        self.learner = Head(net) if settings.n_kept else net
        self.model, self.optimizer = backend.prepare(self.learner, optimizer, step_config)
        self.teacher = (
            Teacher(settings.teacher, net.recipe, backend, step_config) if settings.teacher else None
        )
        self.average = build_net(settings.net).to(backend.device)
        self.average.load_state_dict(net.state_dict())
        self.step = 0
        self.best_score = -1.0
        self.n_worse = 0
        self.loss = math.nan
        self.validation: ValidationResult | None = None
        self.trained_s = 0.0

    def run(self, streams: Datasets, on_progress: Callable[[Progress], None] | None) -> None:
        """Steps to the end, or until no validation was better for ``patience`` of them."""
        settings = self.settings
        saved_at = reported_at = time.monotonic()
        n_since_report = 0
        for raw, label in _batches(streams.train, settings, self.step):
            started = time.monotonic()
            self._learn(raw, label)
            self.trained_s += time.monotonic() - started
            n_since_report += 1
            evaluate = self.step % settings.evaluate_every == 0 or self.step == settings.n_steps
            if evaluate:
                self._evaluate(streams)
            now = time.monotonic()
            if evaluate or now - saved_at > settings.checkpoint_every_s:
                save(self.state(), settings.out / CHECKPOINT_NAME)
                saved_at = time.monotonic()
            if on_progress and (evaluate or self.step % 10 == 0):
                speed = n_since_report * settings.batch_size / max(now - reported_at, 1e-9)
                on_progress(self._progress(speed))
                reported_at, n_since_report = time.monotonic(), 0
            if settings.patience and self.n_worse >= settings.patience:
                break

    def _learn(self, raw: Tensor, label: Tensor) -> None:
        settings = self.settings
        # Dropout and stochastic depth draw from torch's generator; seeding it by step makes them
        # repeatable from any checkpoint.
        torch.manual_seed(settings.seed * 1_000_003 + self.step)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(settings, self.step)
        self.model.train()
        loss = loss_of(
            self.model,
            self.learner,
            self.backend,
            self.step_config,
            raw,
            label,
            settings.label_smoothing,
            self.teacher,
            done=self.step / settings.n_steps,
            attack=settings.attack,
            hypersphere=settings.hypersphere,
        )
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), settings.gradient_norm)
        self.optimizer.step()
        self._follow()
        value = loss.item()
        if not math.isfinite(value):
            raise TrainingError(
                f"The loss is {value} at step {self.step}", "Lower --learning-rate or use --precision fp32."
            )
        self.loss = value if math.isnan(self.loss) else 0.98 * self.loss + 0.02 * value
        self.step += 1

    @torch.no_grad()
    def _follow(self) -> None:
        # The average warms up, so that the first steps do not dominate it.
        decay = min(self.settings.ema, (1 + self.step) / (10 + self.step))
        averaged = dict(self.average.named_parameters())
        pairs = [(averaged[name], value) for name, value in self.net.named_parameters()]
        torch._foreach_lerp_([a for a, _ in pairs], [b.detach() for _, b in pairs], 1 - decay)
        buffers = dict(self.average.named_buffers())
        for name, value in self.net.named_buffers():
            buffers[name].copy_(value)

    def _evaluate(self, streams: Datasets) -> None:
        logits = logits_of(
            self.average,
            streams.validation,
            batch_size=self.settings.batch_size,
            n_loaders=self.settings.n_loaders,
        )
        self.validation = validate(logits, streams.validation_samples)
        self.n_worse += 1
        if self.validation.score > self.best_score:
            self.best_score, self.n_worse = self.validation.score, 0
            save({"ema": self.average.state_dict(), "step": self.step}, self.settings.out / BEST_NAME)
        append_log(
            self.settings.out,
            {
                "step": self.step,
                "training_loss": self.loss,
                "trained_s": self.trained_s,
                **asdict(self.validation),
            },
        )

    def _progress(self, samples_per_s: float) -> Progress:
        return Progress(
            step=self.step,
            n_steps=self.settings.n_steps,
            loss=self.loss,
            learning_rate=learning_rate(self.settings, self.step),
            samples_per_s=samples_per_s,
            validation=self.validation,
            best_score=self.best_score,
        )

    def state(self) -> dict[str, Any]:
        """Everything that the next step depends on."""
        return {
            "settings": self.settings.as_record(),
            "layout": asdict(self.step_config),
            "initial": self.initial,
            "net": self.net.state_dict(),
            "ema": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "best_score": self.best_score,
            "n_worse": self.n_worse,
            "loss": self.loss,
            "trained_s": self.trained_s,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Takes over a checkpoint made by ``state``."""
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["ema"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.best_score, self.n_worse = state["step"], state["best_score"], state["n_worse"]
        self.loss, self.trained_s = state["loss"], state["trained_s"]

    def write_record(self, streams: Datasets) -> dict[str, Any]:
        """Writes and returns ``record.json``: what was trained how, on what, and what came of it."""
        best = load(self.settings.out / BEST_NAME)
        record = {
            "settings": self.settings.as_record(),
            "backend": self.backend.describe() | {"layout": str(self.step_config)},
            "initial_weights": self.initial,
            "contract": msgspec.to_builtins(streams.contract),
            "n_validation": len(streams.validation_samples),
            "steps_done": self.step,
            "trained_s": self.trained_s,
            "best_step": best["step"],
            "best_score": self.best_score,
        }
        if self.settings.attack is not None:
            self.average.load_state_dict(best["ema"])
            record["robustness"] = robustness(
                self.average,
                streams.validation,
                [sample.manipulated for sample in streams.validation_samples],
                self.settings.epsilon,
                batch_size=self.settings.batch_size,
                seed=self.settings.seed,
            ).as_record()
        write_record(self.settings.out, record)
        return record


def learning_rate(settings: TrainSettings, step: int) -> float:
    """One cycle: linear warm-up over a tenth of the steps, then a cosine to a hundredth of the peak."""
    warm_up = max(1, round(settings.n_steps * _WARM_UP_SHARE))
    if step < warm_up:
        return settings.learning_rate * (step + 1) / warm_up
    done = min(1.0, (step - warm_up) / max(1, settings.n_steps - warm_up))
    share = _FINAL_SHARE_OF_RATE + (1 - _FINAL_SHARE_OF_RATE) * (1 + math.cos(math.pi * done)) / 2
    return settings.learning_rate * share


def _by_decay(net: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    decayed = [value for value in net.parameters() if value.ndim > 1]
    plain = [value for value in net.parameters() if value.ndim <= 1]
    return decayed, plain


def _batches(
    data: Dataset[Item], settings: TrainSettings, first_step: int
) -> Iterator[tuple[Tensor, Tensor]]:
    positions = range(first_step * settings.batch_size, settings.n_steps * settings.batch_size)
    yield from DataLoader(
        data,
        batch_size=settings.batch_size,
        sampler=positions,
        num_workers=settings.n_loaders,
        prefetch_factor=4 if settings.n_loaders else None,
    )
