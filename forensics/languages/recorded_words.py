"""Words and sentences of case files that no template of today's code has: single words, and earlier wordings.

Where a sentence of a case file is worded anew, its earlier wording moves here, so that old cases are told
as well.
"""

from __future__ import annotations

from typing import Final

SUBJECTS: Final = (
    "person {number}",
    "Person {number}",
    "stream {number}",
    "Stream {number}",
    "voice of speaker {number}",
    "Voice of speaker {number}",
    "The voice of speaker {number}",
    "voice of speaker {number} in {track}",
    "Voice of speaker {number} in {track}",
    "The voice of speaker {number} in {track}",
    "voice in {track}",
    "Voice in {track}",
    "voice",
    "file",
    "File",
    "The voice",
    "The voice in {track}",
)
"""How subjects are called (``records.subject``)."""

COUNTED: Final = (
    "{n} window",
    "{rate} frames/s",
    "{n} windows",
    "{n} clip",
    "{n} clips",
    "{n} score",
    "{n} scores",
    "{n} burst",
    "{n} bursts",
)
"""What the scores of detectors are of (``DetectorSpec.counted``)."""

KINDS: Final = ("video", "audio", "image", "Video stream {number}", "Audio stream {number}")
"""Of media and of streams."""

RUNS: Final = (
    "examination",
    "triage",
    "face",
    "container",
    "stills",
    "duplicates",
    "provenance",
    "hash",
    "probe",
    "decode",
    "faces",
    "score",
    "conclude",
    "face tracks",
    "face frames",
    "voice windows",
    "lips bursts",
    "sequence clips",
    "{detector} likelihood ratios",
    "lips",
    "sequence",
    "blink-pose",
    "landmarks",
    "speech",
    "unknown",
    "abstained",
    "nothing to score",
    "permission denied",
    "eyes",
    "yaw",
    "pitch",
    "roll",
    "signs of manipulation",
    "inconclusive",
    "no signs found",
    "Lips",
    "Blink-pose",
    "Provenance",
    "Tag",
    "earlier",
    "later",
    "before",
    "after",
    "pictures",
    "sound",
    "manipulated",
    "pristine",
)
"""Profiles, detectors, stages, scopes of figures, and words that stand for values within sentences."""

WHOLE: Final = (
    "In sound stream {index}, channel {name} of {n_channels} was examined, not the mix: {reason}",
    "In sound stream {index}, channels {names} of {n_channels} were examined, each by itself, not the mix: "
    "{reason}",
    "The file has {n} sound streams; examined, each by itself, are streams {examined}, not {left_out}",
    "The pictures were coded by {name}, a software encoder.",
    "The sound was coded by {name}, a software encoder.",
    "Encoder of the pictures",
    "Encoder of the sound",
    "There is one box of a private kind (uuid).",
    "There are {n} boxes of a private kind (uuid).",
    'Its verdict is "no signs found", that of the other is "signs of manipulation".',
    "{n} time",
    "{n} times",
    "{n} step",
    "{n} steps",
    "The pictures could not be decoded; the rest of the file was examined",
    "The sound could not be decoded; the rest of the file was examined",
    "{who} scores {score}: between the two thresholds.",
    "{who} scores {score}: at or below the threshold for no signs.",
    "{who} scores {score}, strongest at {moment}: at or above the threshold for signs of manipulation.",
    "{who} scores {score}: at or above the threshold for signs of manipulation.",
)
"""Sentences that the code puts together from parts."""
