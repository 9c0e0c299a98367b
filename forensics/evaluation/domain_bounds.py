"""Fits the ranges of measured properties that a model card stores as its domain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from forensics.evaluation.labels import Label
from forensics.evaluation.resampling import Floats
from forensics.records.model_card import Domain
from forensics.records.scan_result import ScanResult

_MIN_ROWS = 20


def fit_domain(properties: Mapping[str, Sequence[float] | Floats]) -> Domain:
    """The 1st to 99th percentile of each measured property; without those that vary not or rarely are had.

    Ready-made crops of one size, for example, say nothing of how small a face the model can take.

    Args:
        properties: name to values; fewer than 20 are too few.
    """
    ranges = {}
    for name, values in properties.items():
        measured = np.asarray(values, dtype=np.float64)
        measured = measured[np.isfinite(measured)]
        if measured.size >= _MIN_ROWS:
            lowest, highest = np.percentile(measured, [1, 99])
            if lowest < highest:
                ranges[name] = (float(lowest), float(highest))
    return Domain(ranges)


def measured_domain(results: Iterable[ScanResult], labels: Mapping[str, Label], detector: str) -> Domain:
    """The ranges of everything that a detector measured on the subjects of labelled files."""
    values: dict[str, list[float]] = {}
    for result in results:
        if result.media.key in labels:
            for one in result.properties:
                if one.detector == detector:
                    for name, value in one.values.items():
                        values.setdefault(name, []).append(value)
    return fit_domain(values)
