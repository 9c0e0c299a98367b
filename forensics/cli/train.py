"""``forensics train``: train a net on prepared data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forensics.cli.training_packages import require

if TYPE_CHECKING:
    from forensics.training.trainer import Progress


def train(
    data: Annotated[
        list[Path], typer.Option("--data", metavar="FOLDER", help="Prepared data set. Repeatable.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="RUN", help="The run's folder.")],
    net: Annotated[
        str, typer.Option("--net", metavar="NET", help="Architecture of the net.")
    ] = "efficientnet-autoatt-b4",
    backend: Annotated[
        str, typer.Option("--backend", metavar="NAME", help="auto, ipex, onednn or cuda.")
    ] = "auto",
    precision: Annotated[
        str, typer.Option("--precision", metavar="NAME", help="auto, bf16 or fp32.")
    ] = "auto",
    init: Annotated[
        str, typer.Option("--init", metavar="WHAT", help="imagenet, none, or a file of weights.")
    ] = "imagenet",
    resume: Annotated[bool, typer.Option("--resume", help="Continue the run in --out.")] = False,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Seed of every random choice.")] = 20,
    steps: Annotated[
        int, typer.Option("--steps", metavar="N", help="Training steps, one batch each.")
    ] = 5000,
    batch_size: Annotated[
        int, typer.Option("--batch-size", metavar="N", help="Samples per batch, half of them pristine.")
    ] = 48,
    size_px: Annotated[int, typer.Option("--size", metavar="PX", help="Side of the square input.")] = 128,
    learning_rate: Annotated[
        float, typer.Option("--learning-rate", metavar="X", help="Peak of the one-cycle schedule.")
    ] = 8e-4,
    pseudo_fakes: Annotated[
        float,
        typer.Option(
            "--pseudo-fakes", metavar="SHARE", help="Share of manipulated samples made from pristine ones."
        ),
    ] = 0.4,
    landmarks: Annotated[
        Path | None,
        typer.Option(
            "--landmarks",
            metavar="FILE",
            help="Landmark model (face-landmarks/model.xml): pseudo-fakes follow or change the face.",
        ),
    ] = None,
    teacher: Annotated[
        Path | None,
        typer.Option(
            "--teacher", metavar="RUN", help="Finished run whose scores are learned along with the labels."
        ),
    ] = None,
    weight_decay: Annotated[
        float, typer.Option("--weight-decay", metavar="X", help="Weight decay of AdamW; biases have none.")
    ] = 0.02,
    ema: Annotated[
        float, typer.Option("--ema", metavar="X", help="Decay of the averaged weights, which are exported.")
    ] = 0.999,
    patience: Annotated[
        int,
        typer.Option(
            "--patience", metavar="N", help="Stop after N validations without a better one; 0: never."
        ),
    ] = 0,
    evaluate_every: Annotated[
        int, typer.Option("--evaluate-every", metavar="N", help="Steps between validations.")
    ] = 500,
    keep: Annotated[
        int,
        typer.Option(
            "--keep",
            metavar="N",
            help="Items that pass the net's frozen part once and are kept; 0: none.",
        ),
    ] = 0,
    adversarial: Annotated[
        str,
        typer.Option(
            "--adversarial",
            metavar="NAME",
            help="fgsm or pgd: half of the loss is of crops changed to mislead the net.",
            show_default="none",
        ),
    ] = "",
    epsilon: Annotated[
        float, typer.Option("--epsilon", metavar="X", help="Largest such change of a pixel, in grey levels.")
    ] = 2.0,
    attack_steps: Annotated[
        int, typer.Option("--attack-steps", metavar="N", help="Steps of pgd; each costs a pass of the net.")
    ] = 3,
    alignment: Annotated[
        float,
        typer.Option(
            "--alignment", metavar="X", help="Weight in the loss of how far features of one label lie apart."
        ),
    ] = 0.0,
    uniformity: Annotated[
        float,
        typer.Option(
            "--uniformity", metavar="X", help="Weight in the loss of how unevenly features lie on the sphere."
        ),
    ] = 0.0,
    smoothed: Annotated[
        float,
        typer.Option(
            "--smoothed",
            metavar="SHARE",
            help="Share of the pairs of crops whose skin is smoothed, pristine and manipulated alike.",
        ),
    ] = 0.0,
    cut_outs: Annotated[
        float,
        typer.Option(
            "--cut-outs",
            metavar="SHARE",
            help="Share of the pairs of crops put on another ground, pristine and manipulated alike.",
        ),
    ] = 0.0,
    loaders: Annotated[
        int | None,
        typer.Option(
            "--loaders",
            metavar="N",
            help="Processes that load and augment; their number changes no result.",
            show_default="by the number of cores",
        ),
    ] = None,
) -> None:
    """Train a net; keep the weights that do best on validation rows. Resumes exactly after a kill."""
    require("torch", "timm")
    from forensics.cli.progress import StepProgress
    from forensics.training.adversarial import Robustness
    from forensics.training.backends import usual_loaders
    from forensics.training.page import PAGE_NAME
    from forensics.training.trainer import train as run
    from forensics.training.training_run import TrainSettings

    settings = TrainSettings(
        net=net,
        data=tuple(data),
        out=out,
        backend=backend,
        precision=precision,
        init=init,
        seed=seed,
        n_steps=steps,
        batch_size=batch_size,
        size_px=size_px,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        ema=ema,
        pseudo_fakes=pseudo_fakes,
        landmarks=landmarks,
        teacher=teacher,
        patience=patience,
        evaluate_every=evaluate_every,
        n_loaders=usual_loaders(backend) if loaders is None else loaders,
        n_kept=keep,
        adversarial=adversarial,
        epsilon=epsilon,
        attack_steps=attack_steps,
        alignment=alignment,
        uniformity=uniformity,
        smoothed=smoothed,
        cut_outs=cut_outs,
    )
    with StepProgress("trained") as shown:
        record = run(
            settings,
            resume=resume,
            on_progress=lambda progress: shown.show(progress.step, progress.n_steps, _words(progress)),
        )
    ran = record["backend"]
    typer.echo(
        f"{record['steps_done']} steps on {ran['backend']}, {ran['layout']}, from {record['initial_weights']}"
    )
    typer.echo(f"best at step {record['best_step']}: mean validation AUC {record['best_score']:.3f}")
    if "robustness" in record:
        typer.echo(f"robustness: {Robustness(**record['robustness'])}")
    typer.echo(f"curves and record: {out / PAGE_NAME}")
    typer.echo(f"Next: forensics export {out} --out MODEL")


def _words(progress: Progress) -> str:
    words = f"steps, loss {progress.loss:.3f}, {progress.samples_per_s:.1f} samples/s"
    newest = progress.validation
    if newest is None:
        return words
    aucs = " ".join(f"{origin} {value:.3f}" for origin, value in newest.auc.items())
    return f"{words}, validation AUC {aucs}, best mean {progress.best_score:.3f}"
