"""Upgrade notes: those of versions newer than what was here, shown until somebody has read them."""

import pytest

from oa_kernel import installed
from oa_kernel.installed.models import SeenVersion


@pytest.fixture
def from_version(oa):
    def begin(version):
        installed.arrived()
        SeenVersion.update(version=version, read=version).where(SeenVersion.plugin == "shelf").execute()

    return begin


def versions(notes):
    return [n.version for n in notes]


def test_what_is_new_here_has_nothing_to_upgrade(oa):
    assert installed.arrived() == [] and installed.unread_notes() == []


def test_notes_between_the_old_and_the_installed_version_are_told_once_by_migrate(from_version):
    from_version("1.0")
    assert versions(installed.arrived()) == ["1.1", "1.2"]
    assert installed.arrived() == []


def test_they_stay_on_the_page_until_they_are_read(from_version):
    from_version("1.0")
    installed.arrived()
    assert versions(installed.unread_notes("shelf")) == ["1.1", "1.2"]
    installed.read_notes("shelf")
    assert installed.unread_notes() == []


@pytest.mark.parametrize(("old", "expected"), [("1.1", ["1.2"]), ("1.1.post1", ["1.2"]), ("1.2", []), ("0.1", ["0.9", "1.1", "1.2"])])
def test_versions_are_compared_as_versions(from_version, old, expected):
    from_version(old)
    assert versions(installed.unread_notes("shelf")) == expected


def test_the_list_is_one_query(from_version, count_queries):
    from_version("1.0")
    with count_queries() as statements:
        installed.unread_notes()
    assert len(statements) == 1
