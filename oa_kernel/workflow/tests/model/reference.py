"""A second, simple workflow engine in memory that says who must have what after every move.

It reads the same YAML and nothing else of the engine's: no rows, no runs, no branches by prefix. A case is a tree of
threads; in a thread something is being done, or a fork splits it into threads of its own. Whose turn it is, is not
kept but worked out from who has answered.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import Any

from .definitions import DUE, WAIT
from .world import Act, Doing, Fork, Refused, Thread, Ticket, World

ADMIN, DRAFTER = "admin", "drafter"
OFFERED = {
    "draft": {"approve", "save"}, "delegate": {"approve", "transfer", "circulate", "save", "read"},
    "sign": {"approve", "return", "transfer", "circulate", "save", "read"},
    "work": {"approve", "return", "reject", "transfer", "delegate", "add_sign", "remove_sign", "circulate", "claim",
             "release", "save", "read"},
}


class Reference:
    """The case as it must be. Every move raises :class:`Refused` and changes nothing, or is done."""

    def __init__(self, definition: dict[str, Any], now: dt.datetime, amount: int, chosen: list[str]) -> None:
        self.steps: dict[str, dict[str, Any]] = {s["id"]: s for s in definition["steps"]}
        self.world = World(amount=amount)
        self.now, self.by, self.chosen = now, DRAFTER, chosen
        self.count = self.alarms = self.version = 0
        self.copies: Counter[str] = Counter()
        self.effects: set[str] = set()
        self.stand_ins: list[tuple[str, str | None, str]] = []
        self.acts: dict[str, Act] = {}
        #: False once something was taken back in a way this model does not follow
        self.exact = True
        first = self.world.root.now = Doing(self.next_id(), "draft", self.world.root)
        mine = Ticket(self.next_id(), DRAFTER, "draft", open=True)
        first.tickets = [mine]
        self.acts[DRAFTER] = Act("submit", mine.id, copy.deepcopy(self.world), 0, now)
        mine.state, mine.verdict = "done", "submit"
        self.world.done.append(first)
        self.enter(self.world.root, self.follow("draft"))
        self.settle()

    def next_id(self) -> int:
        self.count += 1
        return self.count

    # ---- what can be asked of it ---------------------------------------------------------------------------

    def open(self) -> Counter[tuple[str, str]]:
        """(step, person) of everything somebody can do now."""
        if self.world.status not in ("running", "withdrawn"):
            return Counter()
        return Counter((d.step, t.who) for d in self.doing() for t in d.tickets if t.open)

    def active(self) -> list[str]:
        """Ids of the steps that are being done."""
        return sorted(d.step for d in self.doing())

    def doing(self, thread: Thread | None = None, still: bool = False) -> Iterator[Doing]:
        """What is being done; with ``still`` also what stands still since a return."""
        return self.within((thread or self.world.root).now, still)

    def within(self, now: Any, still: bool = False) -> Iterator[Doing]:
        todo: list[Any] = [now]
        while todo:
            now = todo.pop(0)
            if isinstance(now, Fork):
                todo += [t.now for t in now.threads]
            elif now is not None:
                yield now
                if still and now.after:
                    todo.append(now.after[0])

    def targets(self, ticket: Ticket) -> set[str]:
        """Steps it may be returned to."""
        return {d.step for d in self.earlier(self.doing_of(ticket))}

    def doing_of(self, ticket: Ticket) -> Doing:
        return next(d for d in self.doing(still=True) if ticket in d.tickets)

    # ---- moving --------------------------------------------------------------------------------------------

    def follow(self, step: str) -> str:
        said = self.steps[step]["next"]
        if isinstance(said, str):
            return said
        return str(next(b["to"] for b in said if "when" not in b or self.world.amount > 5))

    def enter(self, thread: Thread, target: str, given: dict[str, float] | None = None, after: Any = None) -> None:
        if target == "end":
            self.thread_over(thread)
            return
        step = self.steps[target]
        kind = step.get("type", "task")
        thread.now = None
        if kind == "fork":
            ways = [b if isinstance(b, str) else b["to"] for b in step["branches"]
                    if isinstance(b, str) or self.world.amount > 5]
            fork = thread.now = Fork(target, thread)
            fork.threads = [Thread(fork) for _ in ways]
            for way, inner in zip(ways, list(fork.threads), strict=True):
                if thread.now is fork and inner in fork.threads:
                    self.enter(inner, way)
        elif kind == "join":
            if thread.fork is not None and f"{thread.fork.step}j" == target:
                self.leave(thread, 1)
            else:
                self.enter(thread, step["next"])
        elif kind == "notify":
            if step["copy"]:
                self.copies.update(step["people"]["users"])
            self.enter(thread, step["next"])
        elif kind != "task":
            thread.now = Doing(self.next_id(), target, thread)
            if kind == "timer":
                thread.now.alarm = self.alarm(self.now + dt.timedelta(hours=WAIT))
        else:
            self.ask(thread, step, given, after)

    def leave(self, thread: Thread, arrived: int) -> None:
        """A branch is through: at the join, or at an end of its own."""
        fork = thread.fork
        assert fork is not None
        fork.threads.remove(thread)
        fork.arrived += arrived
        wait = self.steps[f"{fork.step}j"]["wait"]
        if fork.arrived and (not fork.threads or (wait != "all" and fork.arrived >= wait)):
            fork.threads = []
            self.enter(fork.thread, self.steps[f"{fork.step}j"]["next"])
        elif not fork.threads:
            self.thread_over(fork.thread)

    def thread_over(self, thread: Thread) -> None:
        thread.now = None
        if thread.fork is not None:
            self.leave(thread, 0)
        else:
            self.world.status = "completed"

    def ask(self, thread: Thread, step: dict[str, Any], given: dict[str, float] | None, after: Any) -> None:
        mode = step.get("mode", "one")
        people = dict.fromkeys(given) if given else self.find(step)
        doing = Doing(self.next_id(), step["id"], thread, after=after)
        if given is None and step.get("skip_same_person") and list(people) == [self.by]:
            doing.tickets = [Ticket(self.next_id(), self.by, "work", state="done", verdict="skip")]
            self.world.last = step["id"]
            self.finished(doing)
            self.enter(thread, self.follow(step["id"]))
            return
        weights = given or {}
        if not given and "weights" in mode:
            weights = {u: float(w) for u, w in mode["weights"].items() if u in people} or {}
            people = dict.fromkeys(weights) or people
        thread.now = doing
        self.world.last = step["id"]
        for n, (who, own) in enumerate(self.cover(list(people), mode)):
            doing.tickets.append(Ticket(self.next_id(), who, "draft" if step["id"] == "draft" else "work", own, position=n,
                                        weight=weights.get(own or who, 1.0)))

    def find(self, step: dict[str, Any]) -> dict[str, None]:
        said = step["people"]
        if said == "drafter":
            return {DRAFTER: None}
        if "users" in said:
            return dict.fromkeys(said["users"])
        if self.chosen is None:
            return {ADMIN: None}
        if not self.chosen or set(self.chosen) - set(said["among"]):
            raise Refused("nobody was chosen, or somebody out of the set")
        return dict.fromkeys(self.chosen)

    def cover(self, found: list[str], mode: Any) -> list[tuple[str, str | None]]:
        """Who does it today, and for whom."""
        away = {p for p, to, _ in self.stand_ins if to is None}
        if mode == "one" and set(found) - away:
            found = [p for p in found if p not in away]
        out: list[tuple[str, str | None]] = []
        for person in found:
            way = [person]
            while (to := next((t for p, t, _ in reversed(self.stand_ins) if p == way[-1] and t), None)) and to not in way:
                way.append(to)
            who = way[-1] if way[-1] != DRAFTER else person
            if mode != "one" or who not in [w for w, _ in out]:
                out.append((who, person if who != person else None))
        return out

    # ---- whose turn it is, and when a step is decided -------------------------------------------------------

    def turn(self, d: Doing, t: Ticket) -> bool:
        alive = d.alive()
        if t not in alive or any(k.parent is t and (k.kind == "delegate" or k.place == "before") for k in alive):
            return False
        if t.kind in ("sign", "delegate"):
            return t.place != "after" or (t.parent is not None and t.parent.state != "alive")
        mode = self.steps[d.step].get("mode", "one")
        if mode == "one":
            return t.claimed or not any(o.claimed for o in alive)
        if mode != "sequence":
            return True
        if any(k.parent is not None and k.parent.state != "alive" for k in alive if k.kind in ("sign", "delegate")):
            return False
        return t is min((o for o in alive if o.kind in ("work", "draft")), key=lambda o: (o.position, o.id))

    def settle(self) -> None:
        """Works out whose turn it is; the clocks of turns that came begin, of those that went stop."""
        for d in self.doing():
            for t in sorted(d.tickets, key=lambda t: t.id):
                turn = self.turn(d, t)
                if turn and not t.open:
                    self.begin_clock(d, t)
                elif not turn:
                    t.alarm = None
                t.open = turn

    def begin_clock(self, d: Doing, t: Ticket) -> None:
        if self.steps[d.step].get("due"):
            if t.due is None or t.due <= self.now:
                t.due = self.now + dt.timedelta(hours=DUE)
            t.alarm = self.alarm(t.due)

    def alarm(self, at: dt.datetime) -> tuple[dt.datetime, int]:
        self.alarms += 1
        return at, self.alarms

    def answer(self, d: Doing, t: Ticket, verdict: str) -> None:
        t.state, t.verdict = "done", verdict
        if t.kind == "delegate" or t.place == "before":
            return
        mode = self.steps[d.step].get("mode", "one")
        if mode == "one":
            decided = t.kind in ("work", "draft")
        elif isinstance(mode, dict):
            votes = [v for v in d.tickets if v.kind == "work" and v.state != "gone" and v.verdict not in (
                "transfer", "retrieved", "return")]
            needed = mode["ratio"] * sum(v.weight for v in votes) if "ratio" in mode else min(
                mode["pass"], sum(v.weight for v in votes))
            favour = sum(v.weight for v in votes if v.verdict in ("approve", "pass"))
            if favour + sum(v.weight for v in votes if v.state == "alive") < needed - 1e-9:
                self.over("rejected")
                return
            decided = favour >= needed - 1e-9
            if not decided:
                return
        else:
            decided = False
        if decided:  # whoever was added by somebody who answered is still waited for
            for o in [o for o in d.alive() if o.parent is None or o.parent.state == "alive"]:
                o.state = "gone"
        if not d.alive():
            self.complete(d)

    def complete(self, d: Doing) -> None:
        self.finished(d)
        if d.after:
            still, returned = d.after
            d.thread.now = still
            self.go_on(d.thread)
            self.again(self.doing_of(returned), returned)
            self.catch_up()
        else:
            self.enter(d.thread, self.follow(d.step))

    def finished(self, d: Doing) -> None:
        self.world.done.append(d)
        if self.steps[d.step].get("on_complete"):
            self.effects.add(d.step)

    def over(self, status: str) -> None:
        self.world.root.now = None
        self.world.status = status

    def again(self, d: Doing, t: Ticket, who: str = "") -> Ticket:
        """A new ticket in place of one that is over."""
        new = Ticket(self.next_id(), who or t.who, t.kind, t.own, t.place, t.parent, t.position, t.weight, claimed=t.claimed)
        d.tickets.append(new)
        self.world.last = d.step if t.kind in ("work", "draft") else self.world.last
        for k in d.alive():
            if k.parent is t:
                k.parent = new
        return new

    # ---- standing still ------------------------------------------------------------------------------------

    def stop(self, thread: Thread) -> None:
        for d in self.doing(thread):
            d.stopped = self.now
            for t in d.tickets:
                if t.open:
                    t.stopped, t.alarm = self.now, None

    def go_on(self, thread: Thread) -> None:
        for d in self.doing(thread):
            stood = self.now - (d.stopped or self.now)
            d.stopped = None
            if d.alarm:
                d.alarm = self.alarm(d.alarm[0] + stood)
            for t in sorted(d.tickets, key=lambda t: t.id):
                if t.stopped:
                    if t.due:
                        t.due += self.now - t.stopped
                        t.alarm = self.alarm(t.due) if t.due > self.now else None
                    t.stopped = None

    def catch_up(self) -> None:
        """Sub-processes that ended meanwhile."""
        self.chosen = None  # type: ignore[assignment]
        for d in sorted(self.doing(), key=lambda d: d.id):
            if d.ended and d in list(self.doing()):
                self.child_over(d, d.ended)

    def child_over(self, d: Doing, outcome: str) -> None:
        if outcome != "completed":
            self.over("rejected")
            return
        self.world.done.append(d)
        self.enter(d.thread, self.follow(d.step))

    # ---- back ----------------------------------------------------------------------------------------------

    def before(self, step: str) -> set[str]:
        """Steps from which one can come to it."""
        found: set[str] = set()
        more = {step}
        while more:
            more = {s["id"] for s in self.steps.values() if more & set(_leads(s))} - found
            found |= more
        return found

    def earlier(self, d: Doing) -> list[Doing]:
        before = self.before(d.step)
        return [o for o in self.world.done if o.step in before and o.id < d.id and self.steps[o.step].get("type", "task") == "task"]

    def who_did(self, d: Doing) -> dict[str, float]:
        if d.step == "draft":
            return {DRAFTER: 1.0}
        one = self.steps[d.step].get("mode", "one") == "one"
        asked = [t for t in sorted(d.tickets, key=lambda t: (t.position, t.id)) if t.kind == "work" and t.verdict not in (
            "transfer", "retrieved", "return") and (not one or t.state == "done")]
        found: dict[str, float] = {}
        for t in asked:
            found.setdefault(t.own or t.who, t.weight)
        return found

    def give_back(self, d: Doing, t: Ticket, target: str, resume: str) -> None:
        found = [o for o in self.earlier(d) if o.step == ("draft" if target == "drafter" else target)]
        if not found:
            raise Refused("it has not been there")
        to = max(found, key=lambda o: o.id)
        t.state, t.verdict = "done", "return"
        here = d.thread.chain()
        inside = to.thread in here
        scope = to.thread if inside else [a for a, b in zip(here, to.thread.chain(), strict=False) if a is b][-1]
        given = self.who_did(to)
        if resume == "direct":
            self.stop(scope)
            self.enter(scope, to.step, given, (scope.now, t))
            return
        thread = scope
        for old in [] if inside else to.thread.chain()[len(scope.chain()):]:
            assert old.fork is not None
            fork = thread.now = Fork(old.fork.step, thread)
            fork.threads = [Thread(fork)]
            thread = fork.threads[0]
        self.enter(thread, to.step, given)


def _leads(step: dict[str, Any]) -> list[str]:
    said = step.get("branches") or step["next"]
    return [b if isinstance(b, str) else b["to"] for b in ([said] if isinstance(said, str) else said)]
