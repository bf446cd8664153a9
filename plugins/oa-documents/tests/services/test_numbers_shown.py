"""What the office is told of numbers before it gives one."""

from oa_documents.services import numbers

from oa_kernel import clock

from .office import again


def test_the_number_shown_is_the_number_given(office):
    document = office.submitted(("head", "deputy", "leader"))
    shown = numbers.preview(document)
    assert office.act(document, "clerk").number == shown
    assert numbers.preview(again(document)) == shown, "once given, it stays"


def test_showing_uses_nothing_up(office):
    document = office.submitted()
    assert numbers.preview(document) == numbers.preview(document)


def test_numbers_kept_back_are_offered_lowest_first_and_passed_over(office):
    year = clock.today().year
    numbers.reserve("云政办发", year, office.clerk, seq=3, note="总结会")
    numbers.reserve("云政办发", year, office.clerk, seq=1, note="春节值班")
    document = office.submitted(("head", "deputy", "leader"))
    assert [(r.seq, r.text, r.note) for r in numbers.reserved(document)] == [
        (1, f"云政办发〔{year}〕1号", "春节值班"), (3, f"云政办发〔{year}〕3号", "总结会"),
    ]
    assert numbers.preview(document) == f"云政办发〔{year}〕2号"
    taken = numbers.assign_reserved(document, 1, office.clerk)
    assert [r.seq for r in numbers.reserved(taken)] == [3]


def test_another_series_has_its_own(office):
    numbers.create_series("云政办函", office.clerk)
    numbers.reserve("云政办发", clock.today().year, office.clerk, seq=1, note="值班")
    assert numbers.reserved(office.draft(series="云政办函")) == []
