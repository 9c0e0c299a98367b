"""Reports in another language: nothing of a page is left in English unmarked, and nothing else changes."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import time
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from forensics.casefile.case_file import CaseFile
from forensics.errors import SettingsError
from forensics.languages import catalogue, chosen, number, speaking
from forensics.languages.retelling import CONTEXT, retold
from forensics.numerals import count_text, duration_text, score_text, size_text, span_text
from forensics.records.findings import Notice
from forensics.records.scan_result import ScanResult
from forensics.report.renderers import RENDERERS, renderer_for
from forensics.report.renderers.html import HtmlRenderer, told
from forensics.report.view import ReportView, build_view
from forensics.scan.scan_run import plan_scan, run_scan
from forensics.settings import ScanSettings
from forensics.workflows.drawing import cards_of
from tests import synthetic
from tests.report.synthetic_case import Case, examined, rich_case, view_of

_NO_END = {"meta", "br", "img", "input", "wbr", "link", "hr", "path", "rect", "circle", "use"}
_READ_ALOUD = ("alt", "aria-label", "placeholder", "title", "data-h")
_ENGLISH_WORDS = re.compile(
    r"\b(the|of|and|is|are|were|this|that|with|which|has|have|from|by|not|no|at|examined|frames?|files?)\b",
    re.I,
)


class Words(HTMLParser):
    """What a reader sees or hears of a page, without what is marked as English, code, and names of files."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[tuple[str, str | None]] = []
        self.said: list[str] = []
        self.in_english: list[str] = []
        self.language: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "html":
            self.language = given.get("lang")
        elif tag not in _NO_END:
            self.open.append((tag, given.get("lang")))
        if given.get("lang") != "en" and not self._is_apart():
            self.said.extend(str(given[name]) for name in _READ_ALOUD if given.get(name))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        words = " ".join(data.split())
        if any(tag in {"script", "style", "code", "bdi"} for tag, _ in self.open) or not words:
            return
        (self.in_english if self._is_apart() else self.said).append(words)

    def _is_apart(self) -> bool:
        return any(language == "en" for _, language in self.open)


def words_of(page: str) -> Words:
    parsed = Words()
    parsed.feed(page)
    return parsed


def drawn(view: ReportView, language: str = "de") -> str:
    out = io.BytesIO()
    HtmlRenderer().render(replace(view, language=language), out)
    return out.getvalue().decode("utf-8")


def english_of(page: Words) -> list[str]:
    """What is a message of the sources, or reads like English."""
    known = catalogue("de")
    assert known is not None
    same = {said for said in known.messages.values() if said}
    ids = {key for key in known.messages if isinstance(key, str)}
    messages = {key.removeprefix(f"{CONTEXT}\x04") for key in ids if key} - same
    return [words for words in page.said if words in messages or len(_ENGLISH_WORDS.findall(words)) > 2]


@pytest.fixture(scope="module")
def real_view(tmp_path_factory: pytest.TempPathFactory) -> ReportView:
    """Of a scan of films, sound, pictures and what cannot be read, by the models that ship."""
    folder = tmp_path_factory.mktemp("media")
    synthetic.normal_clip(folder)
    synthetic.no_face_clip(folder)
    synthetic.truncated_clip(folder)
    synthetic.text_file(folder)
    synthetic.still(folder)
    settings = ScanSettings(paths=(folder,), workers=1, frames=6, detectors=("face", "voice", "duplicates"))
    with CaseFile.create_or_resume(tmp_path_factory.mktemp("case") / "a.case") as case:
        run_scan(plan_scan(settings, ["forensics", "scan"]), case)
        manifests = case.manifests()
        return build_view(
            manifests, list(case.results()), case.exhibits, cards=cards_of(manifests), ratios=True
        )


@pytest.mark.parametrize("brief", [False, True], ids=["whole", "brief"])
def test_a_german_report_of_a_scan_has_no_unmarked_english(real_view: ReportView, brief: bool) -> None:
    page = words_of(drawn(replace(real_view, brief=brief)))
    assert page.language == "de"
    assert english_of(page) == []
    assert any("hat einen Score von" in words for words in page.said)
    # What is left is of the model's card, and of literature: nothing that this program says of a file.
    card = " ".join(" ".join((one.summary, *one.limits, one.training_data)) for one in real_view.cards)
    recorded = [one.verdict.reason for one in (file.result for file in real_view.files)]
    assert not [words for words in page.in_english if any(words in reason for reason in recorded)]
    assert brief or any(words in card for words in page.in_english)


def test_a_made_up_case_has_no_unmarked_english_but_its_own_words() -> None:
    page = words_of(drawn(view_of(rich_case(), labelled=True)))
    assert english_of(page) == []
    assert "Anzeichen für Manipulation" in page.said
    assert any("cannot tell" in words for words in page.in_english)


def test_what_programs_read_is_the_same_in_every_language(real_view: ReportView) -> None:
    for suffix in set(RENDERERS) - {".html", ".pdf"}:
        files = []
        for language in ("en", "de"):
            out = io.BytesIO()
            renderer_for(Path(f"a{suffix}")).render(replace(real_view, language=language), out)
            files.append(out.getvalue())
        assert files[0] == files[1], suffix


def test_english_is_the_default_whatever_the_machine_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LANG", "LC_ALL", "LC_MESSAGES", "LANGUAGE"):
        monkeypatch.setenv(name, "de_DE.UTF-8")
    monkeypatch.delenv("FORENSICS_LANGUAGE", raising=False)
    assert chosen(None) == "en"
    program = (
        "import io; from tests.report.test_languages import *; "
        "print(view_of(plain(examined('a.mp4', (0.9,), None, 1))).language, count_text(2, 'file', 'files'))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["en", "2", "files"]


def test_the_variable_chooses_where_no_option_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORENSICS_LANGUAGE", "de")
    assert chosen(None) == "de"
    assert chosen("en") == "en"
    monkeypatch.setenv("FORENSICS_LANGUAGE", "xx")
    with pytest.raises(SettingsError, match="FORENSICS_LANGUAGE is 'xx'"):
        chosen(None)
    with pytest.raises(SettingsError, match="--language is 'fr'") as caught:
        chosen("fr")
    assert "de (Deutsch)" in caught.value.hint


def test_numbers_are_written_as_german_does() -> None:
    with speaking("de"):
        assert score_text(0.874) == "0,87"
        assert score_text(0.999) == "> 0,99"
        assert count_text(5000, "file", "files") == "5.000 Dateien"
        assert span_text(10.04, 11.5) == "10,0 bis 11,5 s"
        assert duration_text(185) == "3:05 min"
        assert size_text(4_200_000) == "4,2 MB"
        assert number("1,234.5") == "1.234,5"
    assert score_text(0.874) == "0.87"


@pytest.mark.parametrize(
    ("recorded", "said"),
    [
        (
            "The face of person 1 scores 0.93 over 32 frames, strongest at 7.4 s: at or above the threshold "
            "for signs of manipulation.",
            "Das Gesicht von Person 1 hat einen Score von 0,93 (gestützt auf 32 Einzelbilder), am stärksten "
            "bei 7,4 s: auf oder über der Schwelle für Anzeichen für Manipulation.",
        ),
        (
            "The voice scores at most 0.05 over 1 window: at or below the threshold for no signs.",
            "Die Stimme hat einen Score von höchstens 0,05 (gestützt auf 1 Fenster): auf oder unter der "
            "Schwelle für keine Anzeichen.",
        ),
        (
            "a b.mp4 is encrypted (Common Encryption). Ask its owner for a copy without copy protection.",
            "a b.mp4 ist verschlüsselt (Common Encryption). Bitten Sie den Inhaber um eine Kopie ohne "
            "Kopierschutz.",
        ),
        ("clips/x.mp4 does not exist.", "clips/x.mp4 gibt es nicht."),
        ("my clips/x y.mp4 does not exist.", "my clips/x y.mp4 gibt es nicht."),
        (
            "/c/x.jpg cannot be read: permission denied. Give yourself the right to read it (chmod u+r), "
            "then scan again.",
            "/c/x.jpg kann nicht gelesen werden: keine Berechtigung. Geben Sie sich das Leserecht (chmod "
            "u+r), und untersuchen Sie erneut.",
        ),
        (
            "odd holds 2 files passed over, media neither by content nor by name: 1 .txt, 1 without suffix. "
            "If one of them is media all the same, name the file itself: it is examined then.",
            "odd enthält 2 Dateien, die übergangen wurden, weder nach Inhalt noch nach Namen Medien: 1 .txt, "
            "1 ohne Endung. Falls eine davon doch ein Medium ist, geben Sie die Datei selbst an: Dann wird "
            "sie untersucht.",
        ),
        (
            "my films/a.zip/b.zip is an archive or a disk image within an archive, which is not opened. "
            "Unpack the outer one into a folder of its own, and scan that.",
            "my films/a.zip/b.zip ist ein Archiv oder Datenträgerabbild in einem Archiv und wird nicht "
            "geöffnet. Entpacken Sie das äußere in einen eigenen Ordner, und untersuchen Sie diesen.",
        ),
        (
            "The picture is grey; the models learned from pictures in colour",
            "Das Bild ist grau; die Modelle lernten an Farbbildern",
        ),
        (
            "Picture 3 is stored with 16 bits a channel; the upper 8 of them were examined",
            "Bild 3 ist mit 16 Bit je Kanal gespeichert; die oberen 8 davon wurden untersucht",
        ),
        (
            "Sequence, Lips and sound, Blinks and pose, Persons.",
            "Bildfolge, Lippen und Ton, Lidschlag und Kopfhaltung, Personen.",
        ),
        ("8 6 5 8 12 20 26 31 ...", "8 6 5 8 12 20 26 31 ..."),
        (
            "batches of 4, 1 thread, 2 streams, not measured here",
            "Stapel von 4, 1 Thread, 2 Ströme, hier nicht gemessen",
        ),
        (
            "the box 'moov' at byte 1425115 is 1 byte longer than what is around it",
            "die Box 'moov' bei Byte 1425115 ist um 1 Byte länger als das, was sie umgibt",
        ),
        ("5 of 1,100 frames were examined.", "5 von 1.100 Einzelbildern wurden untersucht."),
    ],
)
def test_recorded_sentences_are_told_again(recorded: str, said: str) -> None:
    with speaking("de"):
        assert told(recorded) == said
        assert not any(foreign for _, foreign in retold(recorded))
    assert told(recorded) == recorded


def test_what_no_template_fits_stays_as_recorded_and_marked() -> None:
    odd = "It snowed <i>all</i> day. The file has no sound stream. 3 of 4 frames were examined."
    with speaking("de"):
        pieces = retold(odd)
        assert told(odd) == (
            '<span lang="en">It snowed &lt;i&gt;all&lt;/i&gt; day.</span> Die Datei hat keine Tonspur. '
            "3 von 4 Einzelbildern wurden untersucht."
        )
        assert told("It snowed all day, and all night", most=12) == '<span lang="en">It snowed a…</span>'
    assert pieces[0] == ("It snowed <i>all</i> day.", True)


def test_a_sentence_is_not_taken_for_a_value_of_another() -> None:
    two = "The picture was not examined. The voice is not judged by anybody. No face was scored from 1.0 s."
    with speaking("de"):
        said = [words for words, foreign in retold(two) if not foreign]
    assert said == ["Das Bild wurde nicht untersucht. ", " Kein Gesicht wurde bewertet bei 1,0 s."]


def test_a_hostile_sentence_stays_text_in_german() -> None:
    hostile = "</span><script>alert(1)</script> was examined too: <b>\u202e</b> seen there"
    result = examined("a.mp4", (0.9,), None, 1)
    result = replace(
        result,
        notices=(Notice("decode", hostile),),
        verdict=replace(result.verdict, reason=hostile, limits=(hostile,)),
    )
    page = drawn(view_of(plain(result)))
    assert "<script>alert" not in page
    assert "\u202e" not in page


def plain(*results: ScanResult) -> Case:
    return Case(list(enumerate(results, start=1)), {})


@pytest.mark.parametrize(
    "hostile",
    [
        "Of 1 examined pictures of the first, " * 100,
        "A. B. C. " * 400,
        "a/ b/ " * 600,
        "a over " * 500,
        "file: " * 600,
        "person 1 (2 frames) " * 180,
        "The face of " * 300,
        "x is " * 790,
        "The file has The file is " * 155,
    ],
)
def test_metadata_that_is_made_to_fit_costs_little_time(hostile: str) -> None:
    retold("warm")
    began_s = time.process_time()
    with speaking("de"):
        said = retold(hostile)
    assert time.process_time() - began_s < 5
    assert sum(len(words) for words, _ in said) > len(hostile) / 2
