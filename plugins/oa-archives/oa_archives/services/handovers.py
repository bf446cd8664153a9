"""Handing a year on (按年度导出): asked for, carried out in the background, taken up again where a kill left it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from oa_kernel import audit, clock, db, identity, notifications, permissions, scheduling
from oa_kernel.errors import Conflict, Invalid, NotFound, OAError

from .. import package, places, rights, settings
from ..models import Item
from ..models_keeping import HandedOver, Handover
from . import queries
from .handing import write

SUBJECT = "archives.handover"
WORK = scheduling.LongWork(SUBJECT, Handover, lambda: Handover.state << ("waiting", "running"))


def ask(person: Any, year: Any, place: str, form: str = "") -> Handover:
    """Asks for a year's package; the one that is not done yet is given back, so that it is taken up again.

    :param person: None is the command line.
    :param form: of ``package.FORMS``; empty: the installation's.
    :raises Invalid: no such year or form, or nothing in it. NotFound: no such place. Conflict: one of another form is not done yet.
    """
    if person is not None:
        permissions.require(person, rights.EXPORT)
        if place not in places.names():
            raise NotFound(f"没有“{place}”这个去处，可用：{'、'.join(places.names())}")
    year = int(year) if str(year).isascii() and str(year).isdigit() else 0
    if not 1949 <= year <= clock.today().year:
        raise Invalid(f"年度应在 1949 与 {clock.today().year} 之间", errors={"year": ["年度不对"]})
    place, wanted = places.without_password(place), package.form_of(form)
    with db.transaction():
        open_ = Handover.select().where(Handover.year == year, Handover.place == place, Handover.state != "done").order_by(
            Handover.id.desc()).first()
        if open_ is not None:
            if form and open_.form != form:
                raise Conflict(f"{year} 年度往这个去处的导出还没有做完，它的信息包是“{package.FORMS[open_.form]}”",
                               code="handover_form")
            _wait_again(open_.id)
            audit.record("archives.handover_asked", SUBJECT, open_.id, title=f"{year} 年度", by=person,
                         after={"year": year, "place": place, "done": open_.done})
            return Handover.get_by_id(open_.id)
        found = records(person, year)
        count, last = found.select(db.fn.COUNT(Item.id), db.fn.MAX(Item.id)).tuples().get()
        if not count:
            raise Invalid(f"{year} 年度没有可以导出的档案", errors={"year": ["这个年度没有档案"]})
        made = Handover.create(year=year, fonds=str(settings.get("fonds")), place=place, form=wanted, total=count, last_item_id=last,
                               asked_by_id=person.id if person else None, asked_by_name=person.name if person else "命令行",
                               asked_at=clock.now(), **WORK.asked())
        audit.record("archives.handover_asked", SUBJECT, made.id, title=f"{year} 年度", by=person,
                     after={"year": year, "place": place, "form": wanted, "records": count})
    return made


def start(person: Any, year: Any, place: str, form: str = "") -> Handover:
    """:func:`ask`, and the work is put on the queue."""
    made = ask(person, year, place, form)
    scheduling.enqueue("archives.handover", handover=made.id)
    return made


def again(person: Any, handover_id: Any) -> Handover:
    """Takes one up again that was broken off."""
    found = get(person, handover_id)
    if found.state == "done":
        raise Conflict("已经导出完成", code="handover_done")
    return start(person, found.year, found.place, found.form)


def records(person: Any, year: int) -> Any:
    """The query of a year's records that the person may take out; what was destroyed has no content any more."""
    query = Item.select().where(Item.year == year, Item.fonds == str(settings.get("fonds")), Item.state != "destroyed")
    return query if person is None else queries.visible(query, person)


def listing(person: Any, *, limit: int = 20, cursor: str | None = None) -> db.Page:
    """A page of handovers, the last first."""
    permissions.require(person, rights.EXPORT)
    return db.page(Handover.select(), [Handover.id.desc()], limit=limit, cursor=cursor)


def get(person: Any, handover_id: Any) -> Handover:
    """One of them."""
    permissions.require(person, rights.EXPORT)
    number = int(handover_id) if str(handover_id).isascii() and str(handover_id).isdigit() else 0
    found = Handover.get_or_none(Handover.id == number) if 0 < number < 2**63 else None
    if found is None:
        raise NotFound("没有这次导出")
    return found


def run(handover: int, progress: Callable[[int, int], Any] | None = None) -> Handover:
    """Carries one out, from where it stands. What was written before is compared by its digest and not written again.

    :param progress: ``progress(records done, records in all)``.
    :raises Conflict: another process works on it. OAError: why it was broken off; it can be taken up again.
    """
    if Handover.select().where(Handover.id == handover, Handover.state == "failed").exists():  # the queue tries once more
        with db.transaction():
            _wait_again(handover)
            audit.record("archives.handover_asked", SUBJECT, handover)
    with WORK.working(handover, state="running") as mine:
        row = Handover.get_or_none(Handover.id == handover)
        if row is None:
            raise NotFound("没有这次导出")
        if mine is None:
            if row.state == "done":
                return row
            raise Conflict(f"这次导出正在进行（{row.runner}）", code="handover_running")
        try:
            _carry_out(row, mine, progress)
        except scheduling.GivenUp:
            pass  # another worker went on with it
    return Handover.get_by_id(row.id)


def _carry_out(row: Handover, mine: scheduling.Work, progress: Callable[[int, int], Any] | None) -> None:
    try:
        person = identity.get(row.asked_by_id) if row.asked_by_id else None
        if row.asked_by_id:
            permissions.require(person, rights.EXPORT)
        place = places.open_place(row.place, below=f"{row.year}" if row.form == "files" else f"{row.year}-{row.form}")
        manifest_sm3 = write(row, records(person, row.year), place, lambda *done: _beat(row, mine, *done, progress), mine.moving)
        with db.transaction():
            mine.end(state="done", finished_at=clock.now(), manifest_sm3=manifest_sm3, error="")
            audit.record("archives.handed_over", SUBJECT, row.id, title=f"{row.year} 年度", by=person, after={
                "year": row.year, "place": place.shown, "records": Handover.get_by_id(row.id).done, "manifest_sm3": manifest_sm3})
            _tell(row, f"{row.year} 年度已导出到 {row.place}")
    except (OAError, OSError) as error:
        text = str(getattr(error, "message", "") or error)[:500]
        with db.transaction():
            mine.end(state="failed", error=text)
            audit.record("archives.handover_failed", SUBJECT, row.id, title=f"{row.year} 年度", after={"error": text})
            if text != row.error:  # tries go on; one message for one reason is enough
                _tell(row, f"{row.year} 年度导出中断", text)
        raise


def resume() -> int:
    """Takes up what was asked for and has nobody working on it: what a killed worker left; how many."""
    return WORK.resume(run, failures=(OAError, OSError))  # the row says why


def _wait_again(handover: int) -> None:
    """One that was broken off is wanted again."""
    Handover.update(state="waiting", **WORK.asked()).where(Handover.id == handover, Handover.state == "failed").execute()


def _beat(
    row: Handover, mine: scheduling.Work, done: int, size: int, fresh: list[dict[str, Any]],
    progress: Callable[[int, int], Any] | None,
) -> None:
    with db.transaction():
        if fresh:
            HandedOver.delete().where(HandedOver.handover == row.id, HandedOver.item_id << [f["item_id"] for f in fresh]).execute()
            HandedOver.insert_many(fresh).execute()
        mine.tell(done=done, size=size)
        audit.record("archives.handover_written", SUBJECT, row.id, title=f"{row.year} 年度",
                     after={"done": done, "written": len(fresh)})
    if progress:
        progress(done, row.total)


def _tell(row: Handover, title: str, body: str = "") -> None:
    if row.asked_by_id:
        notifications.send("archives.handover", [row.asked_by_id], title, body=body, url="/archives/handovers",
                           subject=(SUBJECT, row.id))


def packages_of(row: Handover) -> Any:
    """The query of what was written, for whoever looks after it."""
    return HandedOver.select().where(HandedOver.handover == row.id).order_by(HandedOver.item_id)
