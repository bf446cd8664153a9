"""Filing (归档): a finished thing becomes a record under its 档号, once, whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from oa_kernel import audit, builtin, clock, db, files, numbering, permissions
from oa_kernel.contributions import Record
from oa_kernel.errors import Conflict, Invalid

from .. import checks, rights, settings
from ..archival_number import ArchivalNumber
from ..models import RETENTIONS, TEXT, Check, Item, Part, Pending
from . import pending, sources
from .labels import labels

SUBJECT = "archives.item"
#: the order of the parts within a record (DA/T 22-2015, 5.1)
ORDER = ("text", "attachment", "final_draft", "handling", "related", "draft")
_LONGEST_TEXT = 200_000


def file(person: Any, pending_id: Any, choice: Mapping[str, Any] | None = None) -> Item:
    """Files what waits.

    :param choice: what the archivist decided otherwise: ``retention``, ``class``, ``keywords``, ``year``.
    :raises Invalid: a choice that cannot be. Conflict: filed already, not finished any more, or a check failed
        (``checks`` in its details says which).
    """
    row = pending.get(person, pending_id)
    if row.state == "declined":
        raise Conflict(f"这件文件已定为不归档：{row.note}", code="voided" if row.note.startswith(pending.VOIDED) else "not_waiting")
    _once(row)
    decided = _decide(row, choice or {})
    source = sources.source(row.source_kind)
    record = source.describe(row.source_id)
    made: list[Any] = []
    try:
        parts = _collect(record, person, made)
        facts = _facts(record, decided)
        subject = checks.Subject(
            facts=facts, parts=parts, expected={p.file.id: p.file.sm3 for p in parts},
            doubles=_doubles(parts), attachments=sum(p.role == "attachment" for p in record.parts),
            has_case=record.instance_id is not None,
        )
        results = checks.run(subject)
        _once(Pending.get_by_id(row.id))  # somebody else may have filed it meanwhile: that is no double
        _refuse(results)
        with db.transaction():
            locked = db.lock_rows(Pending.select().where(Pending.id == row.id)).get()
            _once(locked)
            if locked.state != "waiting":
                raise Conflict("这件文件刚刚已由别人定为不归档", code="not_waiting")
            item = _write(person, locked, record, facts, parts, decided, results, subject)
            if source.kept is not None:
                source.kept(row.source_id, item.archival_number, person)
    except BaseException:
        for stored in made:  # what was made for a record that did not come about
            files.discard(stored, person)
        raise
    return item


def _once(row: Pending) -> None:
    """A thing is filed once, whatever 全宗 stands in the settings by now: raises Conflict naming the record it is."""
    known = Item.select(Item.archival_number, Item.fonds, Item.filed_by_name).where(
        Item.source_kind == row.source_kind, Item.source_id == row.source_id, Item.fonds == str(settings.get("fonds"))).first()
    if known is None and row.item_id is not None:  # filed from here, under another 全宗
        known = Item.get_or_none(Item.id == row.item_id)
    if known is None and row.state != "filed":
        return
    if known is None:
        raise Conflict("这件文件已经归档", code="not_waiting")
    other = f"，在另一全宗 {known.fonds}" if known.fonds != str(settings.get("fonds")) else ""
    raise Conflict(f"这件文件已经归档{other}：{known.archival_number}（{known.filed_by_name or '系统'}归档），不能重复归档",
                   code="not_waiting", archival_number=known.archival_number)


def _decide(row: Pending, choice: Mapping[str, Any]) -> dict[str, Any]:
    errors: dict[str, list[str]] = {}
    retention = choice.get("retention") or row.retention
    if retention not in RETENTIONS:
        errors["retention"] = [f"保管期限应为 {'、'.join(f'{k}（{v}）' for k, v in RETENTIONS.items())}"]
    code = str(choice.get("class") or row.class_code)
    if not (2 <= len(code) <= 10 and code.isascii() and code.isalnum() and code == code.upper()):
        errors["class"] = ["机构（问题）代码应为 2–10 个大写字母或数字"]
    words = choice.get("keywords")
    if words is None:
        words = row.keywords
    if isinstance(words, str):
        words = words.replace("，", " ").replace(",", " ").replace("、", " ").split()
    if not isinstance(words, list) or len(words) > 20 or not all(isinstance(w, str) and 0 < len(w) <= 30 for w in words):
        errors["keywords"] = ["关键词最多 20 个，每个 1–30 字"]
    year = choice.get("year") or (row.date.year if row.date else clock.today().year)
    if not isinstance(year, int) or not 1949 <= year <= clock.today().year:
        errors["year"] = [f"年度应在 1949 与 {clock.today().year} 之间"]
    if errors:
        raise Invalid(next(iter(errors.values()))[0], errors=errors)
    return {"retention": retention, "class_code": code, "keywords": list(dict.fromkeys(words)), "year": year}


def _collect(record: Record, person: Any, made: list[Any]) -> list[checks.Inspected]:
    """The parts in their order, each read from end to end; what was made on the spot is stored, and added to ``made``."""
    found = []
    wanted = [p for p in record.parts if p.role != "draft" or settings.get("earlier_drafts")]
    for part in sorted(wanted, key=lambda p: ORDER.index(p.role) if p.role in ORDER else len(ORDER)):
        row = part.file
        if row is None:
            row = files.store_bytes(part.data, part.name, person)
            made.append(row)
        one = checks.inspect(part.role, part.name, row)
        one.seal = seal_of(one)
        found.append(one)
    return found


def seal_of(part: checks.Inspected) -> dict[str, Any] | None:
    """What a verifier of some plugin says of a PDF's or OFD's seal; None where there is no seal."""
    import tempfile
    from pathlib import Path

    if part.broken or part.extension not in ("pdf", "ofd") or not part.opened:
        return None
    data = files.read_bytes(part.file)
    with tempfile.TemporaryDirectory(prefix="oa-archives-") as folder:
        path = Path(folder) / f"file.{part.extension}"
        path.write_bytes(data)
        for verifier in builtin.collect("oa_verifiers"):
            if verifier.name.startswith("archives.") or not verifier.recognises(path, data[:4096]):
                continue
            answer = verifier.verify(path)
            if answer.get("sealed") or answer["ok"]:
                return {"ok": bool(answer["ok"]), "summary": str(answer["summary"])}
    return None


def _facts(record: Record, decided: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "title": record.title, "number": record.number, "kind": record.kind, "creator": record.creator,
        "date": record.date, "secrecy": record.secrecy, "secrecy_level": record.secrecy_level,
        "secrecy_term": record.secrecy_term, "urgency": record.urgency, "department_id": record.department_id,
        "department_name": record.department, "people": [list(p) for p in record.people], "facts": dict(record.facts),
        "fonds": str(settings.get("fonds")), "category": str(settings.get("category")), **decided,
    }


def _doubles(parts: Sequence[checks.Inspected]) -> list[str]:
    main = next((p for p in parts if p.role == "text"), None)
    if main is None:
        return []
    query = Item.select(Item.archival_number).join(Part).where(Part.sm3 == main.sm3, Part.role == "text").limit(3)
    return [number for (number,) in query.tuples()]


def _refuse(results: Sequence[checks.Result]) -> None:
    failed = [r for r in results if r.result == checks.FAILED and r.code != "C2"]
    if failed:
        raise Conflict(
            "四性检测不通过，没有归档：" + "；".join(f"{r.title}（{r.evidence}）" for r in failed)[:600],
            code="checks_failed", checks=[{"code": r.code, "title": r.title, "evidence": r.evidence} for r in failed])


def _write(
    person: Any, row: Pending, record: Record, facts: dict[str, Any], parts: Sequence[checks.Inspected],
    decided: Mapping[str, Any], results: Sequence[checks.Result], subject: checks.Subject,
) -> Item:
    now = clock.now()
    number = ArchivalNumber(facts["fonds"], facts["category"], decided["year"], decided["retention"],
                            decided["class_code"], 0)
    seq = numbering.take(number.series, SUBJECT, f"{row.source_kind}:{row.source_id}", person)
    number = ArchivalNumber(number.fonds, number.category, number.year, number.retention, number.class_code, seq)
    listed = [(p.role, p.name, p.sm3) for p in parts]
    item = Item.create(
        **facts, archival_number=str(number), seq=seq, text=record.text[:_LONGEST_TEXT],
        pages=sum(p.pages for p in parts if p.role in ("text", "attachment")), size=sum(p.size for p in parts),
        source_kind=row.source_kind, source_id=row.source_id, filed_at=now, checked_at=now, filed_by_id=person.id,
        filed_by_name=person.name, digest=checks.manifest_digest({**facts, "archival_number": str(number)}, listed),
    )
    for position, part in enumerate(parts, 1):
        Part.create(item=item, position=position, role=part.role, name=part.name, file_id=part.file.id,
                    mime=part.file.mime, size=part.size, sm3=part.sm3, pages=part.pages)
        files.attach(part.file, SUBJECT, item.id, role=part.role, position=position)
    numbered = checks.Subject(**{**vars(subject), "facts": {**facts, "archival_number": str(number), "seq": seq}})
    fresh = {r.code: r for r in checks.run(numbered)}
    keep(item, "filing", [fresh.get(r.code, r) for r in results])
    TEXT.put(item.id, indexed(item), labels=labels(item))
    Pending.update(state="filed", item_id=item.id, **{k: decided[k] for k in ("retention", "class_code", "keywords")}).where(
        Pending.id == row.id).execute()
    audit.record("archives.filed", SUBJECT, item.id, title=f"{number} {item.title}", by=person, after={
        "archival_number": str(number), "retention": item.retention, "class": item.class_code, "keywords": item.keywords,
        "source": [row.source_kind, row.source_id], "digest": item.digest})
    return item


def keep(item: Item, stage: str, results: Sequence[checks.Result]) -> None:
    """Writes what the checks found, inside the caller's transaction."""
    now = clock.now()
    Check.insert_many([
        {"item": item.id, "stage": stage, "at": now, "quality": r.quality, "code": r.code, "title": r.title,
         "result": r.result, "evidence": r.evidence} for r in results]).execute()


def indexed(item: Item) -> dict[str, str]:
    """The texts a record is found by."""
    return {
        "title": f"{item.title} {item.number} {item.archival_number}", "text": item.text,
        "people": " ".join([item.creator, *(name for _, name in item.people)]), "keywords": " ".join(item.keywords),
    }


def require_export(person: Any) -> None:
    """Raises Forbidden unless the person may take records out."""
    permissions.require(person, rights.EXPORT)
