"""Pages of one ledger: list with drawer, detail with history, forms, taking rows out, views of one's own, workbooks."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import current_app, request, url_for
from werkzeug.routing import BuildError

from oa_kernel import ledgers, runtime
from oa_kernel.errors import Conflict, Invalid, OAError

from ..access import Pages
from ..door import person
from ..downloads import send_bytes
from ..i18n import gettext as _
from ..rendering import flash, form_errors, is_htmx, redirect, render
from . import listing
from .workbooks import XLSX, export, template

_ROWS = 50
#: events on a detail page
_EVENTS = 20


class LedgerPages:
    """The pages of a ledger; a plugin or an organisation replaces their templates by files of the same name."""

    def __init__(self, ledger: ledgers.Ledger) -> None:
        self.ledger = ledger
        self.path = f"/ledgers/{ledger.name}"

    def blueprint(self) -> Pages:
        """All routes, each with its permission."""
        ledger, path, one = self.ledger, self.path, f"{self.path}/<int:row_id>"
        pages = Pages(f"ledger_{ledger.name}", __name__)
        view, edit, delete = ledger.right("view"), ledger.right("edit"), ledger.right("delete")
        pages.get(path, permission=view)(self.index)
        pages.get(one, permission=view)(self.view)
        pages.post(f"{path}/look", permission=view)(self.arrange)
        pages.post(f"{path}/views", permission=view)(self.save_view)
        pages.post(f"{path}/views/<int:view_id>/delete", permission=view)(self.forget_view)
        pages.get(f"{path}/export.xlsx", permission=ledger.right("export"))(self.export)
        if ledger.writable:
            pages.get(f"{path}/template.xlsx", permission=ledger.right("import"))(self.template)
            pages.get(f"{path}/new", permission=edit)(self.new)
            pages.post(f"{path}/new", permission=edit)(self.create)
            pages.get(f"{one}/edit", permission=edit)(self.edit)
            pages.post(f"{one}/edit", permission=edit)(self.save)
            if ledger.declaration.delete != "never":
                pages.post(f"{path}/archive", permission=delete)(self.archive_many)
                pages.post(f"{one}/<any(archive, restore, remove):what>", permission=delete)(self.take_out)
        return pages

    def render(self, name: str, _status: int = 200, **values: Any) -> Any:
        """A page by the plugin's own template (``PACKAGE/ledger_NAME/``), the organisation's (``ledger_NAME/``) or ours."""
        return render(self.template_of(name), _status, ledger=self.ledger, path=self.path, **values)

    def template_of(self, name: str) -> str:
        state = runtime.current().plugins.states.get(self.ledger.owner)
        package = state.info.package if state is not None and state.info is not None else ""
        folder = f"ledger_{self.ledger.name}"
        wanted = [f"{folder}/{name}.html", *([f"{package}/{folder}/{name}.html"] if package else []), f"oa/ledger/{name}.html"]
        found: str = current_app.jinja_env.select_template(wanted).name  # type: ignore[assignment]
        return found

    def index(self) -> Any:
        """The list; for htmx the rows that come after."""
        ledger, who, args = self.ledger, person(), request.args
        look, views = ledgers.saved.of(who, ledger.name)
        errors: dict[str, list[str]] = {}
        try:
            wanted = ledgers.understand(ledger, who, args)
        except Invalid as error:
            errors, wanted = form_errors(error), ledgers.understand(ledger, who, {})
        page = ledgers.page_of(ledger, who, wanted, limit=_ROWS, cursor=args.get("cursor"))
        columns = listing.chosen_columns(ledger, who, look)
        at = listing.Address(self.path, args)
        values: dict[str, Any] = {
            "lines": listing.lines(ledger, who, columns, page.items), "columns": columns,
            "next_url": at.having(cursor=page.next) if page.next else "", "bulk": self._may_archive(who, wanted),
        }
        if is_htmx() and args.get("cursor"):
            return self.render("rows", **values)
        front, rest = listing.filters(ledger, who, args)
        return self.render(
            "list", 422 if errors else 200, heads=listing.heads(ledger, who, columns, wanted, at), wanted=wanted, at=at,
            front=front, rest=rest, chips=listing.chips(ledger, wanted, at), errors=errors,
            totals=listing.totals(ledger, who, wanted, columns) if not args.get("cursor") else None,
            dense=bool(look.get("dense")), all_columns=ledger.columns(who), may=self._may(who), import_url=self._import_url(),
            views=listing.views(self.path, views, args.get("view", "")), rows_template=self.template_of("rows"), **values,
        )

    def view(self, row_id: int) -> Any:
        """One row with its history; for htmx what the drawer shows."""
        who = person()
        row = self.ledger.get(row_id, who)
        return self._detail(row, who)

    def _detail(self, row: Any, who: Any, errors: Any = None, what: str = "", status: int = 200) -> Any:
        ledger = self.ledger
        columns = ledger.columns(who)
        more = [getattr(row, "created_by_id", None), getattr(row, "updated_by_id", None)]
        names = ledgers.Names(columns, [row], more)
        shown = ledger.shown(row, who, columns)
        drawer = is_htmx()
        events = ledger.history(row.id, who, limit=6 if drawer else _EVENTS, cursor=request.args.get("cursor")) \
            if ledger.writable else None
        return self.render(
            "drawer" if drawer else "detail", status, row=row, title=ledger.title_of(row, who),
            facts=[(c.label, listing.cell(c, shown[c.name], names), c) for c in columns], may=self._may(who, row),
            events=events.items if events else (), next_url=f"{self.path}/{row.id}?cursor={events.next}" if events and events.next
            else "", errors=errors or {}, what=what, names=names, secrecy=ledgers.level_title(row.secrecy_level)
            if ledger.declaration.secrecy else "",
        )

    def new(self) -> Any:
        """The empty form."""
        return self._form(None, None, {})

    def create(self) -> Any:
        """A new row, or the form with what is wrong."""
        try:
            row = self.ledger.create(request.form, person())
        except (Invalid, Conflict) as error:
            return self._form(None, request.form, form_errors(error), error.status)
        flash(_("已登记：%(t)s", t=self.ledger.title_of(row)))
        if request.form.get("again"):
            return redirect(f"{self.path}/new")
        return redirect(f"{self.path}/{row.id}" if self.ledger.may(person(), "view", row) else self.path)

    def edit(self, row_id: int) -> Any:
        """The form of a row."""
        row = self.ledger.get(row_id, person(), "edit")
        return self._form(row, None, {})

    def save(self, row_id: int) -> Any:
        """The changed row; or the form, with what is wrong or what somebody else changed meanwhile."""
        ledger, who, form = self.ledger, person(), request.form
        version = int(form["version"]) if form.get("version", "").isdigit() else None
        try:
            ledger.update(row_id, form, who, version=version, partial=False)
        except Conflict as error:
            row = ledger.get(row_id, who, "edit")
            return self._form(row, form, form_errors(error), 409, error.details.get("changes"))
        except Invalid as error:
            return self._form(ledger.get(row_id, who, "edit"), form, form_errors(error), 422, version=version)
        flash(_("已保存"))
        return redirect(f"{self.path}/{row_id}")

    def _form(
        self, row: Any, typed: Any, errors: dict[str, list[str]], status: int = 200, changes: Any = None,
        version: int | None = None,
    ) -> Any:
        ledger, who = self.ledger, person()
        made = ledger.form(who, new=row is None)
        values = typed if typed is not None else (ledger.typed(row, who) if row is not None else None)
        return self.render(
            "form", status, row=row, fields=made.render(values, errors), errors=errors, changes=changes or (),
            version=version if version is not None else (row.version if row is not None else 0),
            title=ledger.title_of(row, who) if row is not None else "",
        )

    def take_out(self, row_id: int, what: str) -> Any:
        """Archive, restore or remove one row."""
        ledger, who = self.ledger, person()
        reason = request.form.get("reason", "")
        try:
            if what == "restore":
                ledger.restore(row_id, who)
                flash(_("已恢复使用"))
            elif what == "archive":
                ledger.archive([row_id], reason, who)
                flash(_("已停用，可以随时恢复"))
            else:
                ledger.remove(row_id, reason, who)
                flash(_("已删除"))
                return redirect(self.path)
        except Invalid as error:
            return self._detail(ledger.get(row_id, who), who, form_errors(error), what, 422)
        except Conflict as error:
            flash(error.message, "error")
        return redirect(f"{self.path}/{row_id}")

    def archive_many(self) -> Any:
        """Takes the ticked rows out of use, all or none."""
        form = request.form
        ids = [int(i) for i in form.getlist("id") if i.isdigit()]
        try:
            done = self.ledger.archive(ids, form.get("reason", ""), person())
            flash(_("已停用 %(n)s 条", n=len(done)))
        except OAError as error:
            if error.status not in (403, 404, 409, 422):
                raise
            flash(error.message, "error")
        return redirect(_back(self.path))

    def arrange(self) -> Any:
        """Which columns, how dense."""
        known = [c.name for c in self.ledger.columns(person())]
        chosen = [n for n in request.form.getlist("column") if n in known]
        ledgers.saved.arrange(person(), self.ledger.name, {"columns": chosen, "dense": request.form.get("dense") == "1"})
        return redirect(_back(self.path))

    def save_view(self) -> Any:
        """Keeps what is filtered now under a name."""
        from urllib.parse import parse_qs, urlsplit

        query = urlsplit(_back(self.path)).query
        content = {k: v if len(v) > 1 else v[0] for k, v in parse_qs(query).items() if k not in ("cursor", "view")}
        try:
            row = ledgers.saved.save(person(), self.ledger.name, request.form.get("name", ""), {"query": content})
        except Invalid as error:
            flash("；".join(r for reasons in form_errors(error).values() for r in reasons), "error")
            return redirect(_back(self.path))
        flash(_("已保存视图“%(n)s”", n=row.name))
        return redirect(listing.Address(self.path, content).having(view=str(row.id)))

    def forget_view(self, view_id: int) -> Any:
        """Removes one of one's own views."""
        ledgers.saved.forget(person(), self.ledger.name, view_id)
        flash(_("已删除视图"))
        return redirect(self.path)

    def export(self) -> Any:
        """What the filters find, as a workbook."""
        return send_bytes(export(self.ledger, person(), request.args), XLSX, f"{self.ledger.title}.xlsx")

    def template(self) -> Any:
        """An empty workbook for an import."""
        made = BytesIO()
        template(self.ledger, person(), made)
        return send_bytes(made.getvalue(), XLSX, f"{self.ledger.title}（模板）.xlsx")

    def _may(self, who: Any, row: Any = None) -> dict[str, bool]:
        ledger = self.ledger
        found = {verb: ledger.may(who, verb, row if verb in ("edit", "delete") else None)
                 for verb in ("edit", "import", "export", "delete")}
        found["archive"] = found["delete"] and ledger.declaration.delete in ("archive", "both")
        found["remove"] = found["delete"] and ledger.declaration.delete in ("remove", "both")
        return found

    def _may_archive(self, who: Any, wanted: ledgers.Wanted) -> bool:
        return wanted.state != "archived" and self._may(who)["archive"]

    def _import_url(self) -> str:
        try:
            return url_for("admin_imports.choose", kind=self.ledger.name)
        except BuildError:
            return ""


def _back(path: str) -> str:
    """The list as it was, as the form says; nowhere else."""
    wanted = request.form.get("next", "")
    return wanted if wanted == path or wanted.startswith(f"{path}?") else path


__all__ = ["LedgerPages"]
