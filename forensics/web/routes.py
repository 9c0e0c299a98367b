"""What the server answers: the page, its files, the JSON API and the reports."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any, Final, TypeVar

import jinja2
import msgspec
from anyio import to_thread
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

import forensics
from forensics import catalog, languages
from forensics.errors import ForensicsError
from forensics.languages import ENGLISH
from forensics.languages.retelling import retold_plainly
from forensics.numerals import size_text
from forensics.resources import resource_folder
from forensics.settings import Profile
from forensics.web.desk import LABELS, MOST_FILES, Desk, UploadedFile, clean_name, now_utc
from forensics.web.examiner import Examiner
from forensics.web.guard import REPORT_POLICY
from forensics.web.news import News, message
from forensics.web.places import REPORT_SUFFIXES
from forensics.web.progress import STAGES
from forensics.web.shown import ShownCases, case_is_done
from forensics.web.uploads import UploadRefused, Uploads

_MOST_BODY_BYTES: Final = 64 * 1024
T = TypeVar("T")
_ASSETS: Final = {"desk.js": "text/javascript", "desk.css": "text/css"}


class NewCase(msgspec.Struct, forbid_unknown_fields=True):
    """Body of ``POST api/cases``.

    Attributes:
        title: what the page calls the case.
        models: ids of installed models; empty for those that ship.
    """

    title: str = ""
    profile: Profile = Profile.EXAMINATION
    models: tuple[str, ...] = ()


class Routes:
    """The handlers, and all that they need.

    All of it runs on the event loop, so that nothing may take long: what waits for the disk does so in a
    thread, and what is always the same is made once.

    Args:
        shown: cases as the pages get them.
        limit_bytes: of one upload.
    """

    def __init__(
        self,
        desk: Desk,
        examiner: Examiner,
        news: News,
        shown: ShownCases,
        limit_bytes: int,
        language: str = ENGLISH,
    ) -> None:
        self._desk = desk
        self._examiner = examiner
        self._news = news
        self._shown = shown
        self._uploads = Uploads(limit_bytes)
        self._limit_bytes = limit_bytes
        self._models = installed_models()
        folder = resource_folder("reports/web")
        self._assets = {name: (folder / name).read_bytes() for name in _ASSETS}
        with languages.speaking(language):
            self._page = _template(folder).render(
                version=forensics.__version__,
                limit=size_text(limit_bytes),
                limit_bytes=limit_bytes,
                profiles=list(Profile),
                models=self._models,
                language=language,
                script_words=Markup(  # noqa: S704 - our own words
                    languages.script_words(self._assets["desk.js"].decode(), STAGES)
                ),
            )

    def table(self) -> list[Route]:
        """All routes."""
        case = "/api/cases/{case_id}"
        return [
            Route("/", self.page),
            Route("/{name}", self.asset),
            Route("/api/desk", self.summary),
            Route("/api/events", self.events),
            Route("/api/cases", self.cases),
            Route("/api/cases", self.create, methods=["POST"]),
            Route(case, self.case),
            Route(case, self.delete, methods=["DELETE"]),
            Route(f"{case}/files", self.upload, methods=["PUT"]),
            Route(f"{case}/labels", self.label, methods=["PUT"]),
            Route(f"{case}/examine", self.examine, methods=["POST"]),
            Route(f"{case}/{{name}}", self.download),
            Route("/reports/{case_id}", self.report),
        ]

    # -- the page --------------------------------------------------------------------------------

    async def page(self, _request: Request) -> Response:
        """The page itself; everything on it comes by the API."""
        return HTMLResponse(self._page)

    async def asset(self, request: Request) -> Response:
        """Script and style of the page."""
        name = request.path_params["name"]
        if name not in _ASSETS:
            return _missing("There is no such page")
        return Response(self._assets[name], media_type=_ASSETS[name])

    # -- the API ---------------------------------------------------------------------------------

    async def summary(self, _request: Request) -> Response:
        """The whole desk: cases, what is being examined, and what is allowed."""
        return _json(self._whole())

    async def events(self, _request: Request) -> Response:
        """Server-sent events: ``desk`` with everything at first, then ``case``, ``progress`` and ``gone``."""
        return StreamingResponse(
            self._news.read(message("desk", self._whole())), media_type="text/event-stream"
        )

    async def cases(self, _request: Request) -> Response:
        """All cases, newest first."""
        return _json(self._shown.all(self._desk.cases()))

    async def create(self, request: Request) -> Response:
        """A new case, which then receives files."""
        wanted = await _body(request, NewCase, "Send JSON with title, profile and models.")
        if isinstance(wanted, Response):
            return wanted
        # Ids alone: a path of a request is never opened.
        unknown = [name for name in wanted.models if name not in {model["id"] for model in self._models}]
        if unknown:
            return _error(400, f"There is no model {unknown[0]}", "GET api/desk lists those that there are.")
        case = await to_thread.run_sync(self._desk.create, wanted.title, wanted.profile, wanted.models)
        self._news.tell("case", self._shown(case))
        return _json(self._shown(case), 201)

    async def case(self, request: Request) -> Response:
        """One case."""
        case = self._desk.case(request.path_params["case_id"])
        return _no_case() if case is None else _json(self._shown(case))

    async def upload(self, request: Request) -> Response:
        """One file of a case: the body is its bytes, ``?name=`` what it is called."""
        case = self._desk.case(request.path_params["case_id"])
        if case is None:
            return _no_case()
        length = request.headers.get("content-length", "")
        announced = int(length) if length.isascii() and length.isdecimal() and len(length) < 19 else None
        file_id = secrets.token_hex(16)
        path = self._desk.upload_path(case.id, file_id)
        try:
            got = await self._uploads.receive(request.stream(), path, announced)
        except UploadRefused as error:
            # What is still on its way is not read: the connection ends with the answer.
            return _error(error.status, error.message, error.hint, {"Connection": "close"})
        except ClientDisconnect:
            return Response(status_code=499)
        except FileNotFoundError:
            return _no_case()
        name = clean_name(request.query_params.get("name", ""), "unnamed")
        file = UploadedFile(file_id, name, got.size_bytes, got.sha256, now_utc())
        try:
            kept = await to_thread.run_sync(self._desk.add, case.id, file)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        if kept is None:
            path.unlink(missing_ok=True)
            return _error(
                409, "The case takes no more files", f"Start another; one holds {MOST_FILES:,} files."
            )
        self._news.tell("case", self._shown(kept))
        return _json(kept.files[-1], 201)

    async def examine(self, request: Request) -> Response:
        """Puts a case into the queue."""
        case_id = request.path_params["case_id"]
        if self._desk.case(case_id) is None:
            return _no_case()
        case = await to_thread.run_sync(self._desk.queue, case_id)
        if case is None:
            return _error(
                409, "The case cannot be examined", "It needs a file, and waits or is done already."
            )
        self._news.tell("case", self._shown(case))
        self._examiner.wake()
        return _json(self._shown(case), 202)

    async def label(self, request: Request) -> Response:
        """Known labels of files; the reports of a case that is done are drawn anew with them."""
        case = self._desk.case(request.path_params["case_id"])
        if case is None:
            return _no_case()
        hint = 'Send JSON: the id of a file to "manipulated", "pristine" or "".'
        labels = await _body(request, dict[str, str], hint)
        if isinstance(labels, Response):
            return labels
        if not labels.keys() <= {file.id for file in case.files} or not set(labels.values()) <= set(LABELS):
            return _error(400, "There is no such file in the case, or no such label", hint)
        labelled = await to_thread.run_sync(self._desk.label, case.id, labels)
        if labelled is None:
            return _no_case()
        self._news.tell("case", self._shown(labelled))
        if case_is_done(labelled):
            self._examiner.redraw(case.id)
        return _json(self._shown(labelled))

    async def delete(self, request: Request) -> Response:
        """Removes a case with its uploads, its case file and its reports."""
        case_id = request.path_params["case_id"]
        if self._desk.case(case_id) is None:
            return _no_case()
        await to_thread.run_sync(self._examiner.delete, case_id)
        return Response(status_code=204)

    async def download(self, request: Request) -> Response:
        """A report or the case file, to be kept."""
        case = self._desk.case(request.path_params["case_id"])
        name = request.path_params["name"]
        if case is None:
            return _no_case()
        if name == "evidence.case":
            path = self._desk.case_file(case.id)
        elif name in {f"report{suffix}" for suffix in REPORT_SUFFIXES}:
            path = self._desk.report(case.id, Path(name).suffix)
        else:
            return _missing("There is no such file")
        if not case_is_done(case) or not path.is_file():
            return _missing("It is not there yet")
        return FileResponse(path, media_type="application/octet-stream", filename=f"{case.id}-{name}")

    async def report(self, request: Request) -> Response:
        """The report to look at, in an origin of its own."""
        case = self._desk.case(request.path_params["case_id"])
        if case is None or not self._desk.report(case.id, ".html").is_file():
            return _missing("There is no report yet")
        return FileResponse(
            self._desk.report(case.id, ".html"),
            media_type="text/html",
            headers={"Content-Security-Policy": REPORT_POLICY},
        )

    # -- inside ----------------------------------------------------------------------------------

    def _whole(self) -> dict[str, Any]:
        progress = self._examiner.progress
        return {
            "version": forensics.__version__,
            "limit_bytes": self._limit_bytes,
            "profiles": [profile.value for profile in Profile],
            "models": self._models,
            "cases": self._shown.all(self._desk.cases()),
            "progress": progress,
        }


def _template(folder: Path) -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
    )
    # Added by the extension, which declares no types.
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        languages.gettext, languages.ngettext, newstyle=True
    )
    environment.filters["told_plainly"] = retold_plainly
    return environment.get_template("desk.html.jinja")


def installed_models() -> list[dict[str, str]]:
    """Models and ensembles that can be chosen: id, version and the detector that they serve."""
    return [{"id": card.id, "version": card.version, "task": card.task} for card, _ in catalog.list_cards()]


async def _body(request: Request, form: type[T], hint: str) -> T | Response:
    """What a short body of JSON holds, or the answer that says what is wrong with it."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _MOST_BODY_BYTES:
            return _error(413, "The request is too long", hint)
    try:
        return msgspec.json.decode(body or b"{}", type=form)
    except msgspec.MsgspecError as error:
        return _error(400, f"The request cannot be read: {error}", hint)


def refused(_request: Request, error: Exception) -> Response:
    """Errors with a remedy, requests without a route, and full disks, as the API words them."""
    if isinstance(error, ForensicsError):
        return _error(500, error.message, error.hint)
    if isinstance(error, HTTPException):
        headers = dict(error.headers or {})
        return _error(
            error.status_code, error.detail, "See docs/reference/page.md for the requests.", headers
        )
    assert isinstance(error, OSError)
    return _error(507, f"The disk refuses: {error.strerror or error}", "Free some space, then try again.")


def _json(content: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status, media_type="application/json")


def _no_case() -> Response:
    return _error(404, "There is no such case", "It may have been deleted; load the page again.")


def _missing(what: str) -> Response:
    return _error(404, what, "Load the page again.")


def _error(status: int, what: str, hint: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": {"message": what, "hint": hint}}, status, headers)
