"""Figures that can be defended: labels in, figures with intervals, calibration and audits out.

Obvious entries: ``protocol.figures_for`` (results and labels to figures), ``cards.as_metrics`` (figures to a
model card), ``calibration.fit_calibration`` and ``fit_thresholds``, ``compare.compare``, ``audit.audit``.
Everything here measures what a scan said, through its results; nothing here runs a model.
"""
