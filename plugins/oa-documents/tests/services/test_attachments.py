"""Attachments of a draft: kept in order, replaced by versions, refused once it is under review."""

import io

import pytest
from oa_documents.services import drafts

from oa_kernel import files
from oa_kernel.errors import Conflict, Forbidden, NotFound

from .office import again


def stored(document, name, content, by, previous=None):
    return drafts.store_attachment(document, io.BytesIO(content), name, "text/plain", by, previous=previous)


def names(document):
    return [(f.name, f.version) for f in files.attached(drafts.SUBJECT, document.id)]


def test_a_new_version_stands_where_the_old_one_stood(office):
    document = office.draft()
    first = stored(document, "名单.txt", b"one", office.drafter)
    stored(document, "表格.txt", b"two", office.drafter)
    newer = stored(document, "名单（改）.txt", b"three", office.drafter, previous=first)
    assert names(document) == [("名单（改）.txt", 2), ("表格.txt", 1)]
    assert [files.read_bytes(f) for f in files.versions(newer)] == [b"three", b"one"]


def test_reviewers_may_read_replaced_versions_and_receivers_may_not(office):
    document = office.draft()
    first = stored(document, "名单.txt", b"one", office.drafter)
    stored(document, "名单.txt", b"two", office.drafter, previous=first)
    drafts.submit(again(document), office.drafter)
    assert files.readable(office.head, first)
    assert not files.readable(office.officer, first)


def test_every_attachment_counts_as_a_change(office):
    document = office.draft()
    stored(document, "名单.txt", b"one", office.drafter)
    assert again(document).version == document.version + 1


def test_a_file_of_another_document_is_not_replaced(office):
    elsewhere = stored(office.draft(), "名单.txt", b"one", office.drafter)
    document = office.draft()
    with pytest.raises(NotFound):
        stored(document, "名单.txt", b"two", office.drafter, previous=elsewhere)
    assert names(document) == []


def test_only_the_drafter_attaches_and_only_to_a_draft(office):
    document = office.draft()
    with pytest.raises(Forbidden):
        stored(document, "名单.txt", b"one", office.head)
    drafts.submit(document, office.drafter)
    with pytest.raises(Conflict):
        stored(again(document), "名单.txt", b"one", office.drafter)


def test_what_arrives_after_submitting_is_not_kept(office):
    document = office.draft()

    class Slow(io.BytesIO):
        def read(self, size=-1):
            if again(document).state == "draft":
                drafts.submit(again(document), office.drafter)
            return super().read(size)

    with pytest.raises(Conflict):
        drafts.store_attachment(document, Slow(b"late"), "晚到.txt", "text/plain", office.drafter)
    assert names(document) == []
    assert files.File.select().where(files.File.name == "晚到.txt").count() == 0
