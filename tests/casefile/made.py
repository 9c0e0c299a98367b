"""Records made up for the tests of the case file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from forensics.casefile.case_file import CaseFile
from forensics.casefile.chain import FIRST_PREVIOUS_HASH, row_hash
from forensics.records.earlier_names import with_earlier_names
from forensics.records.exhibit_content import Picture
from forensics.records.findings import Abstention, AbstentionReason, Exhibit, ExhibitKind, Score, Span
from forensics.records.media import MediaFile, MediaKind
from forensics.records.scan_result import ModelUse, RunManifest, ScanResult
from forensics.records.subject import person
from forensics.records.verdict import Verdict, VerdictLabel

MODEL = ModelUse("face-b0", "1", "face", "f32", "a" * 64, "b" * 64, "c" * 64)


def manifest(**changes: object) -> RunManifest:
    made = RunManifest(
        run_id="0123456789abcdef",
        started_utc="2026-11-21T10:00:00+00:00",
        tool_version="0.1.0",
        command=("forensics", "scan", "clips"),
        profile="examination",
        policy="worst-subject/1",
        settings={"frames": "32", "workers": "1", "paths": "clips", "detectors": "face", "crops": "False"},
        models=(MODEL,),
        versions={"python": "3.11"},
        cpu="made",
        isa="avx2",
        platform="made",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def exhibit(caption: str = "frame at 1.0 s") -> Exhibit:
    return Exhibit(
        ExhibitKind.FRAME, Picture(b"\xff\xd8" + caption.encode()), caption, person(1), "strongest", 1.0, 0.9
    )


def result(
    path: str = "clips/a.mp4",
    *,
    manipulation_score: float = 0.9,
    exhibits: tuple[Exhibit, ...] = (),
    **media: object,
) -> ScanResult:
    known = MediaFile(path, 1000, "2026-11-20T10:00:00+00:00", "d" * 64, MediaKind.VIDEO)
    return ScanResult(
        media=replace(known, **media),  # type: ignore[arg-type]
        verdict=Verdict(
            VerdictLabel.SIGNS_OF_MANIPULATION, "A person shows signs.", "worst-subject/1", manipulation_score
        ),
        scores=(Score("face", "face-b0", person(1), Span(0.5, 0.5), 2.0, manipulation_score),),
        exhibits=exhibits,
        timings_s={"decode": 0.25},
    )


def failed(path: str = "clips/hangs.mp4") -> ScanResult:
    made = result(path)
    return ScanResult(
        media=made.media,
        verdict=Verdict(VerdictLabel.NOT_EXAMINED, "It gave no answer.", "worst-subject/1"),
        abstentions=(Abstention("scan", AbstentionReason.FAILED, "It gave no answer."),),
    )


def case_of_one_file(path: Path) -> Path:
    """Manifest, one result, and an end."""
    with CaseFile.create_or_resume(path) as opened:
        opened.begin_run(manifest(), 1)
        opened.add(result("a.mp4"))
        opened.finish({})
    return path


def case_of_four_rows(path: Path) -> Path:
    """Manifest, two results, the first with two exhibits, and an end."""
    with CaseFile.create_or_resume(path) as case:
        case.begin_run(manifest())
        case.add(result("clips/a.mp4", exhibits=(exhibit(), exhibit("crop at 1.0 s"))))
        case.add(result("clips/b.mp4", manipulation_score=0.1))
        case.finish({"SIGNS_OF_MANIPULATION": 2})
    return path


@contextmanager
def tampering(path: Path, *, leave_guards: bool = False) -> Iterator[sqlite3.Connection]:
    """A connection without the guards; they are put back as they were."""
    raw = sqlite3.connect(path)
    guards = raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in guards:
        raw.execute(f"DROP TRIGGER {name}")
    yield raw
    if not leave_guards:
        for _, sql in guards:
            raw.execute(sql)
    raw.commit()
    raw.close()


def as_before_places(path: Path) -> Path:
    """The same case as version 0.1.0 of November 2026 wrote it: no places, no count, earlier names."""
    with tampering(path) as raw:
        previous = FIRST_PREVIOUS_HASH
        for row_id, kind, payload in raw.execute("SELECT row_id, kind, payload FROM entries").fetchall():
            content = json.loads(payload)
            content.pop("n_files", None)
            if kind == "result":
                del content["result"]["media"]["place"]
            written = json.dumps(with_earlier_names(content), separators=(",", ":")).encode()
            previous = row_hash(previous, row_id, kind, written)
            raw.execute(
                "UPDATE entries SET payload = ?, row_hash = ? WHERE row_id = ?", (written, previous, row_id)
            )
    return path
