"""What people may do to the reference: each move as the rules of ``docs/workflows.md`` say it, and no more than that."""

from __future__ import annotations

import copy
from contextlib import contextmanager
from typing import Any

from .reference import ADMIN, DRAFTER, OFFERED, Reference
from .world import Act, Doing, Refused, Ticket

ENDED = ("completed", "rejected", "cancelled")


class Model(Reference):
    """The reference with its moves."""

    @contextmanager
    def move(self, by: str, counts: bool = True) -> Any:
        """One move: all of it or, when it is refused, nothing."""
        before = self.world, self.copies.copy(), set(self.effects)
        self.world = copy.deepcopy(self.world)
        self.by, self.chosen = by, None  # type: ignore[assignment]
        try:
            yield before[0]
        except Refused:
            self.world, self.copies, self.effects = before
            raise
        if self.world.status in ("running", "withdrawn"):
            self.settle()
        self.version += counts

    def ticket(self, ident: int) -> tuple[Doing, Ticket]:
        """A ticket of this world by its number."""
        for d in [*self.doing(still=True), *self.world.done]:
            for t in d.tickets:
                if t.id == ident:
                    return d, t
        raise KeyError(ident)

    # ---- a task's actions ----------------------------------------------------------------------------------

    def act(self, ident: int, action: str, **what: Any) -> None:
        """``what``: to, place, target, resume, amount."""
        by = self.ticket(ident)[1].who
        counts = action not in ("save", "read", "circulate")
        with self.move(by, counts) as before:
            d, t = self.ticket(ident)
            self.chosen = what.get("to") or []
            made = self._act(d, t, action, what)
            if action in ("approve", "transfer", "return", "delegate", "reject"):
                self.acts[by] = Act("submit" if t.kind == "draft" else action, t.id, before, self.version + 1, self.now, made)

    def _act(self, d: Doing, t: Ticket, action: str, what: dict[str, Any]) -> int:
        standing = any(d is o for o in self.doing())
        waits = t.state == "alive" and t.kind == "work" and action == "remove_sign"
        if not standing or self.world.status == "suspended" or not (t.open or waits):
            raise Refused("not their turn")
        if action not in OFFERED[t.kind] or (action == "release" and not t.claimed):
            raise Refused("not offered")
        amount = what.get("amount")
        if action in ("approve", "save", "return") and amount is not None:
            said = self.steps[d.step].get("fields", {}).get("amount", "edit" if d.step == "draft" else "read")
            if said == "read" and amount != self.world.amount:
                raise Refused("the field may not be changed here")
            self.world.amount = amount
        return int(getattr(self, f"do_{action}", self.do_nothing)(d, t, what) or 0)

    def do_nothing(self, d: Doing, t: Ticket, what: dict[str, Any]) -> None:
        """read and save leave everything where it is."""

    def do_approve(self, d: Doing, t: Ticket, what: dict[str, Any]) -> None:
        if self.world.status == "withdrawn":
            self.world.status = "running"
        self.answer(d, t, "approve")

    def do_reject(self, d: Doing, t: Ticket, what: dict[str, Any]) -> None:
        mode = self.steps[d.step].get("mode", "one")
        self.chosen = None  # type: ignore[assignment]
        if isinstance(mode, dict) and t.kind == "work" and (t.own or t.who) not in mode.get("veto", ()):
            self.answer(d, t, "reject")
        else:
            self.over("rejected")

    def do_return(self, d: Doing, t: Ticket, what: dict[str, Any]) -> None:
        self.chosen = None  # type: ignore[assignment]
        self.give_back(d, t, what["target"], what["resume"])

    def new_person(self, d: Doing, what: dict[str, Any]) -> str:
        (who,) = what["to"]
        if who in [t.who for t in d.alive()]:
            raise Refused("is asked in this step already")
        return str(who)

    def do_transfer(self, d: Doing, t: Ticket, what: dict[str, Any]) -> int:
        who = self.new_person(d, what)
        t.state, t.verdict = "done", "transfer"
        new = self.again(d, t, who)
        self.begun(new, t)
        return new.id

    def begun(self, new: Ticket, like: Ticket) -> None:
        """Open at once, with the deadline of another."""
        new.open, new.due = True, like.due
        new.alarm = self.alarm(new.due) if new.due and new.due > self.now else None

    def do_delegate(self, d: Doing, t: Ticket, what: dict[str, Any]) -> None:
        new = Ticket(self.next_id(), self.new_person(d, what), "delegate", parent=t)
        d.tickets.append(new)
        self.begun(new, t)

    def do_add_sign(self, d: Doing, t: Ticket, what: dict[str, Any]) -> None:
        who = self.new_person(d, what)
        d.tickets.append(Ticket(self.next_id(), who, "sign", place=what["place"], parent=t, position=t.position))

    def do_remove_sign(self, d: Doing, t: Ticket, what: dict[str, Any]) -> None:
        gone = [k for k in d.alive() if k.parent is t and k.who in what["to"]]
        if not gone:
            raise Refused("not added by them, or has answered")
        for k in gone:
            k.state = "gone"

    def do_circulate(self, d: Doing, t: Ticket, what: dict[str, Any]) -> None:
        for who in what["to"]:
            if not self.copies[who]:
                self.copies[who] = 1

    def do_claim(self, d: Doing, t: Ticket, what: dict[str, Any]) -> None:
        others = [o for o in d.alive() if o.open and o is not t and o.kind == "work"]
        if t.claimed or t.kind != "work" or self.steps[d.step].get("mode", "one") != "one" or not others:
            raise Refused("nothing to claim")
        t.claimed = True

    def do_release(self, d: Doing, t: Ticket, what: dict[str, Any]) -> None:
        t.claimed = False

    # ---- of the whole case ---------------------------------------------------------------------------------

    def running(self) -> None:
        if self.world.status != "running":
            raise Refused("it is not running")

    def withdraw(self) -> None:
        with self.move(DRAFTER) as before:
            self.running()
            if any(t.kind == "draft" and t.open for d in self.doing() for t in d.tickets):
                raise Refused("it is a draft already")
            self.over("withdrawn")
            self.enter(self.world.root, "draft", {DRAFTER: 1.0})
            self.acts[DRAFTER] = Act("withdraw", 0, before, self.version + 1, self.now)

    def suspend(self) -> None:
        with self.move(ADMIN):
            self.running()
            self.stop(self.world.root)
            self.world.status = "suspended"

    def resume(self) -> None:
        with self.move(ADMIN):
            if self.world.status != "suspended":
                raise Refused("it was not suspended")
            self.world.status = "running"
            self.go_on(self.world.root)
            self.catch_up()

    def jump(self, target: str) -> None:
        with self.move(ADMIN):
            if self.world.status in ENDED:
                raise Refused("it is over")
            self.over("running")
            self.enter(self.world.root, target)

    def reopen(self) -> None:
        with self.move(ADMIN):
            if self.world.status not in ENDED:
                raise Refused("it is not over")
            self.over("running")
            self.enter(self.world.root, self.world.last)

    def cancel(self) -> None:
        with self.move(ADMIN):
            if self.world.status in ENDED:
                raise Refused("it is over")
            self.over("cancelled")

    def skip(self, step: str) -> None:
        with self.move(ADMIN):
            self.running()
            d = next((d for d in self.doing() if d.step == step), None)
            if d is None:
                raise Refused("it is not being done")
            for t in d.alive():
                t.state = "gone"
            effects = set(self.effects)
            self.complete(d)
            if step not in effects:  # skipped: without its own effect
                self.effects.discard(step)

    def hand_over(self, who: str, to: str) -> None:
        with self.move(ADMIN):
            for d in self.doing(still=True):
                for t in d.alive():
                    if t.who == who:
                        t.who, t.own = to, t.own or who
            self.copies[to] += self.copies.pop(who, 0)

    def stand_in(self, who: str, to: str | None) -> None:
        self.stand_ins.append((who, to, "absence" if to is None else "delegation"))

    # ---- what happens by itself ----------------------------------------------------------------------------

    def tick(self) -> None:
        """Everything whose time has come, the earliest first."""
        with self.move("", counts=False):
            while self.world.status == "running":
                due = [(x.alarm, d, t) for d in self.doing() for t in (None, *d.tickets)
                       if (x := t or d).alarm and x.alarm[0] <= self.now]
                if not due:
                    break
                _, d, t = min(due, key=lambda found: found[0])
                self.version += 1
                if t is None:
                    self.world.done.append(d)
                    self.enter(d.thread, self.follow(d.step))
                else:
                    self.overdue(d, t)
                self.settle()

    def overdue(self, d: Doing, t: Ticket) -> None:
        t.alarm = None
        said = self.steps[d.step].get("on_overdue")
        if said == "pass" and t.kind == "work":
            self.answer(d, t, "pass")
        elif isinstance(said, dict) and t.who != said["transfer"]["user"]:
            t.state, t.verdict = "done", "transfer"
            self.again(d, t, said["transfer"]["user"])

    def served(self) -> None:
        """All services that are waited for were carried out."""
        with self.move("", counts=False):
            while self.world.status == "running":
                waiting = [d for d in self.doing() if self.steps[d.step].get("type") == "service"]
                if not waiting:
                    break
                d = min(waiting, key=lambda d: d.id)
                self.version += 1
                self.world.done.append(d)
                self.enter(d.thread, self.follow(d.step))

    def child(self, step: str, outcome: str, by: str) -> None:
        """A sub-process ended."""
        with self.move(by):
            everywhere = list(self.doing(still=True))
            d = next(d for d in everywhere if d.step == step and self.steps[d.step].get("type") == "subprocess")
            if self.world.status == "suspended" or not any(d is o for o in self.doing()):
                d.ended = outcome
            else:
                self.child_over(d, outcome)

    # ---- taking back ---------------------------------------------------------------------------------------

    def may_retrieve(self, by: str) -> bool | None:
        """Whether they must be let, must not, or it depends on what this model does not follow (None)."""
        act = self.acts.get(by)
        if self.world.status != "running" or act is None or act.action in ("withdraw", "reject", "delegate", "retrieve"):
            return False
        plain = all(s.get("type", "task") in ("task", "fork") and "on_complete" not in s or s.get("wait") == "all"
                    for s in self.steps.values())
        if act.version != self.version or not plain or self.ticket_gone(act):
            return None
        d, _ = self.ticket(act.ticket)
        still_asked = any(d is o for o in self.doing(still=True)) and self.steps[d.step].get("mode", "one") not in ("all", "sequence")
        return None if act.action == "return" or (still_asked and act.action != "transfer") else True

    def ticket_gone(self, act: Act) -> bool:
        try:
            self.ticket(act.ticket)
        except KeyError:
            return True
        return False

    def retrieve(self, by: str) -> None:
        """It was taken back."""
        act = self.acts[by]
        with self.move(by):
            if not self._undo(act):
                self.exact = False
        self.acts[by] = Act("retrieve", 0, act.before, self.version, self.now)

    def _undo(self, act: Act) -> bool:
        if self.ticket_gone(act):
            if act.version != self.version:
                return False
            return self._as_before(act)
        d, t = self.ticket(act.ticket)
        if act.action == "transfer":
            made = self.ticket(act.made)[1]
            made.state, made.verdict = "gone", "retrieved"
            new = self.again(d, t)
            for k in d.alive():
                if k.parent is made:
                    k.parent = new
            t.verdict = "retrieved"
            return True
        if any(d is o for o in self.doing()):  # its step is not decided yet
            self.again(d, t)
            t.verdict = "retrieved"
            return True
        first = next((o for o in self.doing() if o.after and o.after[1] is t), None)
        if act.action == "return" and first is not None:
            assert first.after is not None
            first.thread.now = first.after[0]
            self.go_on(first.thread)
            self.again(d, t)
            t.verdict = "retrieved"
            self.catch_up()
            return True
        return act.version == self.version and self._as_before(act)

    def _as_before(self, act: Act) -> bool:
        """Nothing happened since: all is as it was, but that those who needed not answer any more are not asked again."""
        typed = self.world.amount  # what was filled in stays
        self.world = copy.deepcopy(act.before)
        self.world.amount = typed
        d, t = self.ticket(act.ticket)
        for o in self.within(d.after[0]) if d.after else ():
            for x in (o, *o.tickets):  # what stood still had gone on for a while
                x.stopped = x.stopped and x.stopped + (self.now - act.at)
        mode = self.steps[d.step].get("mode", "one")
        if mode == "one" or isinstance(mode, dict):
            for o in [o for o in d.alive() if o is not t and (
                    o.parent is None or (o.parent is not t and o.parent.state == "alive"))]:
                o.state = "gone"
        t.state, t.verdict, t.open, t.alarm = "done", "retrieved", False, None
        self.again(d, t)
        return True
