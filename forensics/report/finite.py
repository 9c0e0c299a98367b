"""Takes out what no chart and no schema can hold: numbers that are not finite."""

from __future__ import annotations

import math
from dataclasses import replace

from forensics.records.findings import Notice
from forensics.records.labelled_figures import Curve, LabelledFigures
from forensics.records.scan_result import ScanResult


def finite_result(result: ScanResult) -> ScanResult:
    """Without exhibits, which are loaded apart, hashes, descriptors, and scores that no chart can hold."""
    scores = tuple(
        one for one in result.scores if math.isfinite(one.logit) and math.isfinite(one.manipulation_score)
    )
    notices = result.notices
    if len(scores) < len(result.scores):
        lost = len(result.scores) - len(scores)
        notices = (
            *notices,
            Notice("report", f"{lost} scores were not finite numbers and are left out here."),
        )
    return replace(result, scores=scores, notices=notices, exhibits=(), hashes=None, descriptors=())


def finite_figures(one: LabelledFigures) -> LabelledFigures:
    """Without figures that are not defined, which a note names, and without infinite points of curves."""
    figures = tuple(figure for figure in one.figures if math.isfinite(figure.value))
    lost = [figure.name for figure in one.figures if not math.isfinite(figure.value)]
    notes = one.notes
    if lost:
        notes = (*notes, f"Not defined on these files: {', '.join(lost)}.")
    return replace(
        one, figures=figures, curves=tuple(_finite_curve(curve) for curve in one.curves), notes=notes
    )


def _finite_curve(curve: Curve) -> Curve:
    keep = [
        i
        for i, (x, y) in enumerate(zip(curve.x, curve.y, strict=True))
        if math.isfinite(x) and math.isfinite(y)
    ]
    return Curve(
        name=curve.name,
        x=tuple(curve.x[i] for i in keep),
        y=tuple(curve.y[i] for i in keep),
        weights=tuple(curve.weights[i] for i in keep) if curve.weights else (),
    )
