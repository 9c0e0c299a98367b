"""What was and was not examined of one file: streams, frames, seconds, and what each detector did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from forensics.detectors import DETECTORS, described
from forensics.numerals import count_text, duration_text
from forensics.records.detector_spec import DetectorSpec, Input
from forensics.records.findings import AbstentionReason
from forensics.records.media import MIX, MediaKind, StreamInfo, StreamKind
from forensics.records.scan_result import ScanResult
from forensics.records.subject import VOICE_OF_FILE, Subject
from forensics.records.verdict import VerdictLabel
from forensics.report.report_words import WHY_WORDS

_MOST_SUBJECTS: Final = 6
# Less than this is how containers round, and no missing part.
_LEAST_MISSING_S: Final = 0.5
_LEAST_MISSING_SHARE: Final = 0.02
_READING_STAGES: Final = ("find", "hash", "probe", "decode")


@dataclass(frozen=True, slots=True)
class ExaminedPart:
    """One line of the account.

    Attributes:
        kind: ``stream``, ``detector`` or ``damage``.
        examined, not_examined: sentences; empty where there is nothing to say.
    """

    kind: str
    name: str
    examined: str
    not_examined: str


def account_of(result: ScanResult, asked: Sequence[str]) -> tuple[ExaminedPart, ...]:
    """What was and was not examined of a file.

    Args:
        asked: names of the detectors of the runs.
    """
    return (*_streams(result), *_detectors(result, asked), *_damage(result))


def _streams(result: ScanResult) -> Iterator[ExaminedPart]:
    for stream in result.media.streams:
        if stream.kind is StreamKind.AUDIO:
            examined, not_examined = _of_sound(stream, result)
        elif result.media.kind is MediaKind.IMAGE:
            examined, not_examined = _of_still(stream)
        else:
            examined, not_examined = _of_film(stream, result)
        yield ExaminedPart("stream", _named(stream), examined, not_examined)
    if not result.media.streams:
        yield ExaminedPart("stream", "Streams", "", "No stream of pictures or sound could be read.")


def _named(stream: StreamInfo) -> str:
    said = [f"Stream {stream.index}: {stream.kind.value}", stream.codec]
    if stream.width_px and stream.height_px:
        said.append(f"{stream.width_px} \N{MULTIPLICATION SIGN} {stream.height_px} px")
    if stream.rate_hz:
        said.append(f"{stream.rate_hz / 1000:g} kHz")
    if stream.n_channels:
        said.append(count_text(stream.n_channels, "channel", "channels"))
    return ", ".join(one for one in said if one)


def _of_film(stream: StreamInfo, result: ScanResult) -> tuple[str, str]:
    if stream.is_cover:
        return "", "A single picture beside the film is not examined."
    n_chosen = len(stream.chosen_frames)
    if not n_chosen:
        # Cases of earlier versions do not say which.
        examined = "Which of its frames were examined is not recorded." if result.tracks else ""
        return examined, "" if examined else "No frame was examined."
    n_all = stream.n_frames_from_content or stream.n_frames_from_header
    length = duration_text(stream.duration_from_content_s)
    if n_all is None:
        examined = f"{count_text(n_chosen, 'frame was', 'frames were')} examined."
        return examined, "How many more frames there are is not known."
    over = f", spread over {length}" if length else ""
    examined = f"{n_chosen:,} of {count_text(n_all, 'frame was', 'frames were')} examined{over}."
    n_left = n_all - n_chosen
    return examined, f"{count_text(n_left, 'frame', 'frames')} between them." if n_left > 0 else ""


def _of_still(stream: StreamInfo) -> tuple[str, str]:
    if stream.chosen_frames or stream.n_frames_from_content:
        return "The whole picture was examined.", ""
    return "", "The picture was not examined."


def _of_sound(stream: StreamInfo, result: ScanResult) -> tuple[str, str]:
    length = duration_text(stream.duration_from_content_s)
    over = f" over {length}" if length else ""
    if not stream.heard:
        scored = any(Input.SOUND in described(score.detector).inputs for score in result.scores)
        examined = "How much of its sound was examined is not recorded." if scored else ""
        return examined, "" if examined else "No sound of this stream was examined."
    if stream.heard == (MIX,):
        return f"The sound was examined{over}, all channels mixed to one.", ""
    return f"The channels {', '.join(stream.heard)} were examined{over}, each by itself.", ""


def _detectors(result: ScanResult, asked: Sequence[str]) -> Iterator[ExaminedPart]:
    silent = result.verdict.label is VerdictLabel.NOT_EXAMINED and not result.media.streams
    if result.twin_of is not None:
        yield ExaminedPart(
            "detector", "Detectors", "They examined the identical file that is named above.", ""
        )
        return
    for name in asked:
        spec = described(name)
        examined = _scored(result, spec)
        abstained = " ".join(_abstained(result, name))
        if not examined and not abstained:
            examined, abstained = ("", "It did not run.") if silent else (_noted(result, name), "")
        yield ExaminedPart("detector", spec.title, examined, abstained)
    unasked = [spec.title for name, spec in DETECTORS.items() if name not in asked]
    if unasked:
        yield ExaminedPart("detector", "Not asked for", "", f"{', '.join(unasked)}.")


def _scored(result: ScanResult, spec: DetectorSpec) -> str:
    counts: dict[Subject, int] = {}
    for score in result.scores:
        if score.detector == spec.name:
            counts[score.subject] = counts.get(score.subject, 0) + 1
    if not counts:
        return ""
    said = [f"{subject} ({spec.counted(n)})" for subject, n in counts.items()]
    more = f" and {len(said) - _MOST_SUBJECTS} more" if len(said) > _MOST_SUBJECTS else ""
    return f"Scored: {', '.join(said[:_MOST_SUBJECTS])}{more}."


def _abstained(result: ScanResult, name: str) -> Iterator[str]:
    whose: dict[AbstentionReason, list[str]] = {}
    for one in result.abstentions:
        if one.detector == name:
            # Of the file's one voice nobody needs to be told that it is the voice.
            subject = "" if one.subject in (None, VOICE_OF_FILE) else str(one.subject)
            whose.setdefault(one.why, []).append(subject)
    for why, subjects in whose.items():
        named = [subject for subject in dict.fromkeys(subjects) if subject]
        more = f" and {len(named) - _MOST_SUBJECTS} more" if len(named) > _MOST_SUBJECTS else ""
        of = f" ({', '.join(named[:_MOST_SUBJECTS])}{more})" if named else ""
        if why is AbstentionReason.NO_AUDIO:
            yield "There is no sound to examine."
        else:
            yield f"{WHY_WORDS[why]}{of}."


def _noted(result: ScanResult, name: str) -> str:
    n_notes = sum(notice.stage == name for notice in result.notices)
    if n_notes:
        return f"It looked and noted {count_text(n_notes, 'thing', 'things')}."
    return "It looked and had nothing to note."


def _damage(result: ScanResult) -> Iterator[ExaminedPart]:
    for stream in result.media.streams:
        claimed_s, found_s = stream.duration_from_header_s, stream.duration_from_content_s
        if claimed_s is None or found_s is None:
            continue
        if claimed_s - found_s > max(_LEAST_MISSING_S, _LEAST_MISSING_SHARE * claimed_s):
            claimed, found = duration_text(claimed_s), duration_text(found_s)
            said = f"The header claims {claimed}, and {found} could be decoded."
            yield ExaminedPart("damage", f"Missing from stream {stream.index}", "", said)
    for notice in result.notices:
        if notice.stage in _READING_STAGES:
            yield ExaminedPart("damage", "Noted while reading", "", notice.message)
