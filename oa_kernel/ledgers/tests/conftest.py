"""A plugin of one YAML and one model, given as an object; people with rights of several widths."""

from pathlib import Path

import pytest

from oa_kernel import db, hookimpl, ledgers, permissions
from oa_kernel.contributions import LedgerDeclaration, PluginInfo

HERE = Path(__file__).parent


class Item(ledgers.Row):
    code = db.CharField(max_length=40, null=True, unique=True)
    name = db.CharField(max_length=120, default="")
    barcode = db.CharField(max_length=40, null=True, unique=True)
    kind = db.CharField(max_length=20, default="")
    price = ledgers.MoneyField(null=True)
    left = db.IntegerField(null=True)
    bought_on = db.DateField(null=True)
    keeper = db.BigIntegerField(null=True)
    place = db.BigIntegerField(null=True)
    phone = db.CharField(max_length=40, default="")
    floor_price = ledgers.MoneyField(null=True)
    remark = db.TextField(default="")

    class Meta:
        table_name = "office_item"


class Office:
    @hookimpl
    def oa_plugin(self):
        return PluginInfo("office", "办公用品", "1.0")

    @hookimpl
    def oa_models(self):
        return [Item]

    @hookimpl
    def oa_ledgers(self):
        return [LedgerDeclaration(HERE / "items.yaml", Item)]


OFFICE = Office()


@pytest.fixture(scope="session")
def oa_settings():
    return {"organisation": {"name": "测试市人民政府办公室"}, "plugins": {"office": {}}}


@pytest.fixture(scope="session")
def oa_extra_plugins():
    return {"office": OFFICE}


@pytest.fixture
def items(oa):
    return ledgers.get("items")


@pytest.fixture
def house(make):
    """``keeper`` may everything, ``clerk`` edits what is of her department, ``reader`` sees his own, ``nobody`` nothing."""
    permissions.create_role("item_clerk", "用品登记", {
        f"office.items.{verb}": "department" for verb in ("view", "edit", "delete", "export")} | {"office.items.import": "all"})
    permissions.create_role("item_seer", "用品全看", {"office.items.sensitive": "all"})
    permissions.create_role("item_reader", "用品查看", {"office.items.view": "own"})
    one, two = make.department("行政处"), make.department("业务处")

    class House:
        departments = (one, two)
        keeper = make.person("keeper", "钱保管", one, roles=["office.items.keeper", "item_seer"], clearance=1)
        clerk = make.person("clerk", "孙登记", two, roles=["item_clerk"], clearance=0)
        reader = make.person("reader", "李查看", two, roles=["item_reader"])
        nobody = make.person("nobody", "吴无权", two)

    return House
