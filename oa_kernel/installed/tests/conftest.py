"""Two plugins given as objects: `shelf` keeps books, `lender` needs it."""

import types

import pytest

from oa_kernel import contributions as c
from oa_kernel import db, hookimpl


class Book(db.Model):
    title = db.CharField(max_length=100)
    cover = db.BlobField(null=True)
    lent_at = db.UTCDateTimeField(null=True)

    class Meta:
        table_name = "shelf_book"


class Mark(db.Model):
    book = db.ForeignKeyField(Book, on_delete="RESTRICT")

    class Meta:
        table_name = "shelf_mark"


class Extra(db.Model):
    """Of another plugin, whose name begins with the first one's."""

    text = db.CharField(default="")

    class Meta:
        table_name = "shelf_extra_thing"


SCHEMA = {
    "days": {"type": "integer", "min": 1, "max": 60, "default": 14, "meta": {"label": "借期", "doc": "days a book is lent"}},
    "greeting": {"type": "string", "default": "您好", "meta": {"doc": "first word"}},
    "branches": {"type": "list", "schema": {"type": "string"}, "default": [], "meta": {"doc": "houses"}},
    "closed": {"type": "boolean", "default": False, "meta": {"doc": "whether it is closed"}},
    "api_key": {"type": "string", "default": "", "meta": {"doc": "of the catalogue"}},
    "server": {"type": "dict", "default": {}, "meta": {"doc": "catalogue"}, "schema": {
        "host": {"type": "string", "default": "", "meta": {"doc": "host"}},
        "port": {"type": "integer", "default": 80, "max": 65535, "meta": {"doc": "port"}},
    }},
    "shelves": {"type": "list", "default": [], "meta": {"doc": "shelves"},
                "schema": {"type": "dict", "schema": {"name": {"type": "string", "required": True}}}},
}


def make(name, info, **hooks):
    module = types.ModuleType(name)
    hooks = {"oa_plugin": lambda: info, **hooks}
    for hook, answer in hooks.items():
        answer.__name__ = hook
        setattr(module, hook, hookimpl(specname=hook)(answer))
    return module


NOTES = {"0.9": "旧的", "1.1": "运行前先备份", "1.2": "改了借期的含义", "2.0": "还没有发布"}


@pytest.fixture(scope="session")
def oa_extra_plugins():
    return {
        "shelf": make(
            "shelf", c.PluginInfo(name="shelf", title="书架", version="1.2", upgrade_notes=NOTES),
            oa_models=lambda: [Book, Mark], oa_config_schema=lambda: SCHEMA,
            oa_permissions=lambda: [c.Permission("shelf.book.view", "看书")],
            oa_roles=lambda: [c.Role("shelf_reader", "读者", {"shelf.book.view": "all"})]),
        "shelf_extra": make("shelf_extra", c.PluginInfo(name="shelf_extra", title="附加", version="1"), oa_models=lambda: [Extra]),
        "lender": make("lender", c.PluginInfo(name="lender", title="外借", version="1", requires=("shelf",))),
    }


@pytest.fixture(scope="session")
def oa_settings():
    return {"organisation": {"name": "测试单位"},
            "plugins": {"shelf": {}, "shelf_extra": {}, "lender": {"enabled": False}}}


@pytest.fixture
def tables(oa):
    """The plugins' tables, as a migration would have made them."""
    with db.transaction():
        db.database.create_tables([Book, Mark, Extra])
        db.database.execute_sql('CREATE TABLE "shelf_migrations" (id INTEGER, name VARCHAR(20))')
        db.database.execute_sql("INSERT INTO shelf_migrations VALUES (1, '001_initial')")


@pytest.fixture
def restart(oa_installation):
    """Boots from the file as it is now, as a restarted service does."""
    return lambda: oa_installation.boot()
