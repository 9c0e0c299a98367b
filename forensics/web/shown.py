"""Cases as the pages get them: written once, however many pages ask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from forensics.languages import ENGLISH, speaking
from forensics.languages.retelling import retold
from forensics.web.desk import CaseState, DeskCase, UploadedFile
from forensics.web.guard import report_key


class ShownCases:
    """JSON of cases. A case never changes, another one takes its place; safe for threads.

    Args:
        token: of the server; reports have an address of their own.
        language: of the page. In another than English, what a case says is also given as ``said``: pairs of
            text, and whether it is left in English.
    """

    def __init__(self, token: str, language: str = ENGLISH) -> None:
        self._token = token
        self._language = language
        self._known: dict[str, tuple[DeskCase, msgspec.Raw]] = {}

    def __call__(self, case: DeskCase) -> msgspec.Raw:
        """A case, with the address of its report once there is one."""
        known = self._known.get(case.id)
        if known is None or known[0] is not case:
            report = (
                f"../reports/{case.id}/{report_key(self._token, case.id)}" if case_is_done(case) else None
            )
            fields = {name: getattr(case, name) for name in case.__dataclass_fields__}
            if self._language != ENGLISH:
                fields |= self._said(case)
            known = case, msgspec.Raw(msgspec.json.encode(fields | {"report": report}))
            self._known[case.id] = known
        return known[1]

    def _said(self, case: DeskCase) -> dict[str, Any]:
        with speaking(self._language):
            files = [
                {**msgspec.to_builtins(file), "said": retold(file.reason), "members": self._members(file)}
                for file in case.files
            ]
            return {"files": files, "problem_said": retold(case.problem)}

    def _members(self, file: UploadedFile) -> list[dict[str, Any]]:
        return [{**msgspec.to_builtins(one), "said": retold(one.reason)} for one in file.members]

    def all(self, cases: Sequence[DeskCase]) -> list[msgspec.Raw]:
        """All that there are; others are forgotten."""
        written = [self(case) for case in cases]
        self._known = {case.id: (case, text) for case, text in zip(cases, written, strict=True)}
        return written


def case_is_done(case: DeskCase) -> bool:
    """Its reports are there."""
    return case.state is CaseState.DONE
