"""The catalogues of ``forensics/languages``: every message of the sources, and nothing else; and compiled.

``python -m tests.house.catalogues`` checks them, ``--write`` renews them: new messages are added without a
translation, those that are gone are removed. Needs Babel and Jinja2.
"""

from __future__ import annotations

import ast
import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from forensics.languages import DOMAIN, ENGLISH, LANGUAGES
from forensics.languages.retelling import CONTEXT

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "forensics" / "languages"
_KEYWORDS = {
    "_": None,
    "gettext": None,
    "later": None,
    "ngettext": (1, 2),
    "count_text": (2, 3),
}
_METHODS = [("forensics/**.py", "python"), ("reports/**.jinja", "jinja2"), ("reports/**.js", "javascript")]
_OPTIONS = {
    "reports/**.jinja": {"trim_blocks": "true", "lstrip_blocks": "true", "newstyle_gettext": "true"},
    "reports/**.js": {"parse_template_string": "true"},
}
# Constants of these are messages, without a mark on each.
_WORDS = ("forensics/report/report_words.py",)
_EVERY_WORD = "forensics/languages/recorded_words.py"
# Sentences that these write in English, into case files and views; a page tells them in its language.
_SAYING = (
    "forensics/casefile/coverage.py",
    "forensics/casefile/verification.py",
    "forensics/detectors/blink_pose.py",
    "forensics/detectors/declarations.py",
    "forensics/detectors/domain.py",
    "forensics/detectors/duplicates.py",
    "forensics/detectors/exhibits.py",
    "forensics/detectors/face_frames.py",
    "forensics/detectors/face_sequences.py",
    "forensics/detectors/filmstrips.py",
    "forensics/detectors/lips.py",
    "forensics/detectors/persons.py",
    "forensics/detectors/structure/companion_rules.py",
    "forensics/detectors/structure/container.py",
    "forensics/detectors/structure/header_rules.py",
    "forensics/detectors/structure/known_writers.py",
    "forensics/detectors/structure/observation.py",
    "forensics/detectors/structure/picture_rhythm.py",
    "forensics/detectors/structure/pixel_rules.py",
    "forensics/detectors/structure/provenance.py",
    "forensics/detectors/structure/still_file.py",
    "forensics/detectors/structure/still_rules.py",
    "forensics/detectors/structure/track_rules.py",
    "forensics/detectors/structure/writing_rules.py",
    "forensics/detectors/two_stage_scoring.py",
    "forensics/detectors/voice.py",
    "forensics/engines/net.py",
    "forensics/evaluation/content_once.py",
    "forensics/evaluation/labels.py",
    "forensics/evaluation/protocol.py",
    "forensics/evaluation/ratios.py",
    "forensics/faces/crop.py",
    "forensics/faces/tracks.py",
    "forensics/faces/uprightness.py",
    _EVERY_WORD,
    "forensics/media/animations.py",
    "forensics/media/archive_search.py",
    "forensics/media/archives.py",
    "forensics/media/audio_decoder.py",
    "forensics/media/boxes.py",
    "forensics/media/channels.py",
    "forensics/media/decode.py",
    "forensics/media/discovery.py",
    "forensics/media/hashing.py",
    "forensics/media/layout.py",
    "forensics/media/open_container.py",
    "forensics/media/other_decoders.py",
    "forensics/media/picture.py",
    "forensics/media/probe.py",
    "forensics/media/raw_streams.py",
    "forensics/media/showing.py",
    "forensics/media/still_metadata.py",
    "forensics/media/stills.py",
    "forensics/media/video_decoder.py",
    "forensics/records/detector_spec.py",
    "forensics/report/container_facts.py",
    "forensics/report/duplicates/sources.py",
    "forensics/report/duplicates/words.py",
    "forensics/report/examined.py",
    "forensics/report/notices.py",
    "forensics/report/persons/alike.py",
    "forensics/report/persons/worth.py",
    "forensics/report/redaction.py",
    "forensics/report/shortening.py",
    "forensics/report/subjects.py",
    "forensics/scan/archived.py",
    "forensics/scan/batch.py",
    "forensics/scan/elsewhere.py",
    "forensics/scan/failures.py",
    "forensics/scan/films.py",
    "forensics/scan/pipeline.py",
    "forensics/scan/twins.py",
    "forensics/scan/worker_context.py",
    "forensics/verdicts/likelihood.py",
    "forensics/verdicts/verdict_words.py",
    "forensics/web/examination.py",
    "forensics/web/examination_process.py",
    "forensics/web/orders.py",
    "forensics/web/outcomes.py",
    "forensics/workflows/demonstrating.py",
    "forensics/workflows/drawing.py",
    "forensics/workflows/paging.py",
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_HEADING = re.compile(r"[A-Z][a-z]{2,}$")
_CITATION = re.compile(r"\b(19|20)\d\d\.$|Technical Specification\.$")
# The reasons of files that could not be examined; other errors end a command, and are not recorded.
_RECORDED_ERRORS = {"MediaError", "DamagedArchive"}
_CODE = re.compile(r"^(SELECT|PRAGMA) |\.html$|^\{name\}_deg$|^Fatal Python error|[\\|]|\w=|^\^| \?Media")


def messages() -> Catalog:
    """Every message of the sources, without translations."""
    found = Catalog(project=DOMAIN, charset="utf-8", fuzzy=False)
    for name, _, message, comments, context in extract_from_dir(
        ROOT, method_map=_METHODS, options_map=_OPTIONS, keywords=_KEYWORDS, comment_tags=("Translators:",)
    ):
        found.add(message, None, [(name, 0)], auto_comments=comments, context=context)
    for name in _WORDS:
        for words in _constants(name):
            found.add(words, None, [(name, 0)])
    for name in _SAYING:
        for template in templates(name):
            found.add(template, None, [(name, 0)], context=CONTEXT)
    return found


def _constants(name: str) -> Iterator[str]:
    tree = ast.parse((ROOT / name).read_text("utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            keys = {id(key) for one in ast.walk(node.value) if isinstance(one, ast.Dict) for key in one.keys}
            for one in ast.walk(node.value):
                text = one.value if isinstance(one, ast.Constant) and id(one) not in keys else None
                if isinstance(text, str) and _WORD.search(text) and not _is_code(text):
                    yield text


def _is_code(text: str) -> bool:
    return re.fullmatch(r"[a-z_]+|[A-Z][a-z]", text) is not None and text not in {"n"}


def templates(name: str) -> Iterator[str]:
    """What a module says in English: its strings and f-strings, these with a name for each value."""
    tree = ast.parse((ROOT / name).read_text("utf-8"))
    if name == _EVERY_WORD:
        yield from _strings_of_tuples(tree)
        return
    parents = {id(child): node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "count_text":
            for word in node.args[1:]:
                if isinstance(word, ast.Constant):
                    yield f"{{n}} {word.value}"
        elif isinstance(node, ast.JoinedStr | ast.Constant) and not _passed_over(node, parents):
            template = _template(node)
            if template is not None:
                yield template


def _strings_of_tuples(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        for one in node.elts if isinstance(node, ast.Tuple) else ():
            yield ast.literal_eval(one)


def _passed_over(node: ast.AST, parents: dict[int, ast.AST]) -> bool:
    """Docstrings, errors, parts of a longer string, keys, and what only stands in annotations."""
    above = parents.get(id(node))
    if isinstance(above, ast.Expr | ast.JoinedStr | ast.FormattedValue | ast.Compare | ast.Subscript):
        return not (isinstance(above, ast.FormattedValue) and above.format_spec is not node)
    if isinstance(above, ast.Call) and ast.unparse(above.func) in {"count_text", "re.compile", "TypeVar"}:
        return True
    if isinstance(above, ast.Dict) and node in above.keys:
        return True
    while above is not None and not isinstance(above, ast.FunctionDef | ast.ClassDef):
        if isinstance(above, ast.Call) and ast.unparse(above.func) in _RECORDED_ERRORS:
            return False
        if isinstance(above, ast.Raise) or (
            isinstance(above, ast.Call) and ast.unparse(above.func).startswith(("_LOG.", "logging."))
        ):
            return True
        above = parents.get(id(above))
    return False


def _template(node: ast.JoinedStr | ast.Constant) -> str | None:
    """The text with values as ``{name}``; None for what has no words."""
    if isinstance(node, ast.Constant):
        text = node.value if isinstance(node.value, str) else ""
        spoken = (" " in text.strip() and _WORD.search(text)) or _HEADING.match(text)
        return text.strip() if spoken and not (_CITATION.search(text) or _CODE.search(text)) else None
    parts, names = [], []
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value).replace("{", "{{").replace("}", "}}"))
        elif isinstance(part, ast.FormattedValue):
            names.append(_name_of(part.value, names))
            parts.append(f"{{{names[-1]}}}")
    letters = "".join(re.sub(r"\{.*?\}", " ", one) for one in parts)
    text = "".join(parts).strip()
    return text if _WORD.search(letters) and not _CODE.search(text) else None


def _name_of(value: ast.expr, taken: list[str]) -> str:
    """A name for a value in a template: that of the variable or of the function it comes from."""
    name, whole = "value", value
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "join":
        value = value.args[0]
    if isinstance(value, ast.Call):
        value = value.func
    for one in ast.walk(value):
        if isinstance(one, ast.Attribute):
            name = one.attr
            break
        if isinstance(one, ast.Name):
            name = one.id
            break
    name = name.strip("_")
    if name == "n" and not isinstance(whole, ast.Name):
        name = "count"  # ``{n}`` is a number alone
    same = [one for one in taken if re.fullmatch(rf"{name}\d*", one)]
    return f"{name}{len(same) + 1}" if same else name


def path_of(language: str, suffix: str = ".po") -> Path:
    """The catalogue of a language."""
    return FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}{suffix}"


def read(language: str) -> Catalog:
    """The catalogue as it is committed."""
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language)


def renewed(language: str) -> Catalog:
    """The catalogue with all messages of the sources and no others."""
    known, found = read(language), messages()
    known.update(found, no_fuzzy_matching=True, update_header_comment=False)
    known.obsolete.clear()
    return known


def written(catalogue: Catalog) -> bytes:
    """A catalogue as a file, without anything that changes by itself."""
    out = io.BytesIO()
    write_po(out, catalogue, width=100, omit_header=False, sort_output=True, include_lineno=False)
    dated = re.compile(rb'^"(POT-Creation-Date|PO-Revision-Date|Generated-By): .*\n', re.MULTILINE)
    return dated.sub(b"", out.getvalue())


def compiled(po: bytes, language: str) -> bytes:
    """The catalogue as gettext reads it."""
    out = io.BytesIO()
    catalogue = read_po(io.BytesIO(po), locale=language)
    catalogue.creation_date = catalogue.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    write_mo(out, catalogue)
    return out.getvalue()


def main() -> None:
    """Checks or renews all catalogues."""
    stale = []
    for language in LANGUAGES:
        if language == ENGLISH:
            continue
        po = written(renewed(language))
        for path, content in ((path_of(language), po), (path_of(language, ".mo"), compiled(po, language))):
            if not path.exists() or path.read_bytes() != content:
                stale.append(path)
                if "--write" in sys.argv[1:]:
                    path.write_bytes(content)
    names = ", ".join(str(path.relative_to(ROOT)) for path in stale)
    if not stale:
        sys.stdout.write("The catalogues hold every message, and are compiled\n")
    elif "--write" in sys.argv[1:]:
        sys.stdout.write(f"Renewed: {names}\n")
    else:
        sys.exit(f"Out of date: {names}; python -m tests.house.catalogues --write")


if __name__ == "__main__":
    main()
