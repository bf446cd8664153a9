"""What is typeset: plain values, no database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

FORMATS = ("general", "upward", "letter", "order", "minutes")


@dataclass(frozen=True)
class OfficialDocument:
    """An official document as GB/T 9704-2012 lays it out. Texts are plain text; a body is one paragraph a line."""

    title: str
    body: str
    #: general | upward | letter | order | minutes
    format: str = "general"
    kind: str = "通知"
    #: 发文机关标志
    mark: str = ""
    #: 联合行文: the names that stand at the head, the host's first; and what stands right of them
    joint_marks: Sequence[str] = ()
    mark_suffix: str = "文件"
    #: 发文字号; empty: none yet
    number: str = ""
    #: 主送机关
    addressees: Sequence[str] = ()
    #: 发文机关署名
    signature: str = ""
    #: 联合行文: all names in their order, the host's first; then ``signature`` is not looked at
    signatures: Sequence[str] = ()
    #: 签发人签名章: (office, name), in the place of 署名 and seal
    signed_by: tuple[str, str] | None = None
    #: 成文日期
    date: dt.date | None = None
    #: 签发人 of an upward document; several with 、
    signatory: str = ""
    #: 份号, up to six digits
    copy_number: str = ""
    #: 密级 and 保密期限; empty for none
    secrecy: str = ""
    secrecy_term: str = ""
    #: 紧急程度
    urgency: str = ""
    #: 附件说明
    attachment_titles: Sequence[str] = ()
    #: 附注, without brackets
    note: str = ""
    #: 出席 请假 列席 of minutes
    attendance: Mapping[str, Sequence[str]] = field(default_factory=dict)
    #: 抄送
    cc: Sequence[str] = ()
    #: 印发机关 and 印发日期
    printer: str = ""
    print_date: dt.date | None = None
    #: room for a seal; else signature and date stand as for an unsealed document
    sealed: bool = False
    #: diameter of the seal, in millimetres
    seal_mm: float = 42.0
    #: the seal's picture as SVG, drawn in its place; empty: only the room is left
    seal_picture: str = ""
    #: 联合行文: the picture of each organisation's seal, in the order of ``signatures``; empty where only room is left
    seal_pictures: Sequence[str] = ()
    #: attachments that are text: (title, body)
    attachments: Sequence[tuple[str, str]] = ()
    #: words at the head of a page that is no formal version, such as 草稿; True for 草稿
    draft: bool | str = False
    #: address of the verification; empty: no code
    qr: str = ""


@dataclass(frozen=True)
class Typeset:
    """A typeset document. ``seal_box``: 0-based page, then x, y (from the page's top left), width, height in mm.

    ``seal_boxes``: of all organisations' seals of a joint document, in their order.
    """

    pdf: bytes
    pages: int
    seal_box: tuple[int, float, float, float, float] | None
    seal_boxes: Sequence[tuple[int, float, float, float, float]] = ()
