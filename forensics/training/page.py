"""The run's page: curves and facts of one training run, in one file without scripts."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import msgspec

from forensics.errors import TrainingError
from forensics.report import svg
from forensics.training.adversarial import Robustness
from forensics.training.training_run import LOG_NAME, RECORD_NAME

PAGE_NAME = "training.html"

_WIDTH, _HEIGHT = 640.0, 300.0
_MARGINS = {"left": 60.0, "top": 30.0, "right": 620.0, "bottom": 250.0}
# Lines differ by dash as well as by colour.
_DASHES = ("", "7 4", "2 3", "9 3 2 3", "12 4", "4 2")
_STYLE = """
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
h1, h2 { font-weight: 600; line-height: 1.2 }
.chart { width: 100%; height: auto }
.chart text { font-size: 11px; fill: currentColor }
.chart path { fill: none; stroke: currentColor }
.chart .grid, .chart .axis { stroke-opacity: .25 }
.chart .curve { stroke-width: 1.8 }
.chart .c0 { stroke: #1f6feb } .chart .c1 { stroke: #c4501b } .chart .c2 { stroke: #1a7f37 }
.chart .c3 { stroke: #8250df } .chart .c4 { stroke: #9a6700 } .chart .c5 { stroke: #bf3989 }
.chart .best { stroke-opacity: .6 }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .15rem .8rem .15rem 0; overflow-wrap: anywhere }
th { font-weight: 600; white-space: nowrap }
"""

Curve = tuple[str, list[svg.Point]]


def write_page(run_folder: Path) -> Path:
    """Draws ``training.html`` from the run's log and, if the run has ended, its record.

    Returns:
        The page's path.

    Raises:
        TrainingError: the folder holds no log.
    """
    log = _read_log(run_folder / LOG_NAME)
    record_path = run_folder / RECORD_NAME
    record: dict[str, Any] = msgspec.json.decode(record_path.read_bytes()) if record_path.is_file() else {}
    best = record.get("best_step")
    parts = [
        f"<h1>Training run {escape(run_folder.resolve().name)}</h1>",
        f"<p>{escape(_summary(log, record))}</p>",
        "<h2>Loss</h2>",
        _chart("Loss by step", "binary cross-entropy", _losses(log), best),
        "<h2>Validation AUC by origin</h2>",
        _chart("AUC by step", "AUC", _aucs(log), best),
        *_robustness(record),
        "<h2>Record</h2>",
        _table(_flat(record)) if record else "<p>The run has not ended: there is no record yet.</p>",
    ]
    page = run_folder / PAGE_NAME
    draft = page.with_suffix(".part")
    draft.write_text(_document(run_folder.resolve().name, parts), encoding="utf-8")
    draft.replace(page)
    return page


def _read_log(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        raise TrainingError(f"There is no {path}", "Train first: forensics train ... --out FOLDER")
    entries: dict[int, dict[str, Any]] = {}
    for line in path.read_bytes().splitlines():
        try:
            entry = msgspec.json.decode(line, type=dict[str, Any])
        except msgspec.MsgspecError:
            continue  # an unfinished last line is what a kill leaves
        # A resumed run repeats the validations after its last checkpoint.
        entries[entry["step"]] = entry
    if not entries:
        raise TrainingError(f"{path} holds no validation yet", "Wait for the first --evaluate-every steps.")
    return [entries[step] for step in sorted(entries)]


def _summary(log: Sequence[Mapping[str, Any]], record: Mapping[str, Any]) -> str:
    best = max(log, key=lambda entry: float(entry["score"]))
    hours = log[-1]["trained_s"] / 3600
    aucs = ", ".join(f"{origin} {value:.3f}" for origin, value in best["auc"].items())
    state = "ended" if record else "went on when this page was drawn"
    return (
        f"{log[-1]['step']} steps in {hours:.2f} hours of training; the run {state}. Best validation at step "
        f"{best['step']}: AUC {aucs}. Epochs were chosen on validation rows alone."
    )


def _robustness(record: Mapping[str, Any]) -> list[str]:
    if "robustness" not in record:
        return []
    words = str(Robustness(**record["robustness"]))
    return ["<h2>Adversarial robustness</h2>", f"<p>{escape(words[0].upper() + words[1:])}.</p>"]


def _losses(log: Sequence[Mapping[str, Any]]) -> list[Curve]:
    curves = [("validation", _points(log, "loss")), ("training, smoothed", _points(log, "training_loss"))]
    return [curve for curve in curves if curve[1]]


def _aucs(log: Sequence[Mapping[str, Any]]) -> list[Curve]:
    origins = dict.fromkeys(origin for entry in log for origin in entry["auc"])
    return [
        (origin, [(entry["step"], entry["auc"][origin]) for entry in log if origin in entry["auc"]])
        for origin in origins
    ]


def _points(log: Sequence[Mapping[str, Any]], key: str) -> list[svg.Point]:
    return [(entry["step"], entry[key]) for entry in log if entry.get(key) is not None]


def _chart(title: str, y_title: str, curves: Sequence[Curve], best_step: int | None) -> str:
    values = [y for _, points in curves for _, y in points]
    steps = [x for _, points in curves for x, _ in points]
    y_ticks = svg.nice_ticks(min(values), max(values) if max(values) > min(values) else min(values) + 0.1)
    x_ticks = svg.nice_ticks(0, max(steps))
    spacing = y_ticks[1] - y_ticks[0] if len(y_ticks) > 1 else 0.1
    axes = svg.Axes(
        **_MARGINS,
        x_range=(0, max(steps)),
        y_range=(min(values) - spacing / 4, max(values) + spacing / 4),
    )
    parts = [
        axes.frame(
            [(tick, f"{tick:g}") for tick in x_ticks],
            [(tick, f"{tick:g}") for tick in y_ticks],
            "step",
            y_title,
        )
    ]
    if best_step is not None:
        x = axes.x(best_step)
        parts.append(svg.line((x, _MARGINS["top"]), (x, _MARGINS["bottom"]), "best", dash="2 4"))
        parts.append(svg.text((x, _MARGINS["top"] - 4), "best", "middle"))
    for index, (name, points) in enumerate(curves):
        colour, dash = f"curve c{index % 6}", _DASHES[index % 6]
        # A single validation is a point, which a line of no length would not show.
        drawn = [axes.at(x, y) for x, y in points]
        parts.append(
            svg.path(drawn if len(drawn) > 1 else [(drawn[0][0] - 4, drawn[0][1]), *drawn], colour, dash)
        )
        left = _MARGINS["left"] + 90.0 * index
        parts.append(svg.line((left, _HEIGHT - 6), (left + 18, _HEIGHT - 6), colour, dash))
        parts.append(svg.text((left + 22, _HEIGHT - 2), name))
    last = "; ".join(f"{name} {points[-1][1]:.3f}" for name, points in curves)
    return str(svg.document(_WIDTH, _HEIGHT, title, f"At the end: {last}.", parts, "training"))


def _flat(record: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for name, value in record.items():
        if isinstance(value, dict):
            rows += _flat(value, f"{prefix}{name}.")
        else:
            shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            rows.append((prefix + name, shown))
    return rows


def _table(rows: Sequence[tuple[str, str]]) -> str:
    lines = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in rows
    )
    return f"<table>{lines}</table>"


def _document(title: str, parts: Sequence[str]) -> str:
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Training run {escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    )
