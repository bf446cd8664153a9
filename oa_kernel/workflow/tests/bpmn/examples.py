"""Random definitions with every key a definition may have, and the files of the folder."""

from __future__ import annotations

from pathlib import Path

import yaml
from hypothesis import strategies as st

from oa_kernel.workflow.definition import STEP_ACTIONS

FILES = Path(__file__).parent / "files"
ROOT = Path(__file__).resolve().parents[4]

text = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=12)
shown = text.filter(lambda t: t.strip())
words = st.sampled_from(["zhang", "li", "a,b", "王 五", "o(p)", "财务处", "x.y", "q\"q", "${v}"])
conditions = st.sampled_from([
    "amount > 10000", "amount >= 1 and (kind == '差旅' or not urgent)", "kind in ['a', 'b']", "len(title) > 3",
    "urgent", "amount + 1 < 5 * 2", "1 < amount < 5", "urgency == \"特急\"", "kind != 'it\\'s'", "amount > 1 if urgent else false",
    "'x' in kind", "(amount\n> 3)"])
periods = st.sampled_from(["2 working days", "4 hours", "3 days", "30 minutes", "8 working hours", "2 个工作日", "1 day"])
people = st.one_of(
    st.just("drafter"), st.builds(lambda u: {"user": u}, words), st.builds(lambda u: {"role": u}, words),
    st.builds(lambda u: {"users": u}, st.lists(words, min_size=1, max_size=3)), st.builds(lambda u: {"post": u}, words),
    st.builds(lambda d, b: {"department": d, "below": b}, words, st.booleans()), st.just({"head_of": "drafter", "levels": 2}),
    st.just({"deputy_for": "drafter"}), st.just({"field": "reviewers"}), st.just({"rule": "plugin.rule"}),
    st.just({"chosen_by": "previous", "among": {"role": "r"}}), st.just({"chosen_by": "previous", "among": ["a", "b"]}))
modes = st.one_of(st.sampled_from(["one", "all", "sequence"]), st.builds(lambda r: {"ratio": r}, st.sampled_from([0.5, 0.6, 1.0, 1])),
                  st.just({"ratio": 0.5, "veto": ["li"]}), st.just({"weights": {"li": 2, "wang": 1}, "pass": 2, "veto": ["li"]}))
overdue = st.one_of(st.sampled_from(["urge", "escalate", "pass"]), st.builds(lambda p: {"transfer": p}, people))
idents = st.sampled_from(["review", "审核", "1st", "StartEvent", "EndEvent", "Flow_StartEvent", "Due_review",
                          "a b", "Choice_review", "step.2",
                          "x:y",
                          "Shape_review", "Overdue_review", "Merge_fork", "Process", "_x"])


@st.composite
def definitions(draw) -> str:
    """A sound definition."""
    names = iter(draw(st.lists(idents, min_size=12, max_size=12, unique=True)))
    steps: list[dict] = [{"id": next(names), "title": draw(shown), "people": "drafter"}]
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["task", "task", "task", "fork", "timer", "service", "notify", "subprocess"]))
        made = _fork(draw, names) if kind == "fork" and len(steps) < 6 else [_one(draw, next(names, "last" + str(len(steps))), kind)]
        steps += made
    outer = [s for s in steps if not s.get("_in")]
    for n, step in enumerate(outer):
        later = [s["id"] for s in outer[n + 1:]]
        if step.get("type") == "fork" or "next" in step:
            continue
        # the way always may go to the one that follows, so that every step is reached
        follows = later[0] if later else "end"
        if draw(st.booleans()):
            step["next"] = follows
        else:
            ways = [{"when": draw(conditions), "to": draw(st.sampled_from([*later, "end"]))}
                    for _ in range(draw(st.integers(1, 2)))]
            step["next"] = [*ways, {"to": follows}]
    for step in steps:
        step.pop("_in", None)
    data: dict = {"name": draw(st.sampled_from(["office.purchase", "采购", "a b", "Flow_StartEvent", "review"])), "title": draw(shown),
                  "version": draw(st.integers(1, 9)),
                  "form": {"amount": {"type": "number", "label": draw(text)}, "kind": {"type": "string", "allowed": ["差旅", "a"]},
                           "urgent": {"type": "boolean"}, "reviewers": {"type": "people"}, "day": {"type": "date"}}, "steps": steps}
    more = {"description": text, "fallback": people, "skip_same_person": st.booleans(), "withdraw": st.booleans(),
            "on_start": st.just(["p.effect"]), "on_complete": st.just("p.effect")}
    for key, value in more.items():
        if draw(st.integers(0, 2)) == 0:
            data[key] = draw(value)
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False)


def _one(draw, ident, kind, **more):
    step = {"id": ident, **more}
    if kind != "task":
        step["type"] = kind
    if draw(st.booleans()):
        step["title"] = draw(shown)
    if draw(st.integers(0, 2)) == 0:
        step["description"] = draw(text)
    if kind == "task":
        step["people"], step["mode"] = draw(people), draw(modes)
        if draw(st.booleans()):
            step["due"] = draw(periods)
            if draw(st.booleans()):
                step["on_overdue"] = draw(overdue)
            if draw(st.booleans()):
                step["remind"] = draw(st.lists(periods, min_size=1, max_size=2))
        if draw(st.booleans()):
            step["actions"] = draw(st.lists(st.sampled_from(STEP_ACTIONS), min_size=1, max_size=3, unique=True))
        if draw(st.booleans()):
            step["fields"] = {"amount": draw(st.sampled_from(["read", "edit", "hidden", "required"]))}
        if draw(st.integers(0, 3)) == 0:
            step |= {"fallback": draw(people), "skip_same_person": True, "on_complete": ["p.effect"]}
    elif kind == "timer":
        step["after"] = draw(st.one_of(periods, st.just({"field": "day"})))
    elif kind == "service":
        step["service"] = draw(st.sampled_from(["plugin.send", "服务", "a b"]))
    elif kind == "subprocess":
        step |= {"definition": draw(st.sampled_from(["demo.leave", "子 流程"])), "map": {"a": "amount"}, "back": {"kind": "b"}}
    else:
        step |= {"people": draw(people), "copy": draw(st.booleans())}
        if draw(st.booleans()):
            step["message"] = draw(text)
    return step


def _fork(draw, names):
    fork, join = f"fork_{draw(words)}", f"join_{draw(words)}"
    inside, branches = [], []
    for n in range(draw(st.integers(2, 3))):
        steps = [f"{fork}_{n}{k}" for k in range(draw(st.integers(0, 2)))]
        for k, name in enumerate(steps):
            to = steps[k + 1] if k + 1 < len(steps) else join
            asked = {"when": draw(conditions), "to": draw(st.sampled_from([join, "end"]))} if not draw(st.integers(0, 3)) else None
            ways = to if asked is None else [asked, {"to": to}]
            inside.append(_one(draw, name, draw(st.sampled_from(["task", "task", "notify"])), next=ways, _in=True))
        to = steps[0] if steps else join
        plain = draw(st.sampled_from([to, {"to": to}]))
        branches.append({"to": to, "when": draw(conditions)} if draw(st.integers(0, 2)) == 0 else plain)
    made = {"id": fork, "type": "fork", "branches": branches}
    joined: dict = {"id": join, "type": "join"}
    if draw(st.booleans()):
        joined["wait"] = draw(st.sampled_from(["all", 1, 2]))
    return [made, *inside, joined]
