"""Several cases into one, each with its own chain in it."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from forensics.casefile.case_file import CaseFile
from forensics.casefile.continuity import differences
from forensics.casefile.coverage import uncovered
from forensics.casefile.identity import Identity
from forensics.casefile.verification import VerificationReport
from forensics.errors import CaseFileError, SettingsError
from forensics.numerals import count_text
from forensics.records.scan_result import RunManifest

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of a merge.

    Attributes:
        n_files: files with a result in the new case.
        checked: the check of the new case, its parts included.
        notes: what a reader of the case has to know: shards that are missing, files in several parts, runs
            without an end, other versions of packages.
    """

    n_files: int
    checked: VerificationReport
    notes: tuple[str, ...]


def merge(parts: Sequence[Path], case: Path) -> Merged:
    """Joins cases into a new one; the chain of each is kept, and can be checked, in it.

    Args:
        parts: case files, which stay as they are.
        case: the new one.

    Raises:
        CaseFileError: a part was changed after it was written, holds nothing, or was scanned with models or
            settings that give other scores; or the new case cannot be written.
        SettingsError: a part is given twice, or the new case is there already.
    """
    _apart(parts, case)
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(CaseFile.open_read_only(part)) for part in parts]
        checks = [one.checked() for one in opened]
        _alike(parts, opened, checks)
        examined = [one.examined() for one in opened]
        notes = [*_files_in_several(examined), *_copies(examined), *_other_versions(parts, opened)]
        temporary = case.with_name(f".{case.name[:80]}.partial")
        temporary.unlink(missing_ok=True)
        try:
            with CaseFile.create_or_resume(temporary) as made:
                for one, name in zip(opened, parts, strict=True):
                    made.add_part(one, str(name))
            temporary.replace(case)
        except OSError as error:
            raise CaseFileError(
                f"{case} cannot be written: {error.strerror or error}", "Give another --case."
            ) from error
        finally:
            temporary.unlink(missing_ok=True)
    with CaseFile.open_read_only(case) as written:
        checked = written.checked()
        left_out = uncovered(written.manifests(), checked.runs)
        n_files = sum(1 for _ in written.results())
    unended = [run.text for run in checked.without_end]
    return Merged(n_files, checked, (*left_out, *notes, *unended))


def _apart(parts: Sequence[Path], case: Path) -> None:
    if case.exists():
        raise SettingsError(f"{case} is there already", "Give --case a new name: a merge makes a new case.")
    resolved = [part.resolve() for part in parts]
    for part, n in Counter(resolved).items():
        if n > 1:
            raise SettingsError(f"{part} is given {n} times", "Give each part once.")


def _alike(parts: Sequence[Path], opened: Sequence[CaseFile], checks: Sequence[VerificationReport]) -> None:
    """Makes sure that results of all parts can stand side by side."""
    first: RunManifest | None = None
    heads: dict[str, Path] = {}
    counts: dict[int, Path] = {}
    for path, case, checked in zip(parts, opened, checks, strict=True):
        if not checked.runs:
            raise CaseFileError(f"{path} holds no run", "Leave it out, or scan into it first.")
        if checked.head_hash in heads:
            raise SettingsError(f"{path} is a copy of {heads[checked.head_hash]}", "Give each part once.")
        heads[checked.head_hash] = path
        for manifest in case.manifests():
            first = first or manifest
            changed = differences(first, manifest)
            if changed:
                raise CaseFileError(
                    f"{path} was scanned otherwise than {parts[0]}: {'; '.join(changed)}",
                    "Results that were scored differently do not belong in one case: scan its files again.",
                )
            if manifest.shard is not None:
                counts.setdefault(manifest.shard.count, path)
    for (one, its), (other, whose) in pairwise(counts.items()):
        raise CaseFileError(
            f"{its} holds one of {one} shards and {whose} one of {other}",
            "Shards fit together where there are equally many of them: scan with one number.",
        )


def _files_in_several(examined: Sequence[Mapping[Identity, str | None]]) -> Iterator[str]:
    n_parts = Counter(place for files in examined for place in {place for place, _, _ in files})
    several = [place for place, n in n_parts.items() if n > 1]
    if several:
        named = ", ".join(several[:_MOST_NAMED])
        more = f" and {len(several) - _MOST_NAMED} more" if len(several) > _MOST_NAMED else ""
        yield (
            f"Files that are in more than one part: {named}{more}. Of the same content the result of the "
            "last part stands, of different contents each has its own"
        )


def _copies(examined: Sequence[Mapping[Identity, str | None]]) -> Iterator[str]:
    """Shards are cut by path, so that copies of a file can be in several: each part has examined its own."""
    contents: dict[str, tuple[int, set[str]]] = {}
    n_copies = 0
    for number, files in enumerate(examined):
        for (place, _, _), sha256 in files.items():
            if sha256 is None:
                continue
            first, places = contents.setdefault(sha256, (number, set()))
            n_copies += first != number and place not in places
            places.add(place)
    if n_copies:
        yield (
            f"{count_text(n_copies, 'file has', 'files have')} the content of a file in another part, byte "
            "for byte: each part examined its own, and figures count a content once"
        )


def _other_versions(parts: Sequence[Path], opened: Sequence[CaseFile]) -> Iterator[str]:
    first = opened[0].manifests()[0]
    for path, case in zip(parts[1:], opened[1:], strict=True):
        newest = case.manifests()[-1]
        before = first.versions | {"forensics": first.tool_version, "instruction sets": first.isa}
        after = newest.versions | {"forensics": newest.tool_version, "instruction sets": newest.isa}
        changed = [
            f"{name} {after.get(name) or 'none'} instead of {before.get(name) or 'none'}"
            for name in sorted(before.keys() | after.keys())
            if before.get(name) != after.get(name)
        ]
        if changed:
            yield f"{path} was scanned with {', '.join(changed)}: scores may differ in their last digits"
