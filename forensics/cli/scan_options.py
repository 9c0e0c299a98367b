"""Options that several commands share, so that they are called and explained alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from forensics.detectors import DEFAULT_DETECTORS, IDENTITY_DETECTORS
from forensics.detectors import USUAL_DETECTORS as USUAL
from forensics.languages import ENGLISH, LANGUAGES, VARIABLE
from forensics.settings import DEFAULT_TIME_LIMIT_S, Profile, ScanSettings, Shard

LOCAL = "local"
Reports = Annotated[
    list[Path] | None,
    typer.Option(
        "--report",
        metavar="FILE",
        help="Report to write; .html, .pdf, .json, .csv, .sarif, .jsonld or .xml. Repeatable.",
    ),
]


def named_path(text: str) -> Path:
    """A path as it was typed; an empty one is most often a shell variable that was never set.

    Raises:
        typer.BadParameter: the text is empty, which would stand for the current folder.
    """
    if not text:
        raise typer.BadParameter("an empty path was given; for the current folder give a dot")
    return Path(text)


KnownLabels = Annotated[
    Path | None,
    typer.Option("--labels", metavar="FILE", help="Known labels: a CSV (path,label) or a metadata.json."),
]
Labels = Annotated[
    Path | None,
    typer.Option(
        "--labels",
        metavar="FILE",
        help="A CSV (path,label[,group,method,split]) or a metadata.json.",
        show_default="folders called real and fake",
    ),
]
Split = Annotated[
    str | None, typer.Option("--split", metavar="NAME", help="Use only the rows of this split.")
]
Models = Annotated[
    list[str] | None,
    typer.Option("--model", metavar="MODEL", help="A model's or ensemble's id or folder, not what ships."),
]
SCORING_DETECTORS = ",".join(DEFAULT_DETECTORS)
USUAL_DETECTORS = ",".join(USUAL)
Detectors = Annotated[
    str, typer.Option("--detectors", metavar="NAMES", help="Detectors to run, separated by commas.")
]
Fusion = Annotated[
    str | None,
    typer.Option(
        "--fusion",
        metavar="FUSION",
        help="What adds up the detectors' scores: an id or folder, or worst-subject for none.",
        show_default="what ships, else worst-subject",
    ),
]
Frames = Annotated[
    int | None,
    typer.Option(
        "--frames",
        metavar="N",
        help="Frames per video, spread over the whole clip.",
        show_default=f"{Profile.EXAMINATION.frames}, or {Profile.EXAMINATION.frames_per_s:g} a second; "
        f"in a triage {Profile.TRIAGE.frames}",
    ),
]
Crops = Annotated[
    bool, typer.Option("--crops", help="Pictures are ready-made face crops and are scored whole.")
]
MatchPersons = Annotated[
    bool,
    typer.Option(
        "--match-persons",
        help="Find people who look alike in several files. This is biometric identification: make sure that "
        "you may. The case file then holds descriptors of faces.",
    ),
]
Workers = Annotated[
    int | None, typer.Option("--workers", metavar="N", help="Processes.", show_default="one per core")
]
ExecutorName = Annotated[
    str,
    typer.Option("--executor", metavar="NAME", help="Whose processes: local, ray, or ray://HEAD."),
]
Ship = Annotated[
    bool, typer.Option("--ship", help="Send files to the machines of ray; else they find them themselves.")
]
Ratios = Annotated[
    bool, typer.Option("--lr", help="State likelihood ratios, as far as the validation data support them.")
]

FollowLinks = Annotated[
    bool,
    typer.Option("--follow-links", help="Follow links that lead out of the folders that were named."),
]
Archives = Annotated[
    bool,
    typer.Option(
        "--archives/--no-archives", help="Look into zip and tar files and disk images, within limits."
    ),
]
RelativeTo = Annotated[
    Path | None,
    typer.Option(
        "--relative-to", metavar="FOLDER", help="Reports show paths in this folder without its own path."
    ),
]
CaseData = Annotated[
    Path | None,
    typer.Option(
        "--case-info",
        metavar="FILE",
        help="Case data (TOML): case number, examiner, exhibits and the like; recorded in the case.",
    ),
]
Brief = Annotated[
    bool,
    typer.Option("--brief", help="Draw HTML or PDF for print: three pages for the case, one for each file."),
]
_BY_VARIABLE = f"what {VARIABLE} says, else {ENGLISH}"
Language = Annotated[
    str | None,
    typer.Option(
        "--language",
        metavar="CODE",
        help=f"Language of HTML and PDF: {', '.join(LANGUAGES)}.",
        show_default=_BY_VARIABLE,
    ),
]
PageLanguage = Annotated[
    str | None,
    typer.Option(
        "--language",
        metavar="CODE",
        help=f"Language of the page and of reports: {', '.join(LANGUAGES)}.",
        show_default=_BY_VARIABLE,
    ),
]
Redact = Annotated[
    bool, typer.Option("--redact", help="Reports with frames blurred, and without faces, sound and folders.")
]


def scan_settings(
    paths: Sequence[Path],
    *,
    workers: int | None,
    detectors: str,
    models: Sequence[str] | None,
    frames: int | None,
    crops: bool,
    case: Path | None = None,
    profile: Profile = Profile.EXAMINATION,
    time_limit_s: float = DEFAULT_TIME_LIMIT_S,
    follow_links: bool = False,
    fusion: str | None = None,
    explain: bool = False,
    archives: bool = True,
    shard: str | None = None,
    trust_list: Path | None = None,
    sound_clips: bool = False,
    match_persons: bool = False,
    executor: str = LOCAL,
    ship: bool = False,
) -> ScanSettings:
    """Settings from options as they were typed.

    Args:
        workers: None takes one per core that may be used, of this machine or of the cluster.
        detectors: names with commas between.
        match_persons: run what compares people's faces, too.
        shard: as ``3/16``.

    Raises:
        SettingsError: a value is out of its range.
    """
    named = [name.strip() for name in detectors.split(",") if name.strip()] or [""]
    if match_persons:
        named += [name for name in IDENTITY_DETECTORS if name not in named]
    return ScanSettings(
        paths=tuple(paths),
        case=case,
        workers=workers,
        frames=frames,
        profile=profile,
        detectors=tuple(named),
        crops=crops,
        time_limit_s=time_limit_s,
        models=tuple(models or ()),
        follow_links=follow_links,
        fusion=fusion,
        explain=explain,
        archives=archives,
        shard=None if shard is None else Shard.parse(shard),
        trust_list=trust_list,
        sound_clips=sound_clips,
        executor=executor,
        ship=ship,
    )
