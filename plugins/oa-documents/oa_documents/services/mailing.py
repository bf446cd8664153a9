"""Mail to outside organisations: the sealed PDF, and the link by which they acknowledge it."""

from __future__ import annotations

from typing import Any

from oa_kernel import files, notifications, outbox

from .. import settings
from ..models import Dispatch, Outgoing
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
    try:
        notifications.send_mail(
            item.email,
            subject(document, urging=bool(payload.get("urging"))),
            text(document, item, urging=bool(payload.get("urging"))),
            attachments=[(f"{document.number} {document.title}.pdf", "application/pdf", files.read_bytes(file))],
        )
    except outbox.Undeliverable as error:
        dispatches.mail_failed(item.id, str(error))
        raise
    dispatches.mail_delivered(item.id)


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
            f"附件是带电子印章的正式文件，可在 {settings.base_url()}/verify/d/{document.verify_code} 验证真伪。",
        ]
    )
