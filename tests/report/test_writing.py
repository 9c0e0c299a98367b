"""Writing: the suffix decides, a report appears whole or not at all, and problems show before the work."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

import pytest

from forensics.errors import ReportError, SettingsError
from forensics.report import renderers
from forensics.report.renderers import RENDERERS, Renderer, check_writable, renderer_for, write_report
from forensics.report.view import ReportView, build_view


def usable(suffix: str) -> Renderer:
    """The renderer; the test is skipped with the reason where a package that it needs is missing."""
    try:
        return renderer_for(Path(f"out{suffix.upper()}"))
    except SettingsError as error:
        if suffix != ".pdf":
            raise
        pytest.skip(f"{error.message}. {error.hint}")


@pytest.mark.parametrize("suffix", list(RENDERERS))
def test_table_and_renderer_agree(suffix: str) -> None:
    assert usable(suffix).suffix == suffix


@pytest.mark.parametrize("name", ["out.docx", "out"])
def test_unknown_suffix_names_the_known(name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        renderer_for(Path(name))
    assert all(suffix in caught.value.hint for suffix in RENDERERS)


@pytest.mark.parametrize("suffix", list(RENDERERS))
def test_written_whole_and_nothing_else(tmp_path: Path, rich_view: ReportView, suffix: str) -> None:
    usable(suffix)
    if suffix == ".pdf":
        rich_view = build_view([], [], lambda _: ())  # test_pdf draws more
    path = tmp_path / f"out{suffix}"
    path.write_text("older")
    check_writable(path)
    assert path.read_text() == "older"
    write_report(rich_view, path)
    assert path.stat().st_size > 1_000
    assert list(tmp_path.iterdir()) == [path]


def test_folder_missing(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="does not exist") as caught:
        check_writable(tmp_path / "no" / "out.html")
    assert "mkdir -p" in caught.value.hint


def test_path_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "out.html").mkdir()
    with pytest.raises(ReportError, match="is a folder"):
        check_writable(tmp_path / "out.html")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to every folder")
def test_folder_closed(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ReportError, match="cannot be written"):
        check_writable(tmp_path / "out.html")
    tmp_path.chmod(0o700)


def test_refused_by_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> BinaryIO:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(renderers, "_create", refuse)
    with pytest.raises(ReportError, match="Permission denied"):
        check_writable(tmp_path / "out.html")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_full_disk_leaves_the_old_report(
    tmp_path: Path, rich_view: ReportView, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.json"
    path.write_text("older")
    monkeypatch.setattr(renderers, "_create", lambda _: open("/dev/full", "wb"))  # noqa: SIM115
    with pytest.raises(ReportError, match="No space left") as caught:
        write_report(rich_view, path)
    assert "case file" in caught.value.hint
    assert path.read_text() == "older"


def test_half_written_reports_are_removed(
    tmp_path: Path, rich_view: ReportView, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Breaks:
        suffix = ".html"

        def render(self, view: ReportView, out: BinaryIO) -> None:
            out.write(b"half")
            raise ReportError("broken", "mend it")

    monkeypatch.setattr(renderers, "renderer_for", lambda _: Breaks())
    with pytest.raises(ReportError, match="broken"):
        write_report(rich_view, tmp_path / "out.html")
    assert list(tmp_path.iterdir()) == []
