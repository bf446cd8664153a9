"""The demo organisation: a believable 机关 of about 120 people, made in a few seconds.

The kernel makes departments, posts and people; every plugin adds its own matter through ``oa_demo_data``.
Names are drawn with a fixed seed, so that every demo is the same. What people did is played as stories, each at the
hour it would have happened in the weeks before, through the same services as everybody's clicks: audit, trail and
register are what they would be.
"""

from __future__ import annotations

import datetime as dt
import heapq
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from . import builtin, clock, context, db, demo_ledger, identity, permissions, workdays
from .identity.models import Department, Person, PersonPost, Post

ORGANISATION = "云岭市人民政府办公室"
PASSWORD = "Yunling-2026"

#: department, its size (head and deputies within), sub-units
_DEPARTMENTS: list[tuple[str, int, list[tuple[str, int]]]] = [
    ("综合处", 9, []),
    ("秘书一处", 8, []),
    ("秘书二处", 8, []),
    ("文电处", 9, [("机要室", 4)]),
    ("业务处", 9, []),
    ("信息处", 7, []),
    ("督查处", 7, []),
    ("法制处", 6, []),
    ("人事处", 7, []),
    ("财务处", 7, []),
    ("信息化处", 7, [("运维中心", 4)]),
    ("档案处", 5, []),
    ("行政处", 6, [("车队", 5), ("后勤服务中心", 6)]),
    ("机关党委", 4, []),
]

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
_GIVEN = (
    "建国", "志强", "晓明", "丽华", "海燕", "文博", "雅琴", "思远", "俊杰", "雨桐", "国栋", "秀英", "春梅", "立群",
    "永刚", "静怡", "浩然", "子涵", "明轩", "玉兰", "伟", "芳", "敏", "磊", "洋", "艳", "勇", "军",
    "杰", "娟", "涛", "超", "霞", "平", "刚", "辉", "玲", "桂英", "卫东", "晓东", "新华", "红梅",
    "长青", "一鸣", "致远", "佳宁", "欣悦", "若曦", "德明", "光耀", "忠诚", "学文", "家豪", "嘉怡", "诗涵", "天佑",
    "振华", "福生", "守义", "书瑶", "慧敏", "景行", "怀瑾", "知行",
)

#: username → (name, department, post title, post kind, kernel roles)
_NAMED: dict[str, tuple[str, str, str, str, list[str]]] = {
    "admin": ("许维嘉", "信息化处", "系统管理员", "member", ["system_admin"]),
    "security": ("董安然", "信息化处", "安全保密管理员", "member", ["security_admin"]),
    "auditor": ("袁清正", "机关党委", "安全审计员", "member", ["audit_admin"]),
    "drafter": ("林晓岚", "综合处", "主任科员", "member", []),
    "head": ("周承业", "综合处", "处长", "head", []),
    "deputy": ("沈怀远", "办公室领导", "副主任", "leader", []),
    "leader": ("高明德", "办公室领导", "主任", "leader", []),
    "office": ("何素芬", "文电处", "收发文书", "member", []),
    "archivist": ("曹兰英", "档案处", "档案员", "member", []),
    "officer": ("罗一鸣", "业务处", "科员", "member", []),
}


#: the organisation was set up that long ago
_FOUNDED = dt.timedelta(days=75)

#: what somebody did: a generator that yields the instant of each step before it does it
Story = Iterator[dt.datetime]


@dataclass
class DemoOrganisation:
    """What plugins' demo data is built on."""

    rng: random.Random
    #: when the demo was made; stories end before it
    now: dt.datetime = field(default_factory=clock.now)
    departments: dict[str, Department] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    #: plugin → settings that go into the demo's configuration
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)

    def person(self, username: str) -> Person:
        """One of the people, by username."""
        return self.people[username]

    def grant(self, username: str, role: str, **kwargs: Any) -> None:
        """Grants a role to one of the people."""
        permissions.grant(self.people[username], role, **kwargs)

    def members(self, department: str) -> list[Person]:
        """The people whose main post is there, in the order they were made: its head first."""
        found = self.departments[department].id
        return [p for p in self.people.values() if p.department_id == found]

    def at(self, days: int, time: str) -> dt.datetime:
        """``time`` (``09:20``, the organisation's) of the working day ``days`` working days before today."""
        day = clock.local(self.now).date()
        for _ in range(days):
            day -= dt.timedelta(days=1)
            while not workdays.is_working_day(day):
                day -= dt.timedelta(days=1)
        return dt.datetime.combine(day, dt.time.fromisoformat(time), clock.zone()).astimezone(dt.UTC)

    def founded(self) -> dt.datetime:
        """When the organisation was set up: before all stories."""
        return self.now - _FOUNDED


@contextmanager
def acting(person: Person) -> Iterator[Person]:
    """Records what is done in the block as the person's, from the web."""
    number = person.id % 200 + 20
    with context.acting(context.Actor(channel="web", ip=f"192.0.2.{number}").with_person(person)):
        yield person


def play(stories: Iterable[Story]) -> None:
    """Plays the stories together, every step at its own instant, in the order of time."""
    waiting: list[tuple[dt.datetime, int, Story]] = []

    def on(number: int, story: Story) -> None:
        instant = next(story, None)
        if instant is not None:
            heapq.heappush(waiting, (instant, number, story))

    for number, story in enumerate(stories):
        on(number, story)
    while waiting:
        instant, number, story = heapq.heappop(waiting)
        with clock.freeze(instant):
            on(number, story)


def build(progress: Callable[[str], Any] | None = None) -> DemoOrganisation:
    """Makes the organisation in the running, empty installation."""
    tell = progress or (lambda _: None)
    org = DemoOrganisation(random.Random(20260101))
    tell("部门与岗位")
    with clock.freeze(org.founded()), db.transaction():
        _build_people(org)
    for owner, item in sorted(builtin.collect_with_owner("oa_demo_data"), key=lambda pair: pair[1].order):
        tell(f"{owner} 的示例数据")
        item.build(org)
    tell("临时授权")
    from . import demo_rights

    demo_rights.build(org)
    tell("本单位自己的台账")
    demo_ledger.build(org)
    permissions.write_uses()
    return org


def _build_people(org: DemoOrganisation) -> None:
    root = identity.create_department(ORGANISATION)
    org.departments[ORGANISATION] = root
    leaders = org.departments["办公室领导"] = identity.create_department("办公室领导", parent=root)
    for name, _size, below in _DEPARTMENTS:
        made = org.departments[name] = identity.create_department(name, parent=root)
        for sub, _ in below:
            org.departments[sub] = identity.create_department(sub, parent=made)
    posts: dict[tuple[int, str], Post] = {}

    def post(department: Department, title: str, kind: str) -> Post:
        key = (department.id, title)
        if key not in posts:
            posts[key] = identity.create_post(department, title, kind=kind)
        return posts[key]

    hashed = identity.hash_password(PASSWORD)  # once: argon2 is slow on purpose
    used: set[str] = {named[0] for named in _NAMED.values()}
    count = iter(range(1, 1000))

    def person(username: str, name: str, department: Department, title: str, kind: str) -> Person:
        number = next(count)
        made = identity.create_person(
            username=username, name=name, department=department, password_hash=hashed, completed=True,
            email=f"{username}@yunling.example", phone=f"{8600 + number}", mobile=f"139{number:08d}",
        )
        # in office for one to four years, each since another day
        since = dt.date(org.founded().year - 4, 1, 4) + dt.timedelta(days=number * 97 % 1000)
        identity.assign(made, post(department, title, kind), main=True, since=since)
        org.people[username] = made
        return made

    def new_name() -> str:
        while True:
            name = org.rng.choice(_SURNAMES) + org.rng.choice(_GIVEN)
            if name not in used:
                used.add(name)
                return name

    for username, (name, department, title, kind, _roles) in _NAMED.items():
        person(username, name, org.departments[department], title, kind)
    for i in range(1, 4):  # further deputy leaders
        person(f"deputy{i}", new_name(), leaders, "副主任", "leader")
    person("secretary_general", new_name(), leaders, "秘书长", "leader")
    sizes = [(n, s) for n, s, _ in _DEPARTMENTS] + [pair for _, _, below in _DEPARTMENTS for pair in below]
    for number, (name, size) in enumerate(sizes, 1):
        _fill(org, name, size, number, person, new_name)
    _put_in_charge(org)
    head = posts[org.departments["综合处"].id, "处长"]
    held = PersonPost.get(PersonPost.post == head.id)  # who was head before has become deputy leader
    identity.assign(org.people["deputy1"], head, since=held.since.replace(year=held.since.year - 5), until=held.since)
    for username, (*_, roles) in _NAMED.items():
        for role in roles:
            permissions.grant(org.people[username], role)


def _fill(org: DemoOrganisation, name: str, size: int, number: int, person: Any, new_name: Any) -> None:
    """Head, deputies and officers, up to the department's size; the named people count."""
    department = org.departments[name]
    here = [d for d in _NAMED.values() if d[1] == name]
    room = name.endswith(("室", "车队", "中心"))
    head = ("主任" if not room or "中心" in name else "负责人") if not name.endswith("处") else "处长"
    if not any(d[3] == "head" for d in here):
        person(f"d{number:02d}head", new_name(), department, head, "head")
        size -= 1
    if size - len(here) >= 4:
        person(f"d{number:02d}vice", new_name(), department, f"副{head}", "deputy_head")
        size -= 1
    titles = ["一级主任科员", "二级主任科员", "三级主任科员", "四级主任科员", "一级科员", "科员"]
    for i in range(1, max(0, size - len(here)) + 1):
        person(f"d{number:02d}p{i}", new_name(), department, titles[(i - 1) % len(titles)], "member")


def _put_in_charge(org: DemoOrganisation) -> None:
    """Every department has a deputy leader in charge; 综合处 has ``deputy``."""
    rest = [org.people[f"deputy{i}"] for i in range(1, 4)]
    for i, (name, _size, below) in enumerate(_DEPARTMENTS):
        deputy = org.people["deputy"] if name in ("综合处", "文电处") else rest[i % len(rest)]
        for unit in (name, *[sub for sub, _ in below]):
            identity.update_department(org.departments[unit], deputy=deputy)


__all__ = ["ORGANISATION", "PASSWORD", "DemoOrganisation", "Story", "acting", "build", "play"]
