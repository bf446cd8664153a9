"""The different values of a column, in one query that does not walk the table."""

import pytest

from oa_kernel import db


class Row(db.Model):
    year = db.IntegerField(null=True, index=True)

    class Meta:
        table_name = "try_distinct"


@pytest.mark.oa_databases
def test_the_largest_first_without_null(oa, count_queries):
    db.database.create_tables([Row])
    assert db.distinct_values(Row.year) == []
    Row.insert_many([{"year": y} for y in (2024, None, 2026, 2024, 0, 2025, 2026)]).execute()
    with count_queries() as statements:
        assert db.distinct_values(Row.year) == [2026, 2025, 2024, 0]
    assert len(statements) == 1
    assert db.distinct_values(Row.year, 2) == [2026, 2025]
    db.database.drop_tables([Row])
