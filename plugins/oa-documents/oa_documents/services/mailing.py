"""Mail to outside organisations: the sealed PDF, and the link by which they acknowledge it."""

from __future__ import annotations

import re
from typing import Any

from oa_kernel import clock, files, notifications, outbox
from oa_kernel.config import SECRECY_LEVELS
from oa_kernel.errors import Invalid

from .. import envelope, settings
from ..models import Dispatch, Organisation, Outgoing
from . import dispatches, standing


def deliver(payload: dict[str, Any]) -> None:
    """Mails one dispatch. Raises to be tried again later; ``outbox.Undeliverable`` when it never can be."""
    item = Dispatch.select(Dispatch, Outgoing).join(Outgoing).where(Dispatch.id == payload["dispatch"]).first()
    if item is None or item.state == "signed_for":
        return  # gone, or acknowledged meanwhile
    document = item.document
    if document.state == "voided":
        dispatches.mail_failed(item.id, "公文已作废，没有发出")
        return
    if not standing.in_force(document):
        dispatches.mail_failed(item.id, f"公文{standing.words(document)}，没有发出")
        return
    file = files.get(document.formal_file_id) if document.formal_file_id else None
    if file is None:
        dispatches.mail_failed(item.id, "没有成文的 PDF")
        raise outbox.Undeliverable(f"document {document.id} has no formal version")
    urging = bool(payload.get("urging"))
    try:
        attached = _attached(document, item, f"{document.number} {document.title}.pdf", files.read_bytes(file))
    except Invalid as error:
        dispatches.mail_failed(item.id, error.message)
        raise outbox.Undeliverable(error.message) from error
    words = fax_text(document, item) if item.channel == "fax" else text(document, item, urging=urging)
    try:
        notifications.send_mail(item.email, subject(document, urging=urging), words, attachments=[attached])
    except outbox.Undeliverable as error:
        dispatches.mail_failed(item.id, str(error))
        raise
    dispatches.mail_delivered(item.id)


def _attached(document: Outgoing, item: Dispatch, name: str, data: bytes) -> tuple[str, str, bytes]:
    """The PDF, or what it is sealed in for the recipient where it is confidential."""
    if not confidential(document):
        return name, "application/pdf", data
    found = Organisation.get_or_none(Organisation.id == item.recipient_id)
    require_sealable(document, item.recipient_name, found)
    sealed = envelope.seal(data, name, sender=settings.issuer(), recipient=item.recipient_name, certificate=found.certificate,
                           when=clock.now())
    return f"{document.number}{envelope.EXTENSION}", envelope.MIME, sealed


def confidential(document: Any) -> bool:
    """Must it be sealed for its recipient before it leaves the house?"""
    return bool(document.secrecy_level >= SECRECY_LEVELS.index(str(settings.get("seal_from"))))


def require_sealable(document: Any, name: str, organisation: Any) -> None:
    """Raises Invalid where a confidential document would go by mail to who has no certificate it can be sealed for."""
    if not confidential(document):
        return
    if organisation is None or not organisation.certificate:
        raise Invalid(f"“{document.secrecy}”公文要为收件单位密封后才能用电子邮件发送；{name}没有登记加密证书，"
                      "请先在地址簿登记，或改用纸质送达")
    if not envelope.certificate_of(organisation.certificate).valid_at(clock.now()):
        raise Invalid(f"{name}的加密证书不在有效期内，请更新")


def fax_address(document: Any, name: str, number: str) -> str:
    """The address at the e-mail-to-fax gateway. Raises Invalid: no gateway, no number, or a confidential document."""
    gateway = str(settings.get("fax_gateway"))
    digits = re.sub(r"[\s()（）-]", "", number)
    if not gateway:
        raise Invalid("没有设置传真网关（fax_gateway），不能用传真发送")
    if confidential(document):
        raise Invalid(f"“{document.secrecy}”公文不得用普通传真发送")
    if not re.fullmatch(r"\+?\d{3,20}", digits):
        raise Invalid(f"{name}没有可用的传真号码，请先在地址簿填写")
    return gateway.replace("{number}", digits.lstrip("+"))


def fax_text(document: Outgoing, item: Dispatch) -> str:
    """The cover of a fax."""
    return f"{item.recipient_name}：\n{document.number}　{document.title}\n发文单位：{settings.issuer()}\n收到后请电话告知签收人。"


def tell_standing(payload: dict[str, Any]) -> None:
    """Tells an outside organisation that what it received has no force any more."""
    item = Dispatch.select(Dispatch, Outgoing).join(Outgoing).where(Dispatch.id == payload["dispatch"]).first()
    if item is None or not item.document.standing:
        return
    document = item.document
    notifications.send_mail(item.email, f"【{standing.WORDS[document.standing]}】{document.number}　{document.title}", "\n".join([
        f"{item.recipient_name}：", "", f"{document.number}《{document.title}》{standing.words(document)}。",
        f"原因：{document.standing_reason}", "", f"发文单位：{settings.issuer()}",
        f"可在 {settings.base_url()}/verify/d/{document.verify_code} 核对。"]))


def subject(document: Outgoing, *, urging: bool) -> str:
    """Subject of the message."""
    return f"{'【请签收】' if urging else ''}{document.number}　{document.title}"


def text(document: Outgoing, item: Dispatch, *, urging: bool) -> str:
    """The message: what it is, the link, whom to ask."""
    first = "以下公文已送达贵单位，尚未收到签收回执，请予签收。" if urging else "现送上以下公文，请查收。"
    return "\n".join(
        [
            f"{item.recipient_name}：",
            "",
            first,
            "",
            f"标题：{document.title}",
            f"文号：{document.number}",
            f"发文单位：{settings.issuer()}",
            "",
            "请打开下面的链接确认签收（每个收文单位的链接不同，请勿转发）：",
            dispatches.receipt_url(item),
            "",
            *(["附件已为贵单位密封，请用贵单位的密钥打开：oa documents open 文件 --key 密钥文件"] if confidential(document) else []),
            f"附件是带电子印章的正式文件，可在 {settings.base_url()}/verify/d/{document.verify_code} 验证真伪。",
        ]
    )
