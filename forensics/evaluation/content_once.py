"""Identical files in figures: one content is one row, however many copies of it there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from forensics.evaluation.labels import Label
from forensics.records.scan_result import ScanResult
from forensics.records.verdict import VerdictLabel


def each_content_once(
    results: Iterable[ScanResult], labels: Mapping[str, Label]
) -> tuple[list[ScanResult], dict[str, Label], tuple[str, ...]]:
    """Results and labels without files that are copies of another one.

    Copies that different runs or shards examined, each for itself, are copies all the same. A copy's label
    stands for a content whose examined file has none. A content that is labelled pristine and manipulated has
    no label.

    Args:
        results: of a scan, see ``ScanResult.twin_of``.
        labels: by key.

    Returns:
        Results of one file for each content, their labels by key, and sentences on the rest.
    """
    scanned = list(results)
    first_of = _first_of(scanned)
    originals = [result for result in scanned if _original(result, first_of) == result.media.key]
    examined = {result.media.key for result in originals}
    once = dict(labels)
    n_copies, torn = 0, set()
    for copy in scanned:
        original = _original(copy, first_of)
        if original == copy.media.key:
            continue
        label = once.pop(copy.media.key, None)
        if label is None or original not in examined:
            continue
        n_copies += 1
        known = once.setdefault(original, label)
        if known.manipulated != label.manipulated:
            torn.add(original)
    kept = {key: label for key, label in once.items() if key not in torn}
    notes = tuple(_notes(n_copies, len(torn)))
    return originals, kept, notes


def _first_of(results: Iterable[ScanResult]) -> dict[str, str]:
    """SHA-256 to the key of the first file with that content that was examined itself."""
    first: dict[str, str] = {}
    # One that failed stands for a content only where all did.
    for result in sorted(results, key=lambda one: one.verdict.label is VerdictLabel.NOT_EXAMINED):
        if result.twin_of is None and result.media.sha256 is not None:
            first.setdefault(result.media.sha256, result.media.key)
    return first


def _original(result: ScanResult, first_of: Mapping[str, str]) -> str:
    """The key of the file whose result stands for this one's content."""
    own = result.media.key if result.twin_of is None else result.twin_of
    return first_of.get(result.media.sha256 or "", own)


def _notes(n_copies: int, n_torn: int) -> Iterator[str]:
    if n_copies:
        yield f"Labelled files that are copies of others, byte for byte: {n_copies}; a content counts once."
    if n_torn:
        yield f"Contents labelled both pristine and manipulated: {n_torn}; they are not counted."
