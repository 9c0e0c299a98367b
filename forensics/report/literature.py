"""Where the methods of a report are published."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from forensics.report.view import ReportView

HASHING: Final = "NIST: Secure Hash Standard (SHS). FIPS PUB 180-4, 2015."
BOOTSTRAP: Final = "B. Efron and R. Tibshirani: An Introduction to the Bootstrap. Chapman and Hall, 1993."
CALIBRATION: Final = (
    "J. Platt: Probabilistic outputs for support vector machines and comparisons to regularized likelihood "
    "methods. In: Advances in Large Margin Classifiers, MIT Press, 1999."
)
ISOTONIC: Final = (
    "B. Zadrozny and C. Elkan: Transforming classifier scores into accurate multiclass probability "
    "estimates. KDD 2002."
)
RATIOS: Final = (
    "ENFSI Guideline for Evaluative Reporting in Forensic Science, version 3.0. European Network of Forensic "
    "Science Institutes, 2015."
)
RATIO_COSTS: Final = (
    "N. Brümmer and J. du Preez: Application-independent evaluation of speaker detection. Computer Speech "
    "and Language 20, 2006."
)
REPORTING: Final = "ISO 21043-5:2025, Forensic sciences, Part 5: Reporting."

# By the name of a net, as cards call it.
_NETS: Final = {
    "efficientnet-autoatt-b4": (
        "N. Bonettini et al.: Video face manipulation detection through ensemble of CNNs. ICPR 2020.",
        "M. Tan and Q. V. Le: EfficientNet: Rethinking model scaling for convolutional neural networks. "
        "ICML 2019.",
    ),
    "efficientnetv2-b0-autoatt": (
        "N. Bonettini et al.: Video face manipulation detection through ensemble of CNNs. ICPR 2020.",
        "M. Tan and Q. V. Le: EfficientNetV2: Smaller models and faster training. ICML 2021.",
    ),
    "whisper-voice": (
        "A. Radford et al.: Robust speech recognition via large-scale weak supervision. ICML 2023.",
    ),
}


def references(view: ReportView) -> list[str]:
    """The literature of the methods that the runs of this report used, each once."""
    return list(dict.fromkeys(_references(view)))


def _references(view: ReportView) -> Iterable[str]:
    yield REPORTING
    yield HASHING
    for spec in view.asked:
        yield from spec.references
    for card in view.cards:
        yield from _NETS.get(card.net, ())
    if any(card.calibration for card in view.cards):
        yield CALIBRATION
    if any(card.calibration and card.calibration.knots for card in view.cards):
        yield ISOTONIC
    yield BOOTSTRAP
    if view.ratios:
        yield RATIOS
        yield RATIO_COSTS
