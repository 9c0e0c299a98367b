"""A report opens without a network: its templates reach for nothing."""

from __future__ import annotations

import re

import pytest

from forensics.resources import resource_folder

_FILES = sorted(path for path in resource_folder("reports/templates").rglob("*") if path.is_file())
_REACHES = re.compile(
    r"""(?:src|href|action|poster|data)\s*=\s*["'](?:https?:)?//|@import|url\(\s*["']?(?!data:|\#)"""
    r"""|fetch\(|XMLHttpRequest|WebSocket|EventSource|sendBeacon|importScripts|\bimport\s*\(|<link\b|<iframe\b"""
    r"""|<script[^>]+src|javascript:|\son\w+\s*=""",
    re.IGNORECASE,
)


def test_there_are_templates() -> None:
    assert any(path.name == "report.html.jinja" for path in _FILES)


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.name)
def test_no_template_reaches_out_or_carries_inline_handlers(path: object) -> None:
    from pathlib import Path

    text = Path(str(path)).read_text(encoding="utf-8")
    found = _REACHES.search(text)
    assert found is None, found and found.group(0)
