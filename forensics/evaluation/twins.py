"""Identical files in figures: one content is one row, however many copies of it there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from forensics.evaluation.labels import Label
from forensics.records.scan_result import ScanResult


def each_content_once(
    results: Iterable[ScanResult], labels: Mapping[str, Label]
) -> tuple[list[ScanResult], dict[str, Label], tuple[str, ...]]:
    """Results and labels without files that are copies of another one.

    A copy's label stands for a content whose examined file has none. A content that is labelled pristine and
    manipulated has no label.

    Args:
        results: of a scan, see ``ScanResult.twin_of``.
        labels: by key.

    Returns:
        Results of files that were examined themselves, their labels by key, and sentences on the rest.
    """
    scanned = list(results)
    examined = {result.media.key for result in scanned if result.twin_of is None}
    once = dict(labels)
    n_copies, torn = 0, set()
    for twin in (result for result in scanned if result.twin_of is not None):
        label = once.pop(twin.media.key, None)
        if label is None or twin.twin_of not in examined:
            continue
        n_copies += 1
        known = once.setdefault(twin.twin_of, label)
        if known.manipulated != label.manipulated:
            torn.add(twin.twin_of)
    kept = {key: label for key, label in once.items() if key not in torn}
    notes = tuple(_notes(n_copies, len(torn)))
    return [result for result in scanned if result.twin_of is None], kept, notes


def _notes(n_copies: int, n_torn: int) -> Iterator[str]:
    if n_copies:
        yield f"Labelled files that are copies of others, byte for byte: {n_copies}; a content counts once."
    if n_torn:
        yield f"Contents labelled both pristine and manipulated: {n_torn}; they are not counted."
