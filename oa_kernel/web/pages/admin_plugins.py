"""Plugins, by the system administrator: what each adds, its settings, on and off, and away with all it kept."""

from __future__ import annotations

from typing import Any

from flask import request

from oa_kernel import installed, runtime
from oa_kernel.errors import Conflict, Invalid, NotFound, OAError

from ..access import Pages
from ..door import person
from ..i18n import gettext as _
from ..rendering import flash, form_errors, redirect, render

pages = Pages("admin_plugins", __name__)

VIEW, MANAGE = "kernel.plugins.view", "kernel.plugins.manage"
#: hook → what a plugin adds by it
ADDS = {
    "oa_navigation": "页面", "oa_widgets": "工作台卡片", "oa_workflows": "流程", "oa_ledgers": "台账", "oa_permissions": "权限",
    "oa_roles": "角色", "oa_scheduled_tasks": "定时任务", "oa_notification_channels": "消息渠道",
    "oa_search_sources": "搜索来源", "oa_sheets": "导入与导出", "oa_diagnostics": "诊断", "oa_verifiers": "验证",
}
STATES = {"ok": ("正常", "circle-check", "green"), "disabled": ("未启用", "circle-dashed", "secondary"),
          "broken": ("故障", "alert-triangle", "red")}


@pages.get("/admin/plugins", permission=VIEW)
def index() -> Any:
    """All that are installed, as cards; the broken first."""
    states = runtime.current().plugins.states
    order = {"broken": 0, "ok": 1, "disabled": 2}
    notes: dict[str, int] = {}
    for note in installed.unread_notes():
        notes[note.plugin] = notes.get(note.plugin, 0) + 1
    return render(
        "oa/admin/plugins.html", plugins=sorted(states.values(), key=lambda s: (order[s.state], s.name)), adds=_adds(),
        states=STATES, notes=notes, wanted=installed.wanted(), waiting=installed.differs())


@pages.get("/admin/plugins/<name>", permission=VIEW)
def one(name: str) -> Any:
    """What a plugin adds, and its settings."""
    return _page(name)


@pages.post("/admin/plugins/<name>", permission=MANAGE)
def save(name: str) -> Any:
    """Writes the settings into the YAML file."""
    try:
        changed = installed.change_settings(name, request.form, expected=request.form.get("_file", ""), by=person())
    except (Invalid, Conflict) as error:
        return _page(name, typed=request.form, errors=form_errors(error), status=error.status)
    flash(_("已写入配置文件，重启服务后生效") if changed else _("没有改动"), "success" if changed else "info")
    return redirect(f"/admin/plugins/{name}")


@pages.post("/admin/plugins/<name>/<any(enable, disable, notes):what>", permission=MANAGE)
def act(name: str, what: str) -> Any:
    """Switches a plugin, or marks its upgrade notes as read."""
    call = {"enable": installed.enable, "disable": installed.disable, "notes": installed.read_notes}[what]
    said = {"enable": _("已启用，重启服务后生效"), "disable": _("已停用，重启服务后生效；数据保留"),
            "notes": _("升级说明已看过")}[what]
    try:
        call(name, by=person())
        flash(said)
    except Conflict as error:
        flash(error.message, "error")
    return redirect(f"/admin/plugins/{name}")


@pages.get("/admin/plugins/<name>/purge", permission=MANAGE)
def before_purge(name: str) -> Any:
    """What a purge would take away; the name is typed to go on."""
    return _purge_page(name)


@pages.post("/admin/plugins/<name>/purge", permission=MANAGE)
def purge(name: str) -> Any:
    """Exports and takes away."""
    if request.form.get("typed", "").strip() != name:
        return _purge_page(name, {"typed": [_("要清除，请写出插件名 %(name)s", name=name)]}, 422)
    try:
        path = installed.purge(name, by=person(), end_cases=request.form.get("end_cases") == "1")
    except OAError as error:
        return _purge_page(name, {"": [error.message]}, error.status)
    flash(_("%(name)s 的数据已清除；导出在服务器上的 %(path)s", name=name, path=path))
    return redirect("/admin/plugins")


def _page(name: str, typed: Any = None, errors: dict[str, list[str]] | None = None, status: int = 200) -> Any:
    state = _state(name)
    form, problem = None, ""
    try:
        form = installed.settings_form(name)
    except (Conflict, NotFound) as error:
        problem = error.message
    fields = form.form.fields(typed if typed is not None else form.values, errors, form.modes) if form else []
    for field in fields:
        assert form is not None
        field.label, field.help = _(field.label), _(field.help) if field.help else ""
        if form.modes.get(field.name) == "read":
            field.value = form.values[field.name]
            field.help = _("由环境变量 %(name)s 设定，在这里不能改", name=form.overridden[field.name])
        if field.name in form.kept:
            field.placeholder = _("已设置，留空则不改")
    return render(
        "oa/admin/plugin.html", status, plugin=state, adds=_adds().get(name, []), states=STATES, form=form, fields=fields,
        summary=_summary(fields, errors or {}), problem=problem,
        notes=installed.unread_notes(name), uses=installed.deprecated_uses(name),
        on=installed.wanted().get(name, False), users=installed.users_of(name), waiting=installed.differs())


def _summary(fields: list[Any], errors: dict[str, list[str]]) -> dict[str, list[str]]:
    """The reasons with the words of their fields: settings are many, and reasons alike."""
    labels = {field.name: field.label for field in fields}
    return {name: [f"{labels[name]}：{r}" for r in reasons] if name in labels else reasons for name, reasons in errors.items()}


def _purge_page(name: str, errors: dict[str, list[str]] | None = None, status: int = 200) -> Any:
    return render("oa/admin/plugin_purge.html", status, plugin=_state(name), plan=installed.plan(name), errors=errors or {})


def _state(name: str) -> Any:
    """An installed plugin, or one that the file names and nobody installed."""
    state = runtime.current().plugins.states.get(name)
    if state is None:
        raise NotFound(_("没有安装这个插件"))
    return state


def _adds() -> dict[str, list[tuple[str, int]]]:
    """Plugin → (what it adds, how many)."""
    registry = runtime.current().plugins
    found: dict[str, list[tuple[str, int]]] = {}
    for hook, title in ADDS.items():
        owners = [owner for owner, _item in registry.collect_with_owner(hook)]
        for owner in dict.fromkeys(owners):
            found.setdefault(owner, []).append((title, owners.count(owner)))
    return found
