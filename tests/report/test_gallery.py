"""The gallery: files as phones, converters and recorders leave them, and what the report says of each.

``pytest -s`` prints the sentences as the page has them.
"""

from __future__ import annotations

import html
import re

import numpy as np
import pytest
from skimage import data

from forensics.casefile.case_file import CaseFile
from forensics.report.view import build_view
from forensics.scan.scan_run import plan_scan, run_scan
from forensics.settings import ScanSettings
from tests import recordings
from tests.report.drawn import page_of

pytestmark = pytest.mark.slow

# Words of the page, and those of the rows that an examiner is asked to look at.
SAID: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "phone.mov": (
        ("The container has the marks of Apple iPhone or iPad.", "A key frame stands at every 25 frames."),
        (),
    ),
    "sent.mp4": (
        ("The pictures were coded by x264 core", "The container has no time of creation."),
        ("The container was written by FFmpeg", "recur at every 25 frames or a multiple of it"),
    ),
    "trimmed.mp4": (
        ("A key frame stands at every 25 frames.",),
        ("An edit list hides stored material from players: up to the first 0.80 s of a track.",),
    ),
    "screen.mkv": (("The rate varies around",), ("The picture stands still",)),
    "remuxed.mkv": (
        ("The rate is constant, 25.00 frames a second.",),
        ("The container was written by FFmpeg",),
    ),
    "cover.mp4": ((), ("shows none of its key pictures",)),
}


@pytest.fixture(scope="module")
def articles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Each file's part of the page."""
    folder = tmp_path_factory.mktemp("gallery")
    phone = recordings.phone_like(folder)
    sent = recordings.re_encoded(phone, folder / "sent.mp4", bf="0")
    recordings.trimmed_by_copy(phone, folder / "trimmed.mp4", from_s=2.8)
    recordings.screen_recorder_like(folder / "screen.mkv")
    recordings.remuxed(phone, folder / "remuxed.mkv")
    recordings.with_cover(sent, folder / "cover.mp4", np.ascontiguousarray(data.coffee()[:300, :400]))
    settings = ScanSettings(paths=(folder,), detectors=("container",), workers=1)
    with CaseFile.create_or_resume(tmp_path_factory.mktemp("case") / "a.case") as case:
        run_scan(plan_scan(settings, ["forensics", "scan"]), case)
        view = build_view(case.manifests(), case.results(), case.exhibits)
        page = page_of(view)
    parts = page.split("<article ")[1:]
    return {re.search(r"</span><wbr>([^<]+)", part)[1]: part for part in parts}  # type: ignore[index]


def rows(article: str) -> list[tuple[bool, list[str]]]:
    """Of the table of findings: whether each row is marked, and its cells."""
    table = article[article.index('<figure class="e-table">') :]
    table = table[: table.index("</figure>")]
    return [
        (mark, [html.unescape(cell) for cell in re.findall(r"<td>(.*?)</td>", row)])
        for mark, row in (
            (bool(mark), row) for mark, row in re.findall(r"<tr( class=\"differs\")?>(.*?)</tr>", table)
        )
        if "<td>" in row
    ]


@pytest.mark.parametrize("name", SAID)
def test_the_page_says_how_the_file_was_made(name: str, articles: dict[str, str]) -> None:
    found = rows(articles[name])
    print(f"\n{name}")  # noqa: T201 - the gallery
    for is_marked, cells in found:
        print(f" {'!' if is_marked else ' '} {' | '.join(cells)}")  # noqa: T201 - the gallery
    plain, marked = SAID[name]
    for words in plain:
        assert any(words in cells[1] for _, cells in found), words
    for words in marked:
        assert any(words in cells[1] and is_marked for is_marked, cells in found), words
    if not marked:
        assert not any(is_marked for is_marked, _ in found)
    if name == "trimmed.mp4":  # what is hidden is not heard either
        assert not any("The sound begins" in cells[1] for _, cells in found)
    # What the table says is not said again below it.
    assert "<h4>Notices</h4>" not in articles[name]
