"""Phrases for opinions: one's own first, then the last used, then the organisation's."""

import pytest

from oa_kernel import audit, workflow
from oa_kernel.errors import Invalid
from oa_kernel.workflow import opinions


def test_kept_ones_come_first_then_used_ones_then_the_organisation_s(desk, frozen):
    frozen("2026-11-02T09:00:00+08:00")
    workflow.remember_phrase(desk.a, "请按  程序报批。")
    workflow.keep_phrase(desk.a, "已阅，请督查室跟进。")
    offered = workflow.phrases(desk.a)
    assert offered[:3] == ["已阅，请督查室跟进。", "请按 程序报批。", "同意。"]
    assert workflow.phrases(desk.b)[0] == "同意。" and len(set(offered)) == len(offered) <= 12
    workflow.forget_phrase(desk.a, "已阅，请督查室跟进。")
    assert "已阅，请督查室跟进。" not in workflow.phrases(desk.a) and workflow.kept_phrases(desk.a) == []
    assert [e.action for e in audit.models.Event.select().where(audit.models.Event.action.startswith("workflow.phrase"))] == [
        "workflow.phrase.keep", "workflow.phrase.forget"]


def test_only_the_last_short_ones_are_remembered(desk, frozen):
    for n in range(20):
        frozen(f"2026-11-02T09:{n:02}:00+08:00")
        workflow.remember_phrase(desk.a, f"第{n}句")
    workflow.remember_phrase(desk.a, "长" * 61)
    used = [p for p in workflow.phrases(desk.a) if p.startswith("第")]
    assert used == [f"第{n}句" for n in range(19, 11, -1)]


def test_what_cannot_be_kept_is_refused(desk, monkeypatch):
    for text in ("  ", "长" * 201):
        with pytest.raises(Invalid):
            workflow.keep_phrase(desk.a, text)
    monkeypatch.setattr(opinions, "MOST_KEPT", 1)
    workflow.keep_phrase(desk.a, "同意。")
    with pytest.raises(Invalid):
        workflow.keep_phrase(desk.a, "另一句")
