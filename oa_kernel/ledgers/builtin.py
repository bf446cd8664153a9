"""What ledgers contribute: each its permissions, roles, page in the navigation, spreadsheet, search source and card."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from oa_kernel.contributions import Diagnostic, NavItem, Permission, Role, SearchSource, Sheet, Widget

from .people import PEOPLE

if TYPE_CHECKING:
    from .ledger import Ledger

#: set by the web layer, which knows the theme
_card: Callable[..., Any] | None = None


def set_card(render: Callable[..., Any]) -> None:
    """The web layer says how the card of a ledger looks."""
    global _card
    _card = render


_WORDS = {"view": "查看", "edit": "登记和修改", "import": "导入", "export": "导出", "delete": "停用和删除", "sensitive": "看全部内容"}


def verbs(ledger: Ledger) -> list[str]:
    """What there is to be allowed in a ledger."""
    found = ["view", "export"]
    if ledger.writable:
        found = ["view", "edit", "import", "export"] + (["delete"] if ledger.declaration.delete != "never" else [])
    return found + (["sensitive"] if any(c.mask for c in ledger.declaration.columns) else [])


def _permissions(ledger: Ledger) -> list[Permission]:
    return [
        Permission(ledger.right(verb), f"{ledger.title}：{_WORDS[verb]}",
                   "不加遮盖地看到手机号等内容" if verb == "sensitive" else "", scoped=verb not in ("sensitive", "import"))
        for verb in verbs(ledger)
    ]


def _roles(ledger: Ledger) -> list[Role]:
    rights = [v for v in verbs(ledger) if v != "sensitive"]
    found = [Role(f"{ledger.kind}.reader", f"{ledger.title}查阅", {ledger.right("view"): "all", ledger.right("export"): "all"},
                  "查看和导出全部")]
    if ledger.writable:
        found.append(Role(f"{ledger.kind}.keeper", f"{ledger.title}管理", {ledger.right(v): "all" for v in rights},
                          "登记、修改、导入和停用"))
    if ledger.declaration.everyone:
        found.append(Role(f"{ledger.kind}.everyone", f"{ledger.title}（全体）",
                          {ledger.right(v): scope for v, scope in ledger.declaration.everyone.items() if v in rights},
                          everyone=True))
    return found


def _navigation(ledger: Ledger) -> list[NavItem]:
    one = ledger.declaration
    return [NavItem(one.group, one.title, f"ledger_{one.name}.index", one.icon, ledger.right("view"), order=one.order)]


def _sheets(ledger: Ledger) -> list[Sheet]:
    from .sheets import sheet_of

    return [sheet_of(ledger)] if ledger.writable else []


def _search(ledger: Ledger) -> list[SearchSource]:
    if not ledger.searched:
        return []

    def find(person: Any, q: str, limit: int) -> list[dict[str, Any]]:
        rows = ledger.page(person, {"q": q}, limit=limit).items
        return [
            {"title": ledger.title_of(row, person), "url": f"/ledgers/{ledger.name}/{row.id}", "icon": ledger.declaration.icon,
             "snippet": _snippet(ledger, row, person), "at": row.updated_at}
            for row in rows
        ]

    return [SearchSource(f"ledger.{ledger.name}", ledger.title, find, ledger.right("view"), order=60)]


def _snippet(ledger: Ledger, row: Any, person: Any) -> str:
    columns = [c for c in ledger.columns(person) if c.search]
    return " · ".join(str(v) for v in ledger.shown(row, person, columns).values() if v)[:160]


def _widgets(ledger: Ledger) -> list[Widget]:
    if not ledger.declaration.widget:
        return []

    def render(person: Any) -> str:
        if _card is None:
            raise RuntimeError("cards are shown by the web layer: create the application first")
        page = ledger.page(person, {"sort": "-id"}, limit=6)
        rows = [{"title": ledger.title_of(r, person), "url": f"/ledgers/{ledger.name}/{r.id}", "at": r.updated_at}
                for r in page.items]
        return str(_card(ledger=ledger, rows=rows, more=page.next is not None))

    return [Widget(f"{ledger.kind}.latest", ledger.title, render, ledger.declaration.icon, ledger.right("view"), default=False)]


_OF_EACH: dict[str, Callable[[Any], list[Any]]] = {
    "oa_permissions": _permissions, "oa_roles": _roles, "oa_navigation": _navigation, "oa_sheets": _sheets,
    "oa_search_sources": _search, "oa_widgets": _widgets,
}


def _diagnose() -> tuple[str, str]:
    from .registry import diagnose

    return diagnose()


class _Contributions(dict[str, Any]):
    """Worked out when asked: which ledgers there are depends on the installation."""

    def get(self, hook: str, default: Any = None) -> Any:
        if hook not in _OF_EACH:
            return super().get(hook, default)
        from .registry import registered

        return [item for ledger in registered().values() for item in _OF_EACH[hook](ledger)]


CONTRIBUTIONS = _Contributions({
    "oa_ledgers": [PEOPLE],
    "oa_diagnostics": [Diagnostic("ledgers", "台账", _diagnose)],
})
