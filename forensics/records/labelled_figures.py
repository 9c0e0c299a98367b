"""Figures of merit on labelled files, as ``evaluation`` computes them and ``report`` draws them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with its uncertainty.

    Attributes:
        name: ``auc``, ``average_precision``, ``eer``, ``ece`` ...
        n: rows that it rests on; abstentions are not among them.
        lower, upper: 95 % bootstrap interval, resampled by group; None where it cannot be had.
    """

    name: str
    value: float
    n: int
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True, slots=True)
class Curve:
    """A line to draw: ``roc``, ``precision_recall``, ``det``, ``tippett_pristine`` ...

    Attributes:
        weights: for a reliability curve, the rows per point; otherwise empty.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    weights: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts of verdicts by label: verdict label to count, for manipulated and for pristine files."""

    manipulated: dict[str, int]
    pristine: dict[str, int]


@dataclass(frozen=True, slots=True)
class LabelledFigures:
    """All figures of one scope (the files' fusion, the face model, the voice model, a subset).

    Attributes:
        scope: in words, for example ``file``, ``face``, ``voice``, ``file, method=FaceSwap``.
        n_manipulated, n_pristine: scored rows.
        n_abstained: labelled rows without a score, counted beside, never dropped silently.
        histogram_pristine, histogram_manipulated: counts in ``len`` equal bins of manipulation score [0, 1].
        subsets: rows by named part; the abstained by reason, for example ``abstained, NO_FACE`` to 3.
        support: of stated likelihood ratios, counts by label of what they support in the words of the
            ENFSI scale, for example ``moderate support for manipulated`` to 12.
        detector: whose scores these are; None for the files' verdicts and for comparisons.
        part: of which rows alone, as ``method=FaceSwap``; empty for all of them.
        of_ratios: of stated likelihood ratios, not of the scores themselves.
    """

    scope: str
    n_manipulated: int
    n_pristine: int
    n_abstained: int
    figures: tuple[Figure, ...] = ()
    curves: tuple[Curve, ...] = ()
    confusion: Confusion | None = None
    histogram_pristine: tuple[int, ...] = ()
    histogram_manipulated: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    subsets: dict[str, int] = field(default_factory=dict)
    support: Confusion | None = None
    detector: str | None = None
    part: str = ""
    of_ratios: bool = False
