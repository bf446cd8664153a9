"""The designer's forms and what they say: a step, the whole definition, a form field, to and from plain data.

What a form says the same as the definition does is left as it is written there, so that opening a step and changing
one thing changes one thing. Mistakes are taken over as they were typed and named by the validation, with their line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from oa_kernel import builtin, identity, permissions, workflow
from oa_kernel.identity.models import Post
from oa_kernel.workflow import editing
from oa_kernel.workflow.definition import DEFAULT_ACTIONS

#: keys that belong to one type of step only
OWN = {"subprocess": ("definition", "map", "back"), "service": ("service",), "timer": ("after",), "notify": ("message", "copy"),
       "fork": ("branches",), "join": ("wait",)}
#: types whose steps are done by people
BY_PEOPLE = ("task",)
FIELD_TYPES = ("string", "text", "integer", "number", "boolean", "date", "datetime", "list", "person", "people", "department", "file")


def words(text: str | None) -> list[str]:
    """Names typed one after the other, by any comma, space or line."""
    return [w for w in re.split(r"[,，、;；\s]+", text or "") if w]


def number(text: str | None) -> Any:
    """A number as it was meant; what is none stays as typed, for the validation to name."""
    text = (text or "").strip()
    if re.fullmatch(r"-?\d{1,12}", text):
        return int(text)
    if re.fullmatch(r"-?\d{1,12}\.\d{1,6}", text):
        return float(text)
    return text


def pairs(text: str | None) -> dict[str, str]:
    """Lines of ``a = b``."""
    found = [line.partition("=") for line in re.split(r"[\n,，]", text or "") if line.strip()]
    return {a.strip(): b.strip() for a, _, b in found}


# --- who ---

def shown_rule(value: Any) -> dict[str, Any]:
    """A people rule as the form shows it: ``kind`` and the values of its inputs."""
    if value == "drafter":
        return {"kind": "drafter"}
    if not isinstance(value, dict):
        return {"kind": ""}
    out = {k: value[k] for k in ("post", "role", "department", "field", "rule", "levels", "below") if k in value}
    for kind in ("user", "users", "post", "role", "department", "head_of", "deputy_for", "field", "chosen_by", "rule"):
        if kind in value:
            out["kind"] = "users" if kind == "user" else kind
    named = value.get("users", value.get("user"))
    out["users"] = "、".join(map(str, named)) if isinstance(named, list) else str(named or "")
    among = value.get("among")
    out["among"] = shown_rule({"users": among} if isinstance(among, list) else among)
    out.setdefault("kind", "")
    return out


def rule(form: Any, prefix: str, old: Any = None) -> Any:
    """The people rule a form says; None for none; the old one where it says the same."""
    kind = form.get(f"{prefix}.kind", "")
    value: Any = None
    said = form.get(f"{prefix}.{kind}", "").strip() if kind else ""
    if kind == "drafter":
        value = "drafter"
    elif kind == "users":
        names = words(form.get(f"{prefix}.users"))
        value = {"user": names[0]} if len(names) == 1 else {"users": names}
    elif kind == "department":
        value = {"department": int(said) if said.isdigit() else said}
        if form.get(f"{prefix}.below"):
            value["below"] = True
    elif kind == "head_of":
        levels = number(form.get(f"{prefix}.levels") or "1")
        value = {"head_of": "drafter"} if levels == 1 else {"head_of": "drafter", "levels": levels}
    elif kind == "deputy_for":
        value = {"deputy_for": "drafter"}
    elif kind == "chosen_by":
        among = rule(form, f"{prefix}.among")
        if isinstance(among, dict) and set(among) <= {"user", "users"}:
            among = among.get("users", [among.get("user")])
        value = {"chosen_by": "previous"} if among is None else {"chosen_by": "previous", "among": among}
    elif kind in ("post", "role", "field", "rule"):
        value = {kind: said}
    return old if old is not None and value is not None and shown_rule(old) == shown_rule(value) else value


# --- a step ---

def step_values(form: Any, step: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a step as its form says them; None takes a key away."""
    kind = form.get("type", step.get("type", "task"))
    out: dict[str, Any] = {"title": form.get("title", "").strip() or None, "description": _lines(form.get("description")),
                           "type": kind if kind != "task" or "type" in step else None}
    for owner, keys in OWN.items():
        if owner != kind:
            out.update(dict.fromkeys(keys))
    if kind in ("task", "notify") and "people.kind" in form:
        out["people"] = rule(form, "people", step.get("people"))
    elif kind not in ("task", "notify"):
        out["people"] = None
    if kind == "task":
        out |= _of_task(form, step)
    else:
        out |= dict.fromkeys(("mode", "actions", "due", "remind", "on_overdue", "fields"))
        out |= _by_itself(form, step, kind)
    if "fallback.kind" in form:
        out["fallback"] = rule(form, "fallback", step.get("fallback")) if kind in ("task", "notify") else None
    if "has_on_complete" in form:
        effects = form.getlist("on_complete")
        out["on_complete"] = _keep(step.get("on_complete"), effects or None, lambda v: [v] if isinstance(v, str) else v)
    if "way.to" in form and kind != "fork":
        out["next"] = _ways(form, step, "next")
    elif kind == "fork":
        out["branches"] = _ways(form, step, "branches") if "way.to" in form else step.get("branches")
        out["next"] = None
    return out


def _of_task(form: Any, step: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    if "mode.kind" in form:
        mode = _mode(form)
        out["mode"] = step.get("mode") if mode == step.get("mode", "one") else mode
    if "has_actions" in form:
        chosen = form.getlist("actions")
        all_of_them = form.get("has_actions") == "default" or not chosen
        out["actions"] = None if all_of_them else _keep(step.get("actions"), chosen, lambda v: sorted(v, key=str))
    out["due"] = form.get("due", "").strip() or None
    remind = [r.strip() for r in re.split(r"[,，、;；\n]", form.get("remind", "")) if r.strip()]
    out["remind"] = _keep(step.get("remind"), remind or None, lambda v: [v] if isinstance(v, str) else v)
    overdue = form.get("overdue", "")
    old = step.get("on_overdue")
    out["on_overdue"] = {"transfer": rule(form, "overdue", old.get("transfer") if isinstance(old, dict) else None) or ""} \
        if overdue == "transfer" else overdue or None
    if "skip_same_person" in form:
        out["skip_same_person"] = {"": None, "yes": True, "no": False}.get(form["skip_same_person"])
    rights = {k[7:]: v for k, v in form.items() if k.startswith("rights:") and v}
    if any(k.startswith("rights:") for k in form):
        others = {k: v for k, v in (step.get("fields") or {}).items() if f"rights:{k}" not in form}
        out["fields"] = {**others, **rights} or None
    return out


def _mode(form: Any) -> Any:
    kind = form.get("mode.kind", "one")
    veto = words(form.get("mode.veto"))
    more = {"veto": veto} if veto else {}
    if kind == "ratio":
        percent = number(form.get("mode.ratio"))
        return {"ratio": round(percent / 100, 4) if isinstance(percent, int | float) else percent, **more}
    if kind == "weights":
        weights = {k: number(v or "1") for k, v in pairs(form.get("mode.weights")).items()}
        return {"weights": weights, "pass": number(form.get("mode.pass")), **more}
    return kind


def _by_itself(form: Any, step: Mapping[str, Any], kind: str) -> dict[str, Any]:
    out: dict[str, Any] = {}
    if kind == "subprocess" and "definition" in form:
        out = {"definition": form.get("definition") or None, "map": pairs(form.get("map")) or None,
               "back": pairs(form.get("back")) or None}
    elif kind == "service" and "service" in form:
        out = {"service": form.get("service") or None}
    elif kind == "timer" and "after" in form:
        field = form.get("after.field", "")
        out = {"after": {"field": field} if field else form.get("after", "").strip() or None}
    elif kind == "notify" and "message" in form:
        unsaid = False if step.get("copy") is False else None
        out = {"message": _lines(form.get("message")), "copy": True if form.get("copy") else unsaid}
    elif kind == "join" and "wait" in form:
        wait = number(form.get("wait") or "all")
        out = {"wait": step.get("wait") if wait == step.get("wait", "all") else wait}
    return out


def _ways(form: Any, step: Mapping[str, Any], key: str) -> Any:
    rows = zip(form.getlist("way.to"), form.getlist("way.when"), strict=False)
    found = [{"to": to, "when": when.strip()} for to, when in rows if to]
    if found == editing.ways(step, key):
        return step.get(key)
    if key == "next" and len(found) > 1 and any(not w["when"] for w in found[:-1]):
        # a way without a condition stands last, unless there are several: then what is missing is told
        bare = [w for w in found if not w["when"]]
        if len(bare) == 1:
            found = [*(w for w in found if w["when"]), bare[0]]
    return editing.written(found, fork=key == "branches")


def _keep(old: Any, new: Any, plain: Any) -> Any:
    """The old way of writing it where both mean the same."""
    if old is None or new is None:
        return new
    try:
        return old if plain(old) == plain(new) else new
    except TypeError:
        return new


def _lines(text: str | None) -> str | None:
    return (text or "").replace("\r\n", "\n").strip() or None


# --- the whole, and its form ---

def head_values(form: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a definition as its form says them."""
    version = number(form.get("version"))
    old = data.get("withdraw")
    effects = {key: _keep(data.get(key), form.getlist(key) or None, lambda v: [v] if isinstance(v, str) else v)
               for key in ("on_start", "on_complete")}
    withdraw = None if form.get("withdraw") and old is not True else bool(form.get("withdraw"))
    return {
        "title": form.get("title", "").strip() or None, "description": _lines(form.get("description")),
        "version": version if version != "" else None, "fallback": rule(form, "fallback", data.get("fallback")),
        "skip_same_person": True if form.get("skip_same_person") else (False if data.get("skip_same_person") is False else None),
        "withdraw": withdraw, **effects,
    }


def field_rule(form: Any, old: Mapping[str, Any] | None) -> dict[str, Any]:
    """A form field's rule as its form says it; keys the form does not know are kept."""
    known = ("type", "label", "required", "allowed", "min", "max", "maxlength", "unit", "help")
    out: dict[str, Any] = {k: v for k, v in (old or {}).items() if k not in known}
    values = {
        "type": form.get("field.type", "string"), "label": form.get("field.label", "").strip(),
        "required": True if form.get("field.required") else None,
        "allowed": [a.strip() for a in re.split(r"[,，、;；\n]", form.get("field.allowed", "")) if a.strip()],
        "min": number(form.get("field.min")), "max": number(form.get("field.max")),
        "maxlength": number(form.get("field.maxlength")), "unit": form.get("field.unit", "").strip(),
        "help": form.get("field.help", "").strip(),
    }
    return {**{k: v for k, v in values.items() if v not in (None, "", [])}, **out}


# --- what can be chosen ---

def choices(name: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The lists of the designer's selects: (value, word)."""
    units = identity.department_tree()
    names = [u.name for u in units]
    posts = Post.select(Post.code, Post.title).where(Post.active, Post.code != "").order_by(Post.code).limit(1000).tuples()
    form = data.get("form")
    fields = form if isinstance(form, dict) else {}
    return {
        "roles": [(r.name, r.title) for r in permissions.roles().values()],
        "departments": [(u.name if names.count(u.name) == 1 else u.code or str(u.id),
                         "　" * (u.path.count("/") - 2) + u.name) for u in units],
        "posts": [(code, f"{title}（{code}）") for code, title in posts],
        "rules": [(r.name, r.title) for r in builtin.collect("oa_people_rules")],
        "effects": [(e.name, e.title) for e in builtin.collect("oa_workflow_effects")],
        "services": [(s.name, s.title) for s in builtin.collect("oa_workflow_services")],
        "definitions": [(d.name, d.title) for d in workflow.definitions() if d.name != name],
        "fields": [(str(k), str(v.get("label") or k) if isinstance(v, dict) else str(k)) for k, v in fields.items()],
        "default_actions": DEFAULT_ACTIONS,
    }
