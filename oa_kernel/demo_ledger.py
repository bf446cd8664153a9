"""The demo organisation's own ledger: who had which seal put under what, in the weeks since it was set up."""

from __future__ import annotations

import datetime as dt
import random
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import clock, context, db, ledgers, runtime, workdays

if TYPE_CHECKING:
    from .demo import DemoOrganisation

ROWS = 200

_SUBJECTS = {
    "单位公章": (
        "关于印发《{m}月份重点工作安排》的通知", "报送{d}年度{w}情况的报告", "关于{w}有关事项的复函", "{w}证明材料",
        "关于{w}专项检查情况的通报", "参加全市{w}培训班人员介绍信", "关于成立{w}工作专班的请示",
    ),
    "办公室印章": ("{w}会议纪要", "{w}协调会会议通知", "关于报送{w}材料的便函", "工作人员因公外出证明", "{w}督办通知单"),
    "法定代表人名章": ("{w}授权委托书", "政府采购{w}项目投标授权书", "银行账户年检材料"),
    "合同专用章": ("{w}服务采购合同", "办公设备维修保养协议", "{w}系统运行维护合同（含附件三份）", "机关食堂食材配送合同"),
    "财务专用章": ("{m}月份{w}经费支付凭证", "第{q}季度决算报表", "公务卡还款明细表", "{w}项目结算单"),
}
_MATTERS = (
    "安全生产", "政务公开", "机关节能", "防汛抗旱", "档案管理", "电子政务", "保密自查", "公务用车", "后勤保障", "优化营商环境",
    "信访维稳", "消防安全", "人事考核", "基层减负", "数据共享",
)


def build(org: DemoOrganisation) -> None:
    """Puts the file beside the configuration, makes the table and fills it."""
    folder = runtime.current().config.folder / "ledgers"
    folder.mkdir(exist_ok=True)
    for source in sorted((Path(__file__).parent / "demo_ledgers").glob("*.yaml")):
        shutil.copy(source, folder)
    ledgers.reload()
    ledgers.sync()
    with clock.freeze(org.founded()):
        org.grant("office", "own.seal_uses.keeper")
        org.grant("leader", "own.seal_uses.reader")
        org.grant(org.members("人事处")[0].username, "kernel.people.reader")
    ledger, rng = ledgers.get("seal_uses"), random.Random(20260202)
    office = org.person("office")
    actor = context.Actor(channel="web", ip="192.0.2.28").with_person(office)
    with db.transaction(), context.acting(actor):
        for instant in _instants(org, rng):
            with clock.freeze(instant):
                row = ledger.create(_use(org, rng, clock.today()), office)
        for number in (17, 88):  # written twice, and taken out again
            ledger.archive([number], "重复登记", office)
        with clock.freeze(org.now - dt.timedelta(minutes=5)):
            ledger.update(row.id, {"copies": int(row.copies) + 2, "remark": "补盖两份，已登记核对"}, office)


def _instants(org: DemoOrganisation, rng: random.Random) -> list[dt.datetime]:
    """Moments of working days since the organisation was set up, in order."""
    end = clock.local(org.now).date()
    days = [d for n in range(1, 70) if workdays.is_working_day(d := end - dt.timedelta(days=n))]
    return sorted(
        dt.datetime.combine(rng.choice(days), dt.time(rng.choice((8, 9, 10, 11, 14, 15, 16, 17)), rng.randrange(60)), clock.zone())
        for _ in range(ROWS)
    )


def _use(org: DemoOrganisation, rng: random.Random, day: dt.date) -> dict[str, Any]:
    seal = rng.choices(list(_SUBJECTS), (45, 25, 8, 12, 10))[0]
    unit = rng.choice([name for name in org.departments if name not in ("办公室领导",) and org.members(name)])
    who = rng.choice(org.members(unit))
    subject = rng.choice(_SUBJECTS[seal]).format(m=day.month, d=day.year - 1, q=(day.month + 2) // 3, w=rng.choice(_MATTERS))
    return {
        "used_on": day.isoformat(), "seal": seal, "subject": subject, "unit": org.departments[unit].id,
        "applicant": who.username, "copies": rng.choice((1, 1, 2, 2, 3, 4, 6, 10, 20)),
        "approved_by": org.person("leader" if seal == "法定代表人名章" else "deputy").name,
        "taken_out": rng.random() < 0.04, "contact": who.mobile,
        "remark": rng.choice(("", "", "", "", "骑缝章另盖", "与电子版核对一致", "附件单独用印")),
    }


__all__ = ["ROWS", "build"]
