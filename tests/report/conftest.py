"""The rich case, drawn once for all tests of the report."""

from __future__ import annotations

import pytest

from forensics.report.view import ReportView
from tests.report.drawn import page_of
from tests.report.synthetic_case import rich_case, view_of


@pytest.fixture(scope="session")
def rich_view() -> ReportView:
    return view_of(rich_case(), labelled=True)


@pytest.fixture(scope="session")
def rich_page(rich_view: ReportView) -> str:
    return page_of(rich_view)
