"""From a net, or the nets of an ensemble, to scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from forensics.engines.ensemble import EnsembleNet
from forensics.engines.net import Net, NetOutput
from forensics.records.findings import MemberScore, Score, Span
from forensics.records.subject import Subject


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a net said of one input.

    Attributes:
        logit: before calibration.
        map: float32[h, w], see ``NetOutput``; of an ensemble, that of the member that weighs most.
        members: of an ensemble, the members' own logits.
    """

    logit: float
    map: npt.NDArray[np.float32]
    members: tuple[float, ...] = ()


def opinions(net: Net, batch_for: Callable[[Net], npt.NDArray[Any]]) -> list[Opinion]:
    """Runs a batch through a net, or through every member of an ensemble.

    Args:
        net: a net or an ensemble of nets.
        batch_for: the batch as a single net takes it; members may take faces that are cut differently.
    """
    if not isinstance(net, EnsembleNet):
        output = inferred(net, batch_for(net))
        return [Opinion(*row) for row in zip(output.logits.tolist(), output.maps, strict=True)]
    outputs = [inferred(member, batch_for(member)) for member in net.members]
    whole = net.combined(outputs)
    alone = zip(*(output.logits.tolist() for output in outputs), strict=True)
    return [Opinion(*row) for row in zip(whole.logits.tolist(), whole.maps, alone, strict=True)]


def inferred(net: Net, batch: npt.NDArray[Any]) -> NetOutput:
    """Runs a batch; where the contract says so, mirrored as well, and the logits are averaged.

    Args:
        net: a single net.
        batch: uint8[N, ..., S, S, 3] RGB, or float32[N, samples], which is never mirrored.
    """
    output = net.infer(batch)
    if not net.card.contract.flip:
        return output
    mirrored = net.infer(batch[..., ::-1, :])
    return NetOutput((output.logits + mirrored.logits) / np.float32(2), output.maps)


def score_of(net: Net, detector: str, subject: Subject, span: Span, opinion: Opinion) -> Score:
    """What a net said of one crop or window.

    Args:
        net: that gave the opinion.
        detector: name in the table of detectors.
        subject: who or what was looked at.
        span: where in the file.
        opinion: of ``opinions``.
    """
    members = net.members if isinstance(net, EnsembleNet) else ()
    return Score(
        detector=detector,
        model=net.card.id,
        subject=subject,
        span=span,
        logit=opinion.logit,
        manipulation_score=net.card.manipulation_score(opinion.logit),
        precision=net.precision,
        members=tuple(
            MemberScore(member.card.id, logit, member.card.manipulation_score(logit))
            for member, logit in zip(members, opinion.members, strict=True)
        ),
    )
