"""Rules about what the plugin keeps: migrations, and being switched off and on."""

from __future__ import annotations

from typing import Any

from oa_kernel import db
from oa_kernel.db import migrate
from oa_kernel.testing import installation

from . import filling
from .subject import Subject

_ROWS = 5


def migrations_go_up_on_an_empty_database(subject: Subject) -> list[str]:
    """Migrations go up on an empty database and make exactly the tables and columns the models have."""
    made = installation.copy(subject.template(), subject.folder / "empty", subject.settings())
    subject._copies.append(made)
    running = made.boot()
    try:
        state = running.plugins.states[subject.name]
        if state.state != "ok":
            return [state.reason]
        todo = migrate.pending(subject.name, subject.info.package)
        if todo:
            return [f"迁移 {'、'.join(todo)} 没有做成"]
        models = [m for o, m in running.plugins.collect_with_owner("oa_models") if o == subject.name]
        return [p for model in models for p in _compare(model)]
    finally:
        db.close()


def _compare(model: Any) -> list[str]:
    table = model._meta.table_name
    if not db.database.table_exists(table):
        return [f"没有迁移建表 {table}"]
    have = {c.name for c in db.database.get_columns(table)}
    want = set(model._meta.columns)
    found = [f"表 {table} 缺列 {c}：模型有，迁移没有" for c in sorted(want - have)]
    return found + [f"表 {table} 多列 {c}：迁移有，模型没有" for c in sorted(have - want)]


def migrations_go_up_on_a_filled_database(subject: Subject) -> list[str]:
    """Migrations go up, one after the other, on a database that is in use, and no row is lost."""
    made = installation.copy(subject.template(), subject.folder / "filled", subject.settings())
    subject._copies.append(made)
    running = made.boot()
    try:
        folder = migrate.folder(subject.info.package)
        steps = sorted(f.stem for f in folder.iterdir() if migrate._FILE.match(f.name)) if folder else []
        _undo_everything(subject, running)
        before: dict[str, int] = {}
        for step in steps:
            try:
                migrate._router(subject.name, subject.info.package).run(step)
            except Exception as error:  # a plugin's own code
                return [f"迁移 {step} 在有数据的库上失败：{type(error).__name__}: {error}"]
            lost = [t for t, n in before.items() if not db.database.table_exists(t) or _count(t) < n]
            if lost:
                return [f"迁移 {step} 丢了 {'、'.join(lost)} 里的数据"]
            before = _fill_raw(_tables(subject))
        return []
    finally:
        db.close()


def _tables(subject: Subject) -> list[str]:
    prefix = subject.name.replace("-", "_") + "_"
    history = migrate.table(subject.name)
    return [t for t in db.database.get_tables() if t.startswith(prefix) and t != history]


def _undo_everything(subject: Subject, running: Any) -> None:
    """Takes the plugin's tables away, as before it was installed; the rest of the database is in use."""
    models = [m for o, m in running.plugins.collect_with_owner("oa_models") if o == subject.name]
    with db.transaction():
        for table in [*[m._meta.table_name for m in reversed(models)], *_tables(subject), migrate.table(subject.name)]:
            cascade = " CASCADE" if db.is_postgresql() else ""
            db.database.execute_sql(f'DROP TABLE IF EXISTS "{table}"{cascade}')


def _fill_raw(tables: list[str]) -> dict[str, int]:
    """Rows in every table that takes some without knowing what they mean; how many it has now."""
    mark = db.database.param
    for table in tables:
        columns = db.database.get_columns(table)
        for number in range(1, _ROWS + 1):
            row = filling.raw_row(columns, _count(table) + number)
            names = ", ".join(f'"{n}"' for n in row)
            marks = ", ".join([mark] * len(row))
            sql = f'INSERT INTO "{table}" ({names}) VALUES ({marks})' if row else f'INSERT INTO "{table}" DEFAULT VALUES'
            try:
                with db.transaction():
                    db.database.execute_sql(sql, list(row.values()))
            except db.IntegrityError:
                break  # a rule of the table's own: what is in it stays what it was
    return {t: _count(t) for t in tables}


def _count(table: str) -> int:
    return int(db.database.execute_sql(f'SELECT COUNT(*) FROM "{table}"').fetchone()[0])


def disabling_and_enabling_loses_nothing(subject: Subject) -> list[str]:
    """Disabled, the plugin is gone from the screen and its data stays; enabled again, all is as it was."""
    made = subject.fresh()
    office = subject.open(made)
    office.fill(_ROWS)
    before = _contents(office.tables)
    addresses = [r.url(1) for r in office.routes() if r.method == "GET"]
    tables = office.tables
    db.close()

    def switch(on: bool) -> Any:
        from oa_kernel import web

        made.settings = {**made.settings, **subject.settings(on=on)}
        made.write()
        running = made.boot()
        migrate.upgrade(running.plugins)
        return running, web.create_app(running)

    found = []
    try:
        running, app = switch(False)
        adapter = app.url_map.bind("localhost")
        alive = [a for a in addresses if adapter.test(a, method="GET")]
        if alive:
            found.append(f"停用后还在应答：{'、'.join(alive)}")
        db.close()
        running, app = switch(True)
        state = running.plugins.states[subject.name]
        if state.state != "ok":
            return [*found, f"再启用时：{state.reason}"]
        after = _contents(tables)
        found += [f"停用再启用后，表 {t} 的内容变了" for t in sorted(tables) if before[t] != after[t]]
        adapter = app.url_map.bind("localhost")
        found += [f"再启用后没有 {a}" for a in addresses if not adapter.test(a, method="GET")]
    finally:
        db.close()
    return found


def _contents(tables: set[str]) -> dict[str, list[Any]]:
    def plain(row: Any) -> str:
        return repr([bytes(v) if isinstance(v, memoryview) else v for v in row])  # psycopg2 gives bytes as a view

    return {t: sorted(map(plain, db.database.execute_sql(f'SELECT * FROM "{t}"').fetchall())) for t in tables}


__all__ = [
    "disabling_and_enabling_loses_nothing", "migrations_go_up_on_a_filled_database",
    "migrations_go_up_on_an_empty_database",
]
