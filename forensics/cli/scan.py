"""``forensics scan``: examine files and folders."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from forensics.cli.fail_on import FailOn
from forensics.cli.scan_options import (
    LOCAL,
    USUAL_DETECTORS,
    Archives,
    Brief,
    CaseData,
    Crops,
    Detectors,
    ExecutorName,
    FollowLinks,
    Frames,
    Fusion,
    KnownLabels,
    Language,
    MatchPersons,
    Models,
    Ratios,
    Redact,
    RelativeTo,
    Reports,
    Ship,
    Workers,
    named_path,
    scan_settings,
)
from forensics.errors import PathError
from forensics.languages import chosen
from forensics.settings import DEFAULT_TIME_LIMIT_S, Profile


def scan(
    paths: Annotated[
        list[Path], typer.Argument(parser=named_path, metavar="PATH", help="Files and folders to examine.")
    ],
    reports: Reports = None,
    case: Annotated[
        Path | None,
        typer.Option(
            "--case", metavar="FILE", help="Case file: keeps every result; the same command resumes."
        ),
    ] = None,
    labels: KnownLabels = None,
    workers: Workers = None,
    frames: Frames = None,
    profile: Annotated[
        Profile,
        typer.Option(
            "--profile", help="examination: all in f32. triage: fewer frames, f32 only where in doubt."
        ),
    ] = Profile.EXAMINATION,
    detectors: Detectors = USUAL_DETECTORS,
    models: Models = None,
    crops: Crops = False,
    fusion: Fusion = None,
    time_limit_s: Annotated[
        float,
        typer.Option(
            "--time-limit",
            metavar="SECONDS",
            help="Give up on a file after this long; long recordings get more.",
        ),
    ] = DEFAULT_TIME_LIMIT_S,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Examine again the files on which the tool itself failed.")
    ] = False,
    rehash: Annotated[
        bool | None,
        typer.Option(
            "--rehash/--no-rehash",
            help="Hash again what the case has done, and examine it anew if it changed.",
            show_default="where an earlier run did not end in order",
        ),
    ] = None,
    follow_links: FollowLinks = False,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Show by occlusion what scores of faces rest on; costs time."),
    ] = False,
    sound_clips: Annotated[
        bool,
        typer.Option(
            "--sound-clips",
            help="Keep a few seconds of each voice, to be heard in the report: its strongest.",
        ),
    ] = False,
    match_persons: MatchPersons = False,
    archives: Archives = True,
    shard: Annotated[
        str | None,
        typer.Option(
            "--shard", metavar="K/N", help="Examine this share of the files alone; merge joins the cases."
        ),
    ] = None,
    executor: ExecutorName = LOCAL,
    ship: Ship = False,
    trust_list: Annotated[
        Path | None,
        typer.Option("--trust-list", metavar="FILE", help="Certificates (PEM) of trusted signers of C2PA."),
    ] = None,
    ratios: Ratios = False,
    fail_on: Annotated[
        FailOn | None, typer.Option("--fail-on", help="Exit with code 1 if there is such a file.")
    ] = None,
    relative_to: RelativeTo = None,
    redact: Redact = False,
    brief: Brief = False,
    case_info: CaseData = None,
    language: Language = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One line of JSON for each file on stdout.")
    ] = False,
) -> None:
    """Examine video, sound and pictures, and write a verdict for every file."""
    from forensics.cli.scan_account import scan_and_tell
    from forensics.workflows.scanning import ReportOptions

    settings = scan_settings(
        paths,
        workers=workers,
        detectors=detectors,
        models=models,
        frames=frames,
        crops=crops,
        case=case,
        profile=profile,
        time_limit_s=time_limit_s,
        follow_links=follow_links,
        fusion=fusion,
        explain=explain,
        archives=archives,
        shard=shard,
        trust_list=trust_list,
        sound_clips=sound_clips,
        match_persons=match_persons,
        executor=executor,
        ship=ship,
    )
    options = ReportOptions(
        tuple(reports or ()),
        labels,
        ratios,
        retry_failed=retry_failed,
        rehash=rehash,
        relative_to=relative_to,
        redact=redact,
        brief=brief,
        case_info=case_info,
        language=chosen(language),
    )
    done = scan_and_tell(settings, options, ("forensics", *sys.argv[1:]), as_json=as_json)
    if done.interrupted:
        raise typer.Exit(130)
    if fail_on is not None and fail_on.met_by(done.counts):
        raise typer.Exit(1)
    if done.unreachable:
        raise typer.Exit(PathError.exit_code)
