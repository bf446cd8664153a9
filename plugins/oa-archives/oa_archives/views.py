"""Pages of the archives plugin, thin: parse, ask a service, show."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import request

from oa_kernel import clock, files, web
from oa_kernel.errors import BadRequest, Conflict, Invalid, NotFound

from . import rights
from .checks import QUALITIES, RESULTS
from .models import RETENTIONS
from .package import ROLES
from .services import destruction, facets, filing, june, keeping, packages, pending, queries, sources, taking, uses
from .services.stamping import stampable

pages = web.Pages("archives", __name__, template_folder="templates", static_folder=None)

_FILTERS = ("q", "in", "year", "retention", "number", "access", "state", "department", "kind", "secrecy")
_STATES = {"waiting": "待归档", "overdue": "逾期未归档", "declined": "不归档", "filed": "已归档"}


def _render(name: str, status: int = 200, **values: Any) -> Any:
    return web.render(f"oa_archives/{name}", status, retentions=RETENTIONS, source_title=sources.title_of, **values)


@pages.get("/archives/pending", permission=rights.FILE)
def pending_list() -> Any:
    """What waits for the archivist."""
    state = request.args.get("state", "waiting")
    state = state if state in _STATES else "waiting"
    q = request.args.get("q", "")
    page = pending.waiting(web.person(), q=q, state=state, cursor=request.args.get("cursor"))
    following = f"/archives/pending?{urlencode({'state': state, 'q': q, 'cursor': page.next})}" if page.next else ""
    return _render("pending.html", page=page, state=state, states=_STATES, q=q, next_url=following, today=clock.today(),
                   open_=state in ("waiting", "overdue"), overdue=june.overdue_of())


@pages.get("/archives/pending/<int:id>", permission=rights.FILE)
def pending_one(id: int) -> Any:
    """One of them, with what is proposed."""
    return _pending_page(pending.get(web.person(), id))


def _pending_page(row: Any, errors: dict[str, list[str]] | None = None, failed: Any = (), status: int = 200) -> Any:
    source = sources.all_sources().get(row.source_kind)
    return _render("pending_one.html", status, row=row, errors=errors or {}, failed=failed,
                   source_url=source.url(row.source_id) if source and source.url else "")


@pages.post("/archives/pending/<int:id>/file", permission=rights.FILE)
def file(id: int) -> Any:
    """归档."""
    form = request.form
    year = form.get("year", "")
    choice = {"retention": form.get("retention"), "class": form.get("class"), "keywords": form.get("keywords"),
              "year": int(year) if year.isascii() and year.isdigit() and len(year) == 4 else None}
    try:
        item = filing.file(web.person(), id, choice)
    except Invalid as error:
        return _pending_page(pending.get(web.person(), id), web.form_errors(error), status=422)
    except Conflict as error:
        if error.code != "checks_failed":
            raise
        return _pending_page(pending.get(web.person(), id), {"": [error.message]}, error.details.get("checks", ()), status=409)
    web.flash(web.gettext("已归档 %(number)s", number=item.archival_number))
    return web.redirect(f"/archives/{item.id}")


@pages.post("/archives/pending/batch", permission=rights.FILE)
def batch() -> Any:
    """Files those that were ticked, as proposed; each by itself, so that one that cannot be does not hold up the others."""
    done, wrong = 0, []
    for value in request.form.getlist("id")[:100]:
        try:
            filing.file(web.person(), value)
            done += 1
        except (Invalid, Conflict) as error:
            row = pending.get(web.person(), value)
            wrong.append(f"《{row.title}》{error.message}")
    if done:
        web.flash(web.gettext("已归档 %(n)s 件", n=done))
    for text in wrong[:10]:
        web.flash(text, "error")
    if not done and not wrong:
        web.flash(web.gettext("没有选中任何文件"), "error")
    return web.redirect("/archives/pending")


@pages.post("/archives/pending/<int:id>/<any(decline, restore):what>", permission=rights.FILE)
def decide(id: int, what: str) -> Any:
    """不归档, with the reason, and back."""
    try:
        if what == "decline":
            pending.decline(web.person(), id, request.form.get("reason", ""))
            web.flash(web.gettext("已定为不归档"))
        else:
            pending.restore(web.person(), id)
            web.flash(web.gettext("已放回待归档"))
    except Invalid as error:
        return _pending_page(pending.get(web.person(), id), web.form_errors(error), status=422)
    return web.redirect("/archives/pending")


@pages.get("/archives", permission=rights.READ)
def index() -> Any:
    """Searching."""
    given = {name: value for name in _FILTERS if (value := request.args.get(name, "").strip())}
    error, page, divided, first = "", None, None, not request.args.get("cursor")
    try:
        page = queries.find(web.person(), given, cursor=request.args.get("cursor"))
        divided = facets.find(web.person(), given) if first and (page.items or given) else None
    except BadRequest as wrong:
        error = wrong.message
    following = f"/archives?{urlencode({**given, 'cursor': page.next})}" if page is not None and page.next else ""
    return _render("index.html", page=page, given=given, error=error, years=queries.years(web.person()), next_url=following,
                   first=first, facets=_facet_rows(divided, given), divided=divided, access_words=queries.ACCESS,
                   state_words=queries.STATES)


def _facet_rows(divided: facets.Facets | None, given: dict[str, str]) -> list[dict[str, Any]]:
    """For the macro: each value with the address of the list that it narrows to, a chosen one with that of the list without."""
    def url(name: str, value: facets.Value) -> str:
        others = {key: v for key, v in given.items() if key != name}
        return f"/archives?{urlencode(others if value.chosen else {**others, name: value.value})}"

    return [{"title": facets.TITLES[name], "values": [
        {"title": v.title, "count": v.count, "chosen": v.chosen, "url": url(name, v)} for v in values]}
        for name, values in (divided.values.items() if divided is not None else ())]


@pages.get("/archives/<int:id>", permission=rights.READ)
def item(id: int) -> Any:
    """A record: description, files, checks."""
    found = queries.get(web.person(), id)
    parts = queries.parts(found)
    return _render("item.html", item=found, parts=parts, stampable=stampable(found, parts), origin=taking.origin_of(found),
                   checks=queries.checks_of(found), roles=ROLES, qualities=QUALITIES, results=RESULTS,
                   destroyed=destruction.told(found), today=clock.today(),
                   state_words=queries.STATES)


@pages.get("/archives/<int:id>/files/<int:position>", permission=rights.READ)
def part(id: int, position: int) -> Any:
    """One of its files."""
    person = web.person()
    record = queries.get(person, id)
    destruction.require_content(record)
    found = next((p for p in queries.parts(record) if p.position == position), None)
    if found is None:
        raise NotFound("没有这个文件")
    uses.note(record, person, "read")
    return web.send_file(files.require_readable(person, found.file_id), inline=True, name=found.name)


@pages.post("/archives/<int:id>/check", permission=rights.FILE)
def check(id: int) -> Any:
    """四性检测 again."""
    sound = keeping.check(queries.get(web.person(), id), web.person())
    web.flash(web.gettext("检测通过") if sound else web.gettext("检测不通过，请看检测结果"), "success" if sound else "error")
    return web.redirect(f"/archives/{id}#checks")


@pages.get("/archives/<int:id>/package", permission=rights.EXPORT)
def package(id: int) -> Any:
    """The record's package."""
    return packages.response(web.person(), queries.get(web.person(), id), request.args.get("format", ""))
