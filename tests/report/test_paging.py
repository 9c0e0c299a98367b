from __future__ import annotations

import re
from pathlib import Path

import pytest

from forensics.casefile.case_file import CaseFile
from forensics.casefile.case_info_file import read_case_info
from forensics.evaluation.labels import LabelSet
from forensics.workflows import drawing, paging
from tests.casefile.made import failed, manifest, result


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (paging, drawing):
        monkeypatch.setattr(module, "MOST_FILES_ON_A_PAGE", 10)
    monkeypatch.setattr(paging, "FILES_ON_THE_OVERVIEW", 5)


def drawn(folder: Path, n_files: int, report: str = "a report #1.html", info: Path | None = None) -> Path:
    case, page = folder / f"{n_files}.case", folder / report
    with CaseFile.create_or_resume(case) as opened:
        opened.begin_run(manifest())
        for number in range(n_files - 1):
            score = 0.5 + number / 1000
            opened.add(result(f"clips/{number:03d}.mp4", manipulation_score=score, sha256=f"{number:064x}"))
        opened.add(failed("clips/hangs.mp4"))
        opened.finish({})
        if info is not None:
            given = read_case_info(info)
            opened.add_case_info(given.info, given.sha256)
        checked = opened.checked()
        drawing.draw(opened, (page, folder / "all.csv"), LabelSet({}), (), checked=checked, name=str(case))
    return page


def rows(page: Path) -> list[str]:
    return re.findall(r'<tr class="v-[^>]*data-f.*?<wbr>(.*?)</bdi>', page.read_text("utf-8"))


def test_many_files_are_drawn_as_an_overview_and_pages(tmp_path: Path) -> None:
    page = drawn(tmp_path, 25)
    overview = page.read_text("utf-8")
    folder = paging.folder_of_pages(page)
    assert sorted(one.name for one in folder.iterdir()) == ["00001.html", "00002.html", "00003.html"]
    assert "25 files searched" in overview
    assert "In 24 of 25 files the models found signs of manipulation: " in overview
    assert "23.mp4, 022.mp4, 021.mp4, 020.mp4, 019.mp4 and 19 more." in overview
    assert "1 file could not be examined, with the reason given for each." in overview
    assert [f"{number:03d}.mp4" for number in (23, 22, 21, 20, 19)] == rows(page)
    links = re.findall(r'href="([^"#]*/0[^"]*)">(Files [^<]*)</a>([^<]*)', overview)
    assert links == [
        ("a%20report%20%231.pages/00001.html", "Files 1 to 10", ", signs in 10"),
        ("a%20report%20%231.pages/00002.html", "Files 11 to 20", ", signs in 10"),
        ("a%20report%20%231.pages/00003.html", "Files 21 to 25", ", signs in 4"),
    ]
    every = [name for one in sorted(folder.iterdir()) for name in rows(one)]
    assert sorted(every) == sorted([f"{number:03d}.mp4" for number in range(24)] + ["hangs.mp4"])
    third = (folder / "00003.html").read_text("utf-8")
    assert 'href="../a%20report%20%231.html"' in third
    assert "This page holds the files 21 to 25 of 25" in third
    assert "is complete in itself" not in overview + third
    assert len((tmp_path / "all.csv").read_text("utf-8").splitlines()) == 26, "other forms have all in one"


def test_pages_of_an_earlier_drawing_do_not_stay(tmp_path: Path) -> None:
    page = drawn(tmp_path, 25)
    (tmp_path / "b").mkdir()
    drawn(tmp_path, 12)
    assert len(list(paging.folder_of_pages(page).iterdir())) == 2


def test_no_page_says_of_an_exhibit_that_it_is_not_in_the_case(tmp_path: Path) -> None:
    info = tmp_path / "case.toml"
    exhibit = '[[exhibits]]\nid = "A-1"\ndescription = "A phone"\nfiles = "clips/000.mp4"\n'
    info.write_text(f'case_number = "1"\n\n{exhibit}', "utf-8")
    page = drawn(tmp_path, 25, info=info)
    pages = [page, *paging.folder_of_pages(page).iterdir()]
    assert not any("belongs to these exhibits" in one.read_text("utf-8") for one in pages)
    assert any("A-1" in one.read_text("utf-8") for one in pages)


def test_few_files_are_one_page(tmp_path: Path) -> None:
    page = drawn(tmp_path, 10)
    assert not paging.folder_of_pages(page).exists()
    assert len(rows(page)) == 10
    assert "is complete in itself" in page.read_text("utf-8")
