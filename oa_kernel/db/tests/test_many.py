"""Many rows in few statements, on both engines."""

import datetime as dt

import pytest

from oa_kernel import db
from oa_kernel.identity.models import Department, Person, Session

pytestmark = pytest.mark.oa_databases
NOW = dt.datetime(2026, 3, 1, 8, 0, tzinfo=dt.UTC)


def people(number):
    return [{"username": f"p{n}", "name": f"人{n}", "created_at": NOW, "locked_until": None} for n in range(number)]


@pytest.mark.parametrize("number", [0, 1, 1500])
def test_rows_take_the_fields_defaults(oa, number, count_queries):
    with db.transaction(), count_queries() as statements:
        assert db.insert_many(Person, iter(people(number))) == number
    assert len(statements) <= 4
    rows = list(Person.select().order_by(Person.id))
    assert [r.username for r in rows] == [f"p{n}" for n in range(number)]
    assert all((r.clearance, r.preferences, r.created_at, r.active) == (1, {}, NOW, True) for r in rows)


def test_every_row_gets_its_own_values_whatever_their_type(oa, count_queries):
    with db.transaction():
        home = Department.create(name="处")
        db.insert_many(Person, people(1200))
        rows = list(Person.select().order_by(Person.id))
        for n, row in enumerate(rows):
            row.phone, row.active, row.department = str(n), bool(n % 2), home if n > 1000 else None
            row.locked_until, row.preferences, row.version = NOW, {"n": n}, n
        with count_queries() as statements:
            db.update_many(rows, (Person.phone, Person.active, Person.department, Person.locked_until, Person.preferences,
                                  Person.version, Person.password_set_at))
    assert len(statements) == 1
    for n, row in enumerate(Person.select().order_by(Person.id)):
        assert (row.phone, row.active, row.department_id) == (str(n), bool(n % 2), home.id if n > 1000 else None)
        assert (row.locked_until, row.preferences, row.version, row.password_set_at) == (NOW, {"n": n}, n, None)
        assert (row.username, row.created_at) == (f"p{n}", NOW)


def test_what_is_not_told_stays(oa):
    with db.transaction():
        db.insert_many(Person, people(3))
        first = Person.get_by_id(1)
        first.name, first.phone = "不写", "1"
        db.update_many([first], (Person.phone,))
        db.update_many([], (Person.phone,))
    assert [(p.name, p.phone) for p in Person.select().order_by(Person.id)] == [("人0", "1"), ("人1", ""), ("人2", "")]


def test_a_row_that_must_not_be_undoes_all(oa):
    with pytest.raises(db.IntegrityError), db.transaction():
        db.insert_many(Person, [*people(2), *people(1)])
    with pytest.raises(db.IntegrityError), db.transaction():
        db.insert_many(Session, [{"secret_hash": "x", "person": 99, "csrf": "", "created_at": NOW, "used_at": NOW}])
    assert Person.select().count() == Session.select().count() == 0


def test_keys_come_in_pieces():
    assert list(db.in_pieces(range(5), 2)) == [[0, 1], [2, 3], [4]] and list(db.in_pieces([])) == []
