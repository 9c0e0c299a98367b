"""Parts of the pages that the program itself writes: the schema of the report."""

from __future__ import annotations

import json
from typing import Any

_SCHEMA = "<!-- fields of the report -->"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Called by mkdocs for every page."""
    if _SCHEMA in markdown:
        markdown = markdown.replace(_SCHEMA, _fields())
    return markdown


def _fields() -> str:
    from forensics.report.renderers.json import report_schema

    parts = []
    for name, form in report_schema()["$defs"].items():
        if "properties" not in form:
            continue
        rows = "\n".join(f"| `{field}` | {_kind(what)} |" for field, what in form["properties"].items())
        parts.append(f"## {name}\n\n| field | kind |\n|---|---|\n{rows}\n")
    return "\n".join(parts)


def _kind(what: dict[str, Any]) -> str:
    if "$ref" in what:
        name = what["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in what:
        return " or ".join(_kind(one) for one in what["anyOf"])
    if what.get("type") == "array":
        return f"list of {_kind(what['items'])}" if isinstance(what.get("items"), dict) else "list"
    if what.get("type") == "object" and isinstance(what.get("additionalProperties"), dict):
        return f"object of {_kind(what['additionalProperties'])}"
    return str(what.get("type") or json.dumps(what.get("enum", "any")))
