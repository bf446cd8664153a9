"""Incoming documents: registered, routed, handled, answered. Every rule and every write; lists stand in ``incoming_lists``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from oa_kernel import audit, clock, db, files, numbering, permissions, workflow
from oa_kernel.config import SECRECY_LEVELS
from oa_kernel.errors import Conflict, Invalid, TooLarge, UnsupportedType

from .. import kinds, rights, settings
from ..models_incoming import NATURES, Answer, Incoming
from . import drafts, incoming_lists, reading, routing

SUBJECT = "documents.incoming"
WORKFLOW = "documents.incoming"
FIELDS = ("number", "title", "kind", "sender", "received_on", "dated_on", "urgency", "secrecy", "secrecy_term", "copies",
          "nature", "department", "note")
_LIMITS = {"number": 120, "title": 300, "sender": 200, "secrecy_term": 30, "note": 300, "department": 120}
_LABELS = {
    "number": "来文字号", "title": "标题", "sender": "来文单位", "secrecy_term": "保密期限", "note": "备注",
    "department": "承办部门",
}


def register(data: Mapping[str, Any], by: Any, *, despite_duplicates: bool = False) -> Incoming:
    """Enters a document into the register of this year, under the next 收文号.

    :param data: fields (see :data:`FIELDS`) and ``files``: ids of stored files, the document itself first.
    :raises Invalid: naming every field that is wrong. Conflict: ``duplicate``, with ``duplicates`` in its details, unless
        they were shown and it is another one all the same.
    """
    permissions.require(by, rights.REGISTER)
    values = clean(data)
    attached = _files(data.get("files") or (), by)
    content = attached[0].sm3 if attached else ""
    doubles = incoming_lists.duplicates(values["number"], values["sender"], content)
    if doubles and not despite_duplicates:
        one = doubles[0]
        raise Conflict(
            f"可能是重复登记：{one.year} 年收文 {one.seq} 号《{one.title}》已有相同的来文字号或内容。确认不是同一份再登记",
            code="duplicate", duplicates=[{"id": d.id, "title": d.title, "number": d.number} for d in doubles])
    texts = [reading.text_of(file) for file in attached]
    attached += _enclosed(attached, by)
    seal = next((s for s in map(reading.seal_of, attached) if s), None)
    now, year = clock.now(), values["received_on"].year
    with db.transaction():
        document = Incoming.create(
            **values, year=year, seq=0 - _unique(), registered_by_id=by.id, registered_by_name=by.name, registered_at=now,
            content_sm3=content, text="\n".join(texts)[:200_000], seal=seal)
        seq = numbering.take(f"documents.incoming:{year}", SUBJECT, document.id, by)
        Incoming.update(seq=seq).where(Incoming.id == document.id).execute()
        for position, file in enumerate(attached):
            files.attach(file, SUBJECT, document.id, role="text" if position == 0 else "attachment", position=position)
        audit.record("documents.incoming.register", SUBJECT, document.id, values["title"], by=by,
                     after={**{k: v for k, v in values.items() if v not in ("", None)}, "seq": seq,
                            "files": [f.sm3 for f in attached], "seal": seal})
    return Incoming.get_by_id(document.id)


def clean(data: Mapping[str, Any]) -> dict[str, Any]:
    """The fields, checked. Raises Invalid with all reasons by field."""
    errors: dict[str, list[str]] = {}
    out: dict[str, Any] = {}
    for name, longest in _LIMITS.items():
        text = " ".join(str(data.get(name) or "").split())
        if len(text) > longest:
            errors[name] = [f"{_LABELS[name]}不能超过 {longest} 字"]
        out[name] = text
    for name in ("title", "sender"):
        if not out[name]:
            errors[name] = [f"请填写{_LABELS[name]}"]
    kind = str(data.get("kind") or "").strip()
    if kind and kind not in kinds.KINDS:
        errors["kind"] = [f"没有“{kind}”这个文种。可用：{'、'.join(kinds.KINDS)}"]
    urgency = str(data.get("urgency") or "")
    if urgency not in ("", "平急", "加急", "特急", "特提"):
        errors["urgency"] = ["紧急程度可用：特提、特急、加急、平急，或不填"]
    nature = str(data.get("nature") or "action")
    if nature not in NATURES:
        errors["nature"] = [f"性质可用：{'、'.join(NATURES)}（办件、阅件）"]
    secrecy = str(data.get("secrecy") or "公开")
    highest = settings.highest_secrecy()
    if secrecy not in SECRECY_LEVELS:
        errors["secrecy"] = [f"密级可用：{'、'.join(SECRECY_LEVELS)}"]
    elif SECRECY_LEVELS.index(secrecy) > SECRECY_LEVELS.index(highest):
        errors["secrecy"] = [f"本系统最高只能登记“{highest}”的文件，“{secrecy}”请按保密规定在专用设备上处理"]
    received_on = read_date(data.get("received_on"), "received_on", "收文日期", errors) or clock.today()
    dated_on = read_date(data.get("dated_on"), "dated_on", "成文日期", errors)
    if received_on > clock.today():
        errors["received_on"] = [f"收文日期 {received_on} 在今天之后"]
    copies = 1 if data.get("copies") is None else data["copies"]
    if not isinstance(copies, int) or not 1 <= copies <= 10_000:
        errors["copies"] = ["份数应为 1–10000 的整数"]
    department = out.pop("department")
    found = routing.department_named(department)
    if department and found is None:
        errors["department"] = [f"没有名为“{department}”的部门（或不止一个）"]
    if errors:
        raise Invalid(next(iter(errors.values()))[0], errors=errors)
    return {**out, "kind": kind, "urgency": urgency, "nature": nature, "secrecy": secrecy,
            "secrecy_level": SECRECY_LEVELS.index(secrecy), "received_on": received_on, "dated_on": dated_on,
            "copies": copies, "department_id": found.id if found else None, "department_name": department}


def read_date(value: Any, field: str, label: str, errors: dict[str, list[str]]) -> dt.date | None:
    """A date, or ``2026-11-25`` as one; None for nothing, or with the reason added to ``errors``."""
    if value in (None, ""):
        return None
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(str(value))
    except ValueError:
        errors[field] = [f"{label}“{value}”不是日期，应形如 2026-11-25"]
        return None


def _files(ids: Sequence[Any], by: Any) -> list[Any]:
    found = []
    for value in list(ids)[:100]:
        file = files.get(int(value)) if str(value).isascii() and str(value).isdigit() and len(str(value)) < 18 else None
        if file is None or not files.readable(by, file):
            raise Invalid(f"没有编号为 {value} 的文件，请先上传", errors={"files": [f"没有编号为 {value} 的文件"]})
        found.append(file)
    return found


def _enclosed(attached: Sequence[Any], by: Any) -> list[Any]:
    """What e-mails among them carry, as files of their own; what may not be kept as one (a program) stays in the e-mail."""
    found = []
    for name, content in [pair for file in attached for pair in reading.enclosed(file)]:
        try:
            found.append(files.store_bytes(content, name, by))
        except (Invalid, UnsupportedType, TooLarge):
            continue
    return found


def _unique() -> int:
    """A place that no register number takes, until the number is given in the same transaction."""
    import secrets

    return secrets.randbelow(2**31 - 2) + 1


def update(document: Incoming, data: Mapping[str, Any], by: Any, *, version: int | None = None) -> Incoming:
    """Corrects what was registered; number in the register and files stay.

    :raises Conflict: somebody changed it meanwhile, or it is in the archives.
    """
    permissions.require(by, rights.REGISTER)
    if document.state in ("archived", "voided"):
        raise Conflict("已归档或作废的收文不能修改", code="closed")
    before = {k: getattr(document, k) for k in FIELDS if k != "department"} | {"department": document.department_name}
    values = clean({**before, **{k: v for k, v in data.items() if k in FIELDS and v is not None}})
    changed = {k: v for k, v in values.items() if getattr(document, k) != v}
    if not changed:
        return document
    if "received_on" in changed and changed["received_on"].year != document.year:
        reason = f"收文号按年编：这份收文登记在 {document.year} 年，收文日期不能改到别的年份"
        raise Invalid(reason, errors={"received_on": [reason]})
    with db.transaction():
        done = Incoming.update(**changed, version=Incoming.version + 1).where(
            Incoming.id == document.id, Incoming.version == (document.version if version is None else version)).execute()
        if not done:
            raise Conflict("这份收文在别处已修改，请刷新后再改", code="stale_version")
        audit.record("documents.incoming.update", SUBJECT, document.id, values["title"], by=by,
                     before={k: getattr(document, k) for k in changed}, after=changed)
    return Incoming.get_by_id(document.id)


def route(document: Incoming, by: Any, data: Mapping[str, Any] | None = None) -> Any:
    """Starts its way (拟办 → 批办 → 承办 → 办结, or 传阅 for what is to be read); the workflow instance.

    :param data: ``department`` (the lead), ``assisting`` (names), ``opinion``, ``nature``; left out: as registered, or as
        the routing rules propose.
    """
    permissions.require(by, rights.REGISTER)
    if document.state != "registered":
        raise Conflict("这份收文已经送办" if document.state == "handling" else "这份收文已经办完或作废", code="routed")
    given = dict(data or {})
    proposed = routing.propose({k: getattr(document, k) for k in ("kind", "sender", "urgency", "title")})
    lead = str(given.get("department") or document.department_name or proposed["department"])
    department = routing.department_named(lead)
    if lead and department is None:
        raise Invalid(f"没有名为“{lead}”的部门", errors={"department": [f"没有名为“{lead}”的部门"]})
    nature = str(given.get("nature") or document.nature)
    assisting = [str(a) for a in given.get("assisting") or ()]
    for name in assisting:
        if routing.department_named(name) is None:
            raise Invalid(f"没有名为“{name}”的部门", errors={"assisting": [f"没有名为“{name}”的部门"]})
    form = {"nature": nature, "kind": document.kind, "sender": document.sender, "urgency": document.urgency,
            "secrecy": document.secrecy, "opinion": str(given.get("opinion") or ""), "lead": lead, "assisting": assisting}
    with db.transaction():
        done = Incoming.update(
            state="handling", nature=nature, department_id=department.id if department else None, department_name=lead,
            version=Incoming.version + 1,
        ).where(Incoming.id == document.id, Incoming.state == "registered").execute()
        if not done:
            raise Conflict("这份收文刚刚已由别人送办", code="routed")
        instance = workflow.start(WORKFLOW, title=document.title, form=form, by=by, subject=(SUBJECT, document.id),
                                  urgency=document.urgency)
        Incoming.update(instance_id=instance.id).where(Incoming.id == document.id).execute()
        audit.record("documents.incoming.route", SUBJECT, document.id, document.title, by=by,
                     before={"state": "registered"}, after={"state": "handling", "lead": lead, "nature": nature})
    return instance


def settle(instance: Any, by: Any) -> None:
    """Effect ``documents.settle_departments``: who handles it, as this step left it, is in the register.

    :raises Invalid: naming the departments there are not, so that it goes to nobody in their place.
    """
    if instance.subject_kind != SUBJECT:
        return
    lead = str(instance.form.get("lead") or "").strip()
    assisting = [str(name).strip() for name in instance.form.get("assisting") or ()]
    unknown = {"lead": [lead] if lead and routing.department_named(lead) is None else [],
               "assisting": [name for name in assisting if routing.department_named(name) is None]}
    errors = {field: [f"没有名为“{name}”的部门" for name in names] for field, names in unknown.items() if names}
    if errors:
        raise Invalid(next(iter(errors.values()))[0], errors=errors)
    department = routing.department_named(lead)
    document = Incoming.get_or_none(Incoming.id == int(instance.subject_id))
    if document is None or (document.department_name or "") == lead:
        return
    Incoming.update(department_id=department.id if department else None, department_name=lead,
                    version=Incoming.version + 1).where(Incoming.id == document.id).execute()
    audit.record("documents.incoming.department", SUBJECT, document.id, document.title, by=by,
                 before={"lead": document.department_name}, after={"lead": lead})


def complete(instance: Any, _task: Any, by: Any) -> None:
    """Effect ``documents.complete_incoming``: 办结."""
    if instance.subject_kind == SUBJECT:
        Incoming.update(state="completed", completed_at=clock.now(), version=Incoming.version + 1).where(
            Incoming.id == int(instance.subject_id), Incoming.state == "handling").execute()


def back(instance: Any) -> None:
    """Its case was withdrawn, rejected or cancelled: it can be routed anew."""
    if instance.subject_kind == SUBJECT:
        Incoming.update(state="registered", version=Incoming.version + 1).where(
            Incoming.id == int(instance.subject_id), Incoming.state == "handling").execute()


def void(document: Incoming, reason: str, by: Any) -> Incoming:
    """Strikes an entry out (registered by mistake); its number stays in the register with the reason."""
    permissions.require(by, rights.REGISTER)
    if not (reason := " ".join(reason.split())):
        raise Invalid("请写明作废的原因", errors={"reason": ["请写明作废的原因"]})
    if document.state not in ("registered", "handling"):
        raise Conflict("已办结、归档或作废的收文不能作废", code="closed")
    with db.transaction():
        if document.state == "handling" and document.instance_id:
            workflow.cancel(document.instance_id, by, comment=f"收文作废：{reason}")
        Incoming.update(state="voided", void_reason=reason[:300], version=Incoming.version + 1).where(
            Incoming.id == document.id).execute()
        numbering.void(f"documents.incoming:{document.year}", document.seq, reason, by)
        audit.record("documents.incoming.void", SUBJECT, document.id, document.title, by=by,
                     before={"state": document.state}, after={"state": "voided", "reason": reason})
    return Incoming.get_by_id(document.id)


def answer(document: Incoming, by: Any) -> Any:
    """Drafts the answer (复文): kind, addressee, title and first sentence from the incoming document, its number cited."""
    approval = document.kind == "请示"
    cited = f"《{document.title}》" + (f"（{document.number}）" if document.number else "")
    about = document.title[document.title.find("关于"):] if "关于" in document.title else f"关于{document.title}"
    if document.kind:
        about = about.removesuffix(f"的{document.kind}")
    data = {
        "kind": "批复" if approval else "函", "title": f"{about}的{'批复' if approval else '复函'}",
        "addressees": [document.sender], "secrecy": document.secrecy,
        "urgency": document.urgency if document.urgency in kinds.URGENCIES else "",
        "body": f"你单位{cited}收悉。经研究，现{'批复' if approval else '函复'}如下。\n一、……\n"
                f"{'此复。' if approval else '特此函复。'}",
    }
    with db.transaction():
        made = drafts.create(data, by, strict=False)
        Answer.create(incoming=document, outgoing_id=made.id, at=clock.now())
        audit.record("documents.incoming.answer", SUBJECT, document.id, document.title, by=by, after={"outgoing": made.id})
    return made
