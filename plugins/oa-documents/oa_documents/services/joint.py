"""联合行文 and 会稿: which other organisations sign a document, which departments are asked before it goes up.

The host (who drafts, numbers, keeps the record) stands first on the page and is not in the list. Every other organisation
signs by its signatory in the document's own case; one that has nobody in this system signs on paper, and the office
confirms it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from oa_kernel import identity

#: organisations beside the host; seals stand in rows of three
MOST = 11
MARKS = {"all": "并列所有机关的标志", "host": "只用主办机关的标志"}
_USERNAME = re.compile(r"[（(]([^（()）]+)[)）]$")


def parse(value: Any) -> tuple[list[dict[str, str]], list[str]]:
    """Organisations of a text (one a line: name, a blank, signatory) or a list; and what is wrong with them."""
    rows = value.split("\n") if isinstance(value, str) else value
    if not isinstance(rows, list | tuple):
        return [], ["应为名单（JSON 数组），或每行一个"]
    out: list[dict[str, str]] = []
    problems: list[str] = []
    for row in rows:
        name, who = _parts(row)
        if not name:
            continue
        found = _person(who)
        if who and found is None:
            problems.append(f"没有“{who}”这个人（写用户名，或本系统里唯一的姓名）")
        if name in [o["name"] for o in out]:
            problems.append(f"“{name}”写了两次")
            continue
        if len(name) > 60:
            problems.append(f"机关名称超过 60 个字：{name[:20]}…")
        out.append({"name": name, "signatory": found.username if found else "", "person": found.name if found else ""})
    if len(out) > MOST:
        problems.append(f"联合行文的机关最多 {MOST + 1} 个（含主办机关）")
    return out, problems


def _parts(row: Any) -> tuple[str, str]:
    if isinstance(row, Mapping):
        return " ".join(str(row.get("name") or "").split()), str(row.get("signatory") or "").strip()
    words = str(row).replace("　", " ").replace("：", " ").replace(":", " ").split()
    return (words[0], "".join(words[1:])) if words else ("", "")


def _person(text: str) -> Any:
    if not text:
        return None
    inner = _USERNAME.search(text)
    found = identity.by_username(inner[1] if inner else text)
    if found is None:
        same = [p for p in identity.list_people(q=text, limit=5).items if p.name == text]
        found = same[0] if len(same) == 1 else None
    return found if found is not None and found.active else None


def lines(organisations: list[dict[str, str]]) -> str:
    """As the form has it, one organisation a line."""
    return "\n".join(
        o["name"] + (f" {o['person']}（{o['signatory']}）" if o.get("signatory") else "") for o in organisations or ())


def names(document: Any, host: str) -> list[str]:
    """All organisations in the order of the page, the host first."""
    return [host, *(o["name"] for o in document.joint or ())]


def signatories(instance: Any, _step: Any, _form: Any) -> list[int]:
    """People rule ``documents.joint_signatories``: who signs for each of the other organisations, in their order."""
    from .listeners import document_of

    document = document_of(instance)
    if document is None:
        return []
    wanted = [o["signatory"] for o in document.joint if o.get("signatory")]
    people = [identity.by_username(name) for name in wanted]
    return list(dict.fromkeys(p.id for p in people if p is not None and p.active))


def consulted(instance: Any, _step: Any, _form: Any) -> list[int]:
    """People rule ``documents.consulted_departments``: the heads of the departments a document is shown to (会稿)."""
    from . import routing
    from .listeners import document_of

    document = document_of(instance)
    return routing.heads_of_named(document.consult) if document is not None else []


def signed_names(document: Any) -> str:
    """签发人 of an upward document: the host's, then each organisation's."""
    others = [o["person"] for o in document.joint or () if o.get("person")]
    return "、".join(dict.fromkeys(n for n in (document.signatory, *others) if n))
