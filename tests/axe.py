"""The accessibility checks of axe-core, run in a page of headless Chromium."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest

pytest.importorskip("axe_core_python", reason="axe-core-python is not installed (extra dev)")
_RUN = """
    const done = arguments[arguments.length - 1];
    axe.run(document, {iframes: false, resultTypes: ["violations"]})
      .then(done, error => done(String(error)));"""


def findings(page: Any) -> list[str]:
    """What axe finds serious or critical in the page that is open, one line for each element."""
    page.set_script_timeout(120)
    # By the driver: the page's own policy lets no script in.
    page.execute_script(files("axe_core_python").joinpath("axe.min.js").read_text("utf-8"))
    result = page.execute_async_script(_RUN)
    assert isinstance(result, dict), result
    assert result["testEngine"]["name"] == "axe-core"
    return [
        f"{found['id']} ({found['impact']}): {node['html'][:200]}"
        for found in result["violations"]
        if found["impact"] in ("serious", "critical")
        for node in found["nodes"]
    ]
