"""People and the steps of a document's way, in one line each."""

from oa_documents.models import Outgoing
from oa_documents.services import drafts

from oa_kernel import workflow

DRAFT = {
    "kind": "通知", "title": "云岭市人民政府办公室关于开展窗口作风检查的通知", "addressees": ["业务处"],
    "body": "为改进作风，现就有关事项通知如下。\n一、检查范围\n市、县两级政务服务中心。\n二、工作要求\n各单位要高度重视。",
}
WAY = ("head", "deputy", "leader", "clerk")


class Office:
    def __init__(self, people, unit, business):
        self.__dict__.update(people)
        self.people, self.unit, self.business = people, unit, business

    def draft(self, **fields):
        return drafts.create({**DRAFT, **fields}, self.drafter)

    def act(self, document, who, action="approve", **more):
        person = self.people[who]
        task = workflow.open_task(again(document).instance_id, person)
        assert task is not None, f"{who} has nothing to do"
        workflow.act(task.id, action, person, **more)
        return again(document)

    def submitted(self, upto=(), **fields):
        """Under review, approved by those named."""
        document = self.draft(**fields)
        drafts.submit(document, self.drafter)
        for who in upto:
            document = self.act(document, who)
        return again(document)

    def signed(self, **fields):
        return self.submitted(WAY, **fields)


def again(document):
    return Outgoing.get_by_id(document.id)
