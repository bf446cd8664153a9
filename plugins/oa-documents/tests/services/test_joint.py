"""会稿 and 联合行文 through the workflow: opinions on the sheet, every organisation's signatory, the host's number."""

import pytest
from oa_documents.seal import verify_pdf
from oa_documents.services import formal, joint, seals
from pypdf import PdfReader

from oa_kernel import files, workflow
from oa_kernel.errors import Invalid

from .office import again


def test_departments_are_asked_and_every_organisation_signs_before_the_number_is_given(office, make, tmp_path):
    finance = make.person("finance", "邹文清")
    safety = make.person("safety", "韩守正")
    boss = make.person("boss", "业务处长", office.business, posts=[("业务处长", "head")])
    office.people.update(finance=finance, safety=safety, boss=boss)
    seals.create(None)
    seals.create(None, name="云岭市财政局", joint=True)
    assert seals.current().organisation == "云岭市人民政府办公室" and seals.of_organisations(["云岭市财政局"])[0]
    document = office.submitted(
        title="云岭市人民政府办公室等三部门关于开展联合检查的通知", consult=["业务处"],
        joint="云岭市财政局 邹文清\n云岭市应急管理局 韩守正（safety）")
    assert document.joint[1] == {"name": "云岭市应急管理局", "signatory": "safety", "person": "韩守正"}
    document = office.act(document, "head")
    assert workflow.open_task(document.instance_id, boss).step == "consult"
    document = office.act(document, "boss", comment="会稿意见：检查不重复。")
    for who in ("deputy", "leader"):
        document = office.act(document, who)
    document = office.act(document, "finance", comment="同意")
    assert document.number is None
    document = office.act(document, "safety")
    document = office.act(document, "clerk")
    assert document.state == "signed" and document.number.startswith("云政办发〔")
    data = files.read_bytes(files.get(document.formal_file_id))
    found = verify_pdf(data)
    assert found.ok and [one.organisation for one in found.seals] == ["云岭市人民政府办公室", "云岭市财政局"]
    (tmp_path / "joint.pdf").write_bytes(data)
    text = "".join("".join(page.extract_text() for page in PdfReader(tmp_path / "joint.pdf").pages).split())
    assert "云岭市应急管理局" in text and text.count("云岭市财政局") == 2  # at the head and in the signature
    (tmp_path / "sheet.pdf").write_bytes(formal.sheet_pdf(document))
    sheet = "".join(PdfReader(tmp_path / "sheet.pdf").pages[0].extract_text().split())
    assert "会稿意见：检查不重复。" in sheet and "邹文清" in sheet
    assert joint.signed_names(again(document)) == "高明德、邹文清、韩守正"


def test_what_is_wrong_is_named(office):
    for fields, name in (
            ({"joint": "云岭市财政局 没有这个人"}, "joint"), ({"joint": ["云岭市人民政府办公室"]}, "joint"), ({"joint": 7}, "joint"),
            ({"consult": ["没有这个处"]}, "consult"), ({"joint_marks": "both"}, "joint_marks")):
        with pytest.raises(Invalid) as caught:
            office.draft(**fields)
        assert name in caught.value.errors
