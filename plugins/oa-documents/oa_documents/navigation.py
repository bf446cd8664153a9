"""Pages in the navigation and cards on the workbench."""

from __future__ import annotations

from typing import Any

from oa_kernel.contributions import NavItem, Widget

from . import rights


def _drafts(person: Any) -> int:
    from .services import queries

    return queries.drafts_count(person)


def _waiting(person: Any) -> int:
    from .services import dispatches

    return dispatches.waiting_count(person)


def _unrouted(person: Any) -> int:
    from .services import incoming_lists

    return incoming_lists.open_count(person)


def _revocations(person: Any) -> int:
    from .services import standing

    return standing.waiting_count(person)


def _arrived(person: Any) -> int:
    from oa_kernel import files

    from .services import arrivals

    return arrivals.waiting_count(person) + len(files.attached("documents.desk", person.id))


def _internal(person: Any) -> int:
    from .services import internal

    return internal.waiting_count(person)


def _mine_card(person: Any) -> str:
    from oa_kernel import web

    from .services import queries

    page = queries.mine(person, states=("draft", "reviewing"), limit=6)
    return str(web.render_to_string("oa_documents/cards/mine.html", documents=page.items))


def _waiting_card(person: Any) -> str:
    from oa_kernel import web

    from .services import dispatches

    page = dispatches.waiting_for(person, limit=6)
    return str(web.render_to_string("oa_documents/cards/waiting.html", items=page.items))


#: who takes part in the work of the office; an administrator of audits does not
_WORKS = "kernel.tasks.own"

NAVIGATION = [
    NavItem("documents", "拟稿", "documents.new", icon="edit", permission=rights.DRAFT, order=10),
    NavItem("documents", "我的文稿", "documents.mine", icon="file-text", permission=rights.DRAFT, order=20, count=_drafts),
    NavItem("documents", "办理中", "documents.reviewing", icon="progress", permission=_WORKS, order=30),
    NavItem("documents", "待签收", "documents.waiting", icon="mailbox", permission=_WORKS, order=40, count=_waiting),
    NavItem("documents", "签报", "documents.internal_list", icon="report", permission=_WORKS, order=42, count=_internal),
    NavItem("documents", "发文登记簿", "documents.register", icon="book", permission=_WORKS, order=50),
    NavItem("documents", "收文登记", "documents.incoming_new", icon="inbox", permission=rights.REGISTER, order=44, count=_arrived),
    NavItem("documents", "收文登记簿", "documents.incoming_list", icon="clipboard-list", permission=rights.READ_INCOMING, order=46,
            count=_unrouted),
    NavItem("documents", "撤销废止待确认", "documents.standing_waiting", icon="circle-minus", permission=rights.REVOKE_CONFIRM,
            order=55, count=_revocations),
    NavItem("documents", "文号管理", "documents.numbers", icon="hash", permission=rights.NUMBER, order=60),
    NavItem("documents", "外单位地址簿", "documents.organisations", icon="address-book", permission=rights.ADDRESSES,
            order=70),
    NavItem("documents", "电子印章", "documents.seals", icon="rubber-stamp", permission=rights.SEAL, order=80),
]

WIDGETS = [
    Widget("documents.mine", "我的文稿", _mine_card, icon="file-text", permission=rights.DRAFT, width=6, order=40),
    Widget("documents.waiting", "待签收公文", _waiting_card, icon="mailbox", width=6, order=50),
]
