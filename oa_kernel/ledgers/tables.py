"""Tables of ledgers: made and extended from what is declared, never taken away from; and the indexes of every list.

What stands in the table and not in the file stays. What cannot be added without touching rows that are there (another
type) is refused, with the reason.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

import peewee

from oa_kernel import db
from oa_kernel.errors import ConfigError

from . import words
from .columns import Column, key_sql, make_field, paired
from .rows import MoneyField, Row

if TYPE_CHECKING:
    from .declaration import Declaration
    from .ledger import Ledger

#: words of the engines for the same kind of column
_ALIKE = {
    "character varying": "text", "varchar": "text", "char": "text", "text": "text", "integer": "int", "bigint": "int",
    "smallint": "int", "biginteger": "int", "timestamp without time zone": "datetime", "timestamp": "datetime",
    "datetime": "datetime", "double precision": "real", "real": "real", "float": "real", "date": "date",
    "boolean": "bool", "bool": "bool",
}


def build_model(declaration: Declaration, table: str) -> type[Row]:
    """The model of a ledger that brought none."""
    fields = {c.name: make_field(c) for c in declaration.columns}
    meta = type("Meta", (), {"table_name": table})
    name = "".join(part.title() for part in declaration.name.split("_"))
    return type(name, (Row,), {**fields, "Meta": meta, "__module__": __name__})


def sync(ledger: Ledger) -> list[str]:
    """Brings the ledger's table, indexes and search index up to date, in one transaction; what was done, in words.

    :raises ConfigError: where that cannot be done by adding.
    """
    if not ledger.writable:
        return []
    done = []
    model = ledger.model
    table = model._meta.table_name
    with db.transaction():
        if ledger.makes_table:
            if not db.database.table_exists(table):
                _create(model)
                done.append(f"建表 {table}")
            else:
                done += [f"表 {table} 加列 {name}" for name in _extend(ledger)]
        elif not db.database.table_exists(table):
            raise ConfigError(f"台账 {ledger.name} 的表 {table} 不存在：插件要用迁移建表")
        done += [f"建索引 {name}" for name in _index(ledger)]
        if ledger.searched and not words.exists(table):
            words.create(table)
            for row in model.select().iterator():
                words.put(table, row.id, ledger.words(row))
            done.append(f"建全文索引 {words.table(table)}")
    return done


def pending(ledger: Ledger) -> str:
    """Why the ledger cannot be used with the database as it is; empty when it can. A few small queries."""
    if not ledger.writable:
        return ""
    model = ledger.model
    table = model._meta.table_name
    if not db.database.table_exists(table):
        return f"还没有表 {table}：请运行 oa migrate"
    have = {c.name: c for c in db.database.get_columns(table)}
    missing = sorted(set(model._meta.columns) - set(have))
    if missing:
        return f"表 {table} 还没有列 {'、'.join(missing)}：请运行 oa migrate"
    if ledger.makes_table and (wrong := _changed(model, have)):
        return wrong
    names = {i.name for i in db.database.get_indexes(table)}
    if lacking := sorted(set(wanted(ledger)) - names):
        return f"表 {table} 还没有索引 {'、'.join(lacking)}：请运行 oa migrate"
    if ledger.searched and not words.exists(table):
        return f"表 {table} 还没有全文索引：请运行 oa migrate"
    return ""


def wanted(ledger: Ledger) -> dict[str, str]:
    """Index name → what CREATE INDEX has after the name: one for whatever the list can be sorted or filtered by, and for
    a filter of few values together with an order."""
    model = ledger.model
    table = model._meta.table_name
    found = {_name(table, "id", ""): f'ON "{table}" ("archived", "id")'}
    for column in ledger.declaration.columns:
        if column.sort or column.filter:
            found[_name(table, column.name, "")] = f'ON "{table}" ("archived", {key_sql(model, column)}, "id")'
        if column.unique and ledger.makes_table:
            found[_name(table, column.name, "u")] = f'ON "{table}" ("{getattr(model, column.name).column_name}")'
    for few, by in paired(ledger.declaration.columns):
        found[_name(table, f"{few.name}_{by.name}", "f")] = (
            f'ON "{table}" ("archived", {key_sql(model, few)}, {key_sql(model, by)}, "id")')
    for names in ledger.declaration.unique:
        columns = ", ".join(f'"{getattr(model, n).column_name}"' for n in names)
        found[_name(table, "_".join(names), "u")] = f'ON "{table}" ({columns})'
    return found


def _name(table: str, column: str, kind: str) -> str:
    name = f"{table}_l{kind}_{column}"
    return name if len(name) <= 60 else f"{table[:30]}_l{kind}_{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def _create(model: Any) -> None:
    """Columns carry their default in the database too: one that is no longer declared must not stop new rows."""
    columns = ", ".join(_ddl(field) for field in model._meta.sorted_fields)
    db.database.execute_sql(f'CREATE TABLE "{model._meta.table_name}" ({columns})')
    for name in ("owner_id", "department_id"):
        db.database.execute_sql(
            f'CREATE INDEX "{_name(model._meta.table_name, name, "s")}" ON "{model._meta.table_name}" ("{name}")')


def _ddl(field: Any) -> str:
    sql, parameters = db.database.get_sql_context().sql(field.ddl(db.database.get_sql_context())).query()
    assert not parameters
    default = _default(field)
    return f"{sql} DEFAULT {default}" if default else str(sql)


def _default(field: Any) -> str:
    if field.null or isinstance(field, peewee.AutoField | peewee.BigAutoField):
        return ""
    if isinstance(field, peewee.BooleanField):
        return "FALSE" if db.is_postgresql() else "0"
    if isinstance(field, db.JSONField):
        return "'[]'"
    if isinstance(field, peewee.IntegerField):
        return "1" if field.name == "version" else "0"
    if isinstance(field, peewee.DateTimeField):
        return "'2000-01-01 00:00:00.000000'"
    return "''"


def _extend(ledger: Ledger) -> list[str]:
    model = ledger.model
    table = model._meta.table_name
    have = {c.name: c for c in db.database.get_columns(table)}
    if wrong := _changed(model, have):
        raise ConfigError(f"{ledger.declaration.path}：{wrong}")
    added = []
    for field in model._meta.sorted_fields:
        if field.column_name not in have:
            db.database.execute_sql(f'ALTER TABLE "{table}" ADD COLUMN {_ddl(field)}')
            added.append(field.column_name)
    return added


def _changed(model: Any, have: dict[str, Any]) -> str:
    for field in model._meta.sorted_fields:
        column = have.get(field.column_name)
        if column is None or field.primary_key:
            continue
        now, then = _kind(_ddl(field).split(" ", 1)[1]), _kind(str(column.data_type))
        if now != then:
            return (f"字段 {field.name} 的类型变了（库里是 {column.data_type}）：台账的表只增不改。"
                    "请用新的字段名，或先导出、改名后再导入")
    return ""


def _kind(text: str) -> str:
    text = re.sub(r"\(.*?\)", "", text).strip().lower()
    for name in sorted(_ALIKE, key=len, reverse=True):
        if text.startswith(name):
            return _ALIKE[name]
    return text.split(" ", 1)[0]


def _index(ledger: Ledger) -> list[str]:
    table = ledger.model._meta.table_name
    have = {i.name for i in db.database.get_indexes(table)}
    made = []
    for name, rest in wanted(ledger).items():
        if name in have:
            continue
        unique = "UNIQUE " if name.startswith(f"{table}_lu_") or "_lu_" in name else ""
        try:
            with db.savepoint():
                db.database.execute_sql(f'CREATE {unique}INDEX "{name}" {rest}')
        except db.IntegrityError:
            raise ConfigError(
                f"{ledger.declaration.path}：要求不重复的字段里已有重复的内容（索引 {name}）。请先改正这些行"
            ) from None
        made.append(name)
    return made


def check_read_only(model: Any, columns: tuple[Column, ...], where: str) -> None:
    """A model that is not ours brings its own indexes: a list sorted or filtered without one is refused."""
    led = {f.name for f in model._meta.sorted_fields if f.index or f.unique or f.primary_key}
    led |= {str(i[0][0]) for i in model._meta.indexes if isinstance(i, tuple | list)}
    for column in columns:
        if column.name not in model._meta.fields:
            raise ConfigError(f"{where}：模型 {model.__name__} 没有字段 {column.name}")
        if (column.sort or column.filter) and column.name not in led:
            raise ConfigError(f"{where}：字段 {column.name} 没有索引，不能用于排序或筛选（在模型里写 index=True）")


def check_model(model: Any, columns: tuple[Column, ...], where: str) -> None:
    """A plugin's model has every field the file names, of a fitting type."""
    kinds: dict[str, Any] = {
        "string": (peewee.CharField, peewee.TextField), "text": (peewee.CharField, peewee.TextField),
        "integer": peewee.IntegerField, "person": peewee.IntegerField, "department": peewee.IntegerField,
        "money": MoneyField, "number": (peewee.FloatField, peewee.IntegerField), "date": peewee.DateField,
        "datetime": db.UTCDateTimeField, "boolean": peewee.BooleanField, "list": db.JSONField,
    }
    for column in columns:
        field = model._meta.fields.get(column.name)
        if field is None:
            raise ConfigError(f"{where}：模型 {model.__name__} 没有字段 {column.name}")
        if isinstance(field, peewee.ForeignKeyField) or not isinstance(field, kinds[column.kind]):
            raise ConfigError(f"{where}：字段 {column.name} 声明为 {column.kind}，"
                              f"模型里是 {type(field).__name__}（可用 {_names(kinds[column.kind])}）")
        if column.unique and not column.numbered and not field.unique:
            raise ConfigError(f"{where}：字段 {column.name} 声明为 unique，模型里也要写 unique=True")
        if column.numbered and not (field.null and field.unique):
            raise ConfigError(f"{where}：字段 {column.name} 由编号系列给出，模型里要写 null=True, unique=True")


def _names(kinds: Any) -> str:
    return "、".join(k.__name__ for k in (kinds if isinstance(kinds, tuple) else (kinds,)))


__all__ = ["build_model", "check_model", "check_read_only", "pending", "sync", "wanted"]
