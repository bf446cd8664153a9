"""An organisation's own ledgers: tables out of files, extended and never cut; what cannot be is refused with the reason."""

import pytest
import yaml

from oa_kernel import db, ledgers
from oa_kernel.errors import ConfigError
from oa_kernel.ledgers import declare

pytestmark = pytest.mark.oa_databases

SEALS = {
    "name": "seals", "title": "印章使用登记", "delete": "both",
    "fields": {
        "subject": {"type": "string", "label": "事由", "required": True, "search": True, "sort": True, "filter": True},
        "used_on": {"type": "date", "label": "日期", "sort": True, "filter": True},
        "copies": {"type": "integer", "label": "份数", "total": True},
        "seal": {"type": "string", "label": "印章", "allowed": ["公章", "专用章"], "filter": True},
    },
}


@pytest.fixture
def own(oa):
    """``own(declaration)``: writes the file, reads and makes it as ``oa migrate`` would; what was done."""

    def write(declaration, name="seals"):
        folder = oa.config.folder / "ledgers"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(declaration, allow_unicode=True), encoding="utf-8")
        ledgers.reload()
        return ledgers.sync().get("seals", [])

    return write


def with_fields(**fields):
    return {**SEALS, "fields": {**SEALS["fields"], **fields}}


def test_a_file_is_a_ledger(own, house):
    assert own(SEALS)[0] == "建表 own_seals"
    seals = ledgers.get("seals")
    from oa_kernel import permissions

    permissions.grant(house.nobody, "own.seals.keeper")
    row = seals.create({"subject": "关于消防检查的通知", "copies": 3, "seal": "公章"}, house.nobody)
    assert [r.id for r in seals.page(house.nobody, {"q": "消防"}).items] == [row.id]
    assert own(SEALS) == [] and ledgers.pending() == {}


def test_fields_are_added_to_a_filled_table(own, house):
    own(SEALS)
    row = ledgers.get("seals").create({"subject": "通知", "copies": 3}, None)
    done = own(with_fields(
        approver={"type": "person", "label": "批准人", "filter": True}, note={"type": "text", "label": "备注", "search": True},
        urgent={"type": "boolean", "label": "加急"}, amount={"type": "money", "label": "金额", "sort": True},
        tags={"type": "list", "label": "标签", "schema": {"type": "string"}}))
    assert any("加列 approver" in d for d in done) and any("own_seals_l_amount" in d for d in done)
    seals = ledgers.get("seals")
    old = seals.get(row.id, None)
    assert (old.subject, old.approver, old.note, old.urgent, old.amount, old.tags) == ("通知", None, "", False, None, [])
    seals.update(row.id, {"amount": "1.10", "tags": ["急"], "urgent": True}, None)
    assert ledgers.pending() == {}


def test_a_field_that_goes_from_the_file_stays_in_the_table(own):
    own(SEALS)
    row = ledgers.get("seals").create({"subject": "通知", "copies": 3, "seal": "公章"}, None)
    own({**SEALS, "fields": {k: v for k, v in SEALS["fields"].items() if k != "seal"}})
    ledgers.get("seals").create({"subject": "第二个"}, None)
    kept = db.database.execute_sql('SELECT seal FROM own_seals ORDER BY id').fetchall()
    assert [k[0] for k in kept] == ["公章", ""] and row.id == 1


def test_another_type_is_refused_and_nothing_is_touched(own):
    own(SEALS)
    ledgers.get("seals").create({"subject": "通知", "copies": 3}, None)
    own(with_fields(copies={"type": "date", "label": "份数"}, more={"type": "string", "label": "另加"}))
    reason = ledgers.registry().left_out["seals"]
    assert "copies" in reason and "只增不改" in reason and "seals" not in ledgers.registered()
    assert "more" not in {c.name for c in db.database.get_columns("own_seals")}
    own(SEALS)
    assert "seals" in ledgers.registered()


def test_uniqueness_is_refused_where_rows_are_double_already(own):
    own(SEALS)
    for _ in range(2):
        ledgers.get("seals").create({"subject": "同一件"}, None)
    own({**SEALS, "unique": ["subject"]})
    assert "已有重复" in ledgers.registry().left_out["seals"]


def test_a_table_that_is_behind_leaves_the_ledger_out_of_service(own, oa):
    own(SEALS)
    (oa.config.folder / "ledgers" / "seals.yaml").write_text(
        yaml.safe_dump(with_fields(more={"type": "string", "label": "另加", "sort": True}), allow_unicode=True), encoding="utf-8")
    ledgers.reload()
    assert "oa migrate" in ledgers.pending()["seals"]
    ledgers.check()
    assert "seals" not in ledgers.registered() and "more" in ledgers.registry().left_out["seals"]


def test_a_wrong_file_leaves_the_others_alone(own, oa):
    own({**SEALS, "fielsd": {}})
    assert "fielsd" in ledgers.registry().left_out["seals.yaml"] and "fields" in ledgers.registry().left_out["seals.yaml"]
    assert "items" in ledgers.registered()
    own({**SEALS, "name": "items"})
    assert "已有叫 items 的台账" in ledgers.registry().left_out["seals.yaml"]


@pytest.mark.parametrize(("change", "said"), [
    ({"name": "印章"}, "name"),
    ({"fields": {}}, "fields"),
    ({"fields": {"id": {"type": "string"}}}, "保留"),
    ({"fields": {"a_from": {"type": "string"}}}, "_from"),
    ({"fields": {"a": {"type": "colour"}}}, "colour"),
    ({"fields": {"a": {"type": "string", "allowd": ["x"]}}}, "allowd"),
    ({"fields": {"a": {"type": "string", "total": True}}}, "total"),
    ({"fields": {"a": {"type": "text", "sort": True}}}, "sort"),
    ({"fields": {"a": {"type": "string", "mask": "phone", "filter": True}}}, "mask"),
    ({"fields": {"a": {"type": "string", "secrecy": "很密"}}}, "secrecy"),
    ({"sort": "copies"}, "copies"),
    ({"delete": "burn"}, "delete"),
    ({"owner": "subject"}, "owner"),
    ({"everyone": {"view": "chosen"}}, "everyone"),
    ({"number": {"field": "subject", "format": "{year}"}}, "{n}"),
    ({"number": {"field": "subject", "format": "{n}"}}, "{year}"),
    ({"number": {"field": "subject", "format": "{day}-{n}"}}, "format"),
    ({"unique": [["subject", "nothing"]]}, "nothing"),
])
def test_what_is_wrong_in_a_file_is_said(change, said, tmp_path, oa):
    with pytest.raises(ConfigError) as refused:
        declare({**SEALS, **change}, tmp_path / "seals.yaml")
    assert said in refused.value.message and "seals.yaml" in refused.value.message


def test_a_model_without_an_index_is_not_sorted(tmp_path, oa):
    class Plain(db.Model):
        subject = db.CharField()

        class Meta:
            table_name = "office_plain"

    declaration = declare({"name": "plain", "fields": {"subject": {"type": "string", "sort": True}}}, tmp_path / "p.yaml")
    with pytest.raises(ConfigError, match="没有索引"):
        ledgers.Ledger(declaration, "office", Plain)


def test_a_model_that_does_not_fit_its_file_is_refused(tmp_path, oa):
    class Wrong(ledgers.Row):
        subject = db.IntegerField(default=0)

        class Meta:
            table_name = "office_wrong"

    for fields, said in (({"subject": {"type": "string"}}, "subject"), ({"other": {"type": "string"}}, "没有字段 other")):
        with pytest.raises(ConfigError, match=said):
            ledgers.Ledger(declare({"name": "wrong", "fields": fields}, tmp_path / "w.yaml"), "office", Wrong)
