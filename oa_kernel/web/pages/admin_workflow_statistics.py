"""Figures of a definition: how long its steps take, where cases wait, and its event log to take away."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from flask import make_response, request
from werkzeug.wrappers import Response

from oa_kernel import clock, identity, permissions, workflow
from oa_kernel.errors import Invalid
from oa_kernel.workflow import figures, xes
from oa_kernel.workflow.diagram import heat
from oa_kernel.workflow.statistics import bottlenecks, oldest_open

from ..access import Pages
from ..door import person
from ..i18n import gettext as _
from ..rendering import form_errors, is_htmx, render, with_query
from .todo import work_url

pages = Pages("admin_workflow_statistics", __name__)

VIEW = "kernel.workflow.statistics"
MANAGE = "kernel.workflow.manage"
#: days of the periods one can press
PERIODS = {"30": "近 30 天", "90": "近 90 天", "365": "近一年", "all": "全部"}


@pages.get("/workflow-statistics", permission=VIEW)
def index() -> Any:
    """The definitions there are, each with how many of its cases go on and ended."""
    return render("oa/admin/workflow_statistics_index.html", rows=workflow.case_counts())


@pages.get("/admin/workflows/<name>/statistics", permission=VIEW)
def view(name: str) -> Any:
    args = request.args
    period = args.get("period", "") or ("" if args.get("since") or args.get("until") else "90")
    period = period if period in PERIODS else "90" if not (args.get("since") or args.get("until")) else ""
    known = workflow.definition_versions(name)
    version = args.get("version", "")
    chosen = int(version) if version.isascii() and version.isdigit() and len(version) < 9 else None
    errors: dict[str, list[str]] = {}
    try:
        since, until = _days(period)
        looked = figures.look(name, since=since, until=until, version=chosen, by=person())
    except Invalid as error:
        errors = form_errors(error)
        since, until = None, None
        looked = figures.look(name, since=clock.today() - dt.timedelta(days=89), by=person())
    again = with_query(f"/admin/workflows/{name}/statistics", {**args.to_dict(), "part": "1"})
    if is_htmx() and args.get("part"):
        answer = make_response(render("oa/admin/workflow_statistics_state.html", looked=looked, again=again))
        if looked.progress is None:
            answer.headers["HX-Refresh"] = "true"
        return answer
    found = looked.found
    if found is None:
        return render("oa/admin/workflow_statistics_wait.html", name=name, title=known[0]["title"], looked=looked, again=again)
    times = {s["step"]: s["median_seconds"] for s in found["steps"]}
    definition = workflow.definition(name)
    values = {"period": period, "since": args.get("since", "") if not period else "", "version": version,
              "until": args.get("until", "") if not period else ""}
    return render(
        "oa/admin/workflow_statistics.html", 422 if errors else 200, name=name, found=found, versions=known, periods=PERIODS,
        looked=looked, again=again,
        values=values, errors=errors, length=length, percent=percent, manages=permissions.allows(person(), MANAGE),
        slowest=bottlenecks(found), charts=_charts(found),
        diagram=workflow.diagram(definition, say=_, shades=heat(times), notes={
            s: _("中位 %(t)s", t=length(t)) for s, t in times.items() if t is not None}),
        log_url=with_query(f"/admin/workflows/{name}/log.xes.gz", {"since": since, "until": until}),
    )


def _days(period: str) -> tuple[dt.date | None, dt.date | None]:
    """First and last day of what is asked for."""
    if period == "all":
        return None, None
    if period:
        return clock.today() - dt.timedelta(days=int(period) - 1), None
    return _day("since"), _day("until")


def _day(field: str) -> dt.date | None:
    text = request.args.get(field, "")
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Invalid(_("日期写作 2026-11-24"), errors={field: [_("日期写作 2026-11-24")]}) from None


def _charts(found: dict[str, Any]) -> dict[str, str]:
    """What the charts draw, as JSON for the page's script: hours a step; cases a week."""
    steps = [s for s in found["steps"] if s["median_seconds"] is not None]
    bars = {"labels": [s["title"] for s in steps], "unit": _("小时"), "series": [
        {"name": _("中位数"), "values": [round(s["median_seconds"] / 3600, 2) for s in steps]},
        {"name": _("九成位"), "values": [round(s["p90_seconds"] / 3600, 2) for s in steps]}]}
    weeks = found["weeks"]
    first = next((n for n, w in enumerate(weeks) if w["started"] or w["ended"]), 0)
    weeks = weeks[min(first, max(0, len(weeks) - 8)):]  # the empty weeks before anything happened only flatten the rest
    lines = {"labels": [w["week"].isoformat() for w in weeks], "unit": _("件"), "series": [
        {"name": _("发起"), "values": [w["started"] for w in weeks]},
        {"name": _("结束"), "values": [w["ended"] for w in weeks]}]}
    return {"steps": json.dumps(bars, ensure_ascii=False), "weeks": json.dumps(lines, ensure_ascii=False)}


def length(seconds: float | None) -> str:
    """A length of time to compare with others: minutes below an hour, hours below three days, then days."""
    if seconds is None:
        return "—"
    if seconds < 3600:
        return _("%(n)s 分钟", n=max(0, int(seconds // 60)))
    if seconds < 72 * 3600:
        return _("%(n)s 小时", n=f"{seconds / 3600:.1f}")
    return _("%(n)s 天", n=f"{seconds / 86400:.1f}")


def percent(value: float | None) -> str:
    """A rate, or a dash where there is nothing to count."""
    return "—" if value is None else f"{value:.1%}"


@pages.get("/admin/workflows/<name>/waiting", permission=MANAGE)
def waiting(name: str) -> Any:
    """What waits longest, to be opened and moved on."""
    known = workflow.definition_versions(name)
    page = oldest_open(name, cursor=request.args.get("cursor"))
    people = identity.by_ids([t.assignee_id for t in page.items])
    rows = [{"task": t, "url": work_url("", "", t.instance_id), "who": people.get(t.assignee_id)} for t in page.items]
    path = f"/admin/workflows/{name}/waiting"
    return render("oa/admin/workflow_waiting.html", name=name, title=known[0]["title"], rows=rows,
                  next_url=with_query(path, {"cursor": page.next}) if page.next else "")


@pages.get("/admin/workflows/<name>/log.xes.gz", permission=MANAGE)
def log(name: str) -> Any:
    """The event log, sent while it is read."""
    pieces = xes.log(name, by=person(), since=_day("since"), until=_day("until"), anonymous=request.args.get("anonymous") == "1")
    answer = Response(xes.gzipped(pieces), mimetype="application/gzip", direct_passthrough=True)
    file = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name)
    answer.headers["Content-Disposition"] = f'attachment; filename="{file}.xes.gz"'
    return answer


__all__ = ["length", "pages", "percent"]
