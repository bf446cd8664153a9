"""The national calendar with its exchanged days, and the organisation's own over it."""

import datetime as dt

import pytest

from oa_kernel import clock, workdays
from oa_kernel.errors import Invalid

D = dt.date.fromisoformat


def at(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=clock.zone())


def shown(instant):
    return clock.local(instant).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize("day, working", [
    ("2026-10-10", True),  # a Saturday, worked for the National Day holiday
    ("2026-09-20", True),  # a Sunday, likewise
    ("2026-10-01", False), ("2026-10-07", False), ("2026-10-08", True),
    ("2026-02-16", False), ("2026-11-24", True), ("2026-11-28", False), ("2026-01-01", False),
    ("2099-06-05", True), ("2099-06-06", False),  # not known yet: Monday to Friday
])
def test_the_national_calendar(oa, day, working):
    assert workdays.is_working_day(D(day)) is working


def test_the_organisations_own_days_come_first(oa_configure):
    oa_configure("organisation", holidays={"2026-11-24": "holiday", dt.date(2026, 11, 28): "workday"})
    assert not workdays.is_working_day(D("2026-11-24")) and workdays.is_working_day(D("2026-11-28"))
    assert shown(workdays.due_at(at("2026-11-23 10:00"), "1 working day")) == "2026-11-25 17:30"


@pytest.mark.parametrize("start, spec, due", [
    ("2026-11-24 10:00", "1 working day", "2026-11-25 17:30"),
    ("2026-11-27 10:00", "2 working days", "2026-12-01 17:30"),
    ("2026-09-30 10:00", "2 working days", "2026-10-09 17:30"),
    ("2026-10-09 10:00", "1 working days", "2026-10-10 17:30"),
    ("2026-11-24 10:00", "4 working hours", "2026-11-24 15:30"),
    ("2026-11-24 17:00", "1 working hour", "2026-11-25 09:00"),
    ("2026-11-27 20:00", "1 working hour", "2026-11-30 09:30"),
    ("2026-11-27 20:00", "3 days", "2026-11-30 20:00"),
    ("2026-11-24 23:50", "30 minutes", "2026-11-25 00:20"),
    ("2026-11-24 10:00", "4 hours", "2026-11-24 14:00"),
])
def test_due(oa, start, spec, due):
    assert shown(workdays.due_at(at(start), spec)) == due


@pytest.mark.parametrize("end, spec, begin", [
    ("2026-11-30 17:30", "1 working day", "2026-11-27 17:30"),
    ("2026-10-08 09:30", "2 working hours", "2026-09-30 16:30"),
    ("2026-11-25 00:20", "30 minutes", "2026-11-24 23:50"),
])
def test_before(oa, end, spec, begin):
    assert shown(workdays.before(at(end), spec)) == begin


@pytest.mark.parametrize("spec", ["", "two days", "0 days", "-1 days", "1.5 hours", "2 weeks", "2 working", "10001 days", "2days;"])
def test_what_is_no_period(spec):
    with pytest.raises(Invalid, match="写法不对"):
        workdays.parse(spec)


def test_hours_written_wrong(oa_configure):
    oa_configure("organisation", working_hours=["08:30～12:00"])
    with pytest.raises(Invalid, match="working_hours"):
        workdays.hours()


def test_a_year_without_working_days_ends(oa_configure):
    day = dt.date(2026, 11, 24)
    oa_configure("organisation", holidays={day + dt.timedelta(days=n): "holiday" for n in range(400)})
    with pytest.raises(Invalid, match="一年内没有工作日"):
        workdays.due_at(at("2026-11-24 10:00"), "1 working day")
