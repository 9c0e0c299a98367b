"""Figures that can be defended: labels in, figures with intervals, calibration and audits out.

Entries: ``labels.read_labels``, ``protocol.figures_for`` (results and labels to figures),
``ratios.ratio_figures`` (of likelihood ratios as reports state them), ``cards.as_metrics`` and
``cards.calibrated_card`` (into a model card), ``calibration``, ``thresholds``, ``likelihood`` and ``domain``
(the same fits on plain arrays), ``compare.compare``, ``audit.audit``.
Everything here measures what a scan said, through its results; nothing here runs a model.
"""
