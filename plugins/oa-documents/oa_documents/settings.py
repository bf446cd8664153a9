"""The plugin's settings (``plugins: documents: …``) and how the code reads them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from oa_kernel import runtime
from oa_kernel.config import SECRECY_LEVELS


def _s(doc: str, **rules: Any) -> dict[str, Any]:
    return {**rules, "meta": {"doc": doc}}


SCHEMA: dict[str, Any] = {
    "issuer": _s("发文机关署名; empty: the organisation's name", type="string", default=""),
    "mark": _s("发文机关标志; empty: the issuer and 文件", type="string", default=""),
    "letter_mark": _s("标志 of the letter format; empty: the issuer", type="string", default=""),
    "minutes_mark": _s("标志 of 纪要; empty: the issuer and 会议纪要", type="string", default=""),
    "signer_title": _s("office of who signs a 命令 (市长); empty: a 命令 carries the organisation's seal", type="string", default=""),
    "printed_by": _s("印发机关; empty: the issuer", type="string", default=""),
    "series": _s("机关代字 offered first; made at the first use", type="string", default="办发", minlength=1),
    "fonts": _s("folder with the organisation's own fonts, relative to the configuration", type="string", default=""),
    "seal": _s("seal documents when the office completes its step", type="boolean", default=True),
    "seal_size_mm": _s("diameter of a seal made here, in millimetres", type="float", min=20, max=60, default=42.0),
    "ofd": _s("make the formal version as OFD (GB/T 33190) too", type="boolean", default=True),
    "qr": _s("print a QR code that leads to the verification page", type="boolean", default=True),
    "overdue_days": _s("days until an unsigned receipt is overdue", type="integer", min=1, max=90, default=3),
    "reminders": _s("working days after which who has not signed is reminded, each counted from the one before", type="list",
                    schema={"type": "integer", "min": 1, "max": 60}, default=[1, 2, 3]),
    "fax_gateway": _s("address of the e-mail-to-fax gateway with {number} in it; empty: no fax", type="string", default=""),
    "seal_from": _s("from this level of secrecy on, what is mailed is sealed for its recipient (SM2)", type="string",
                    allowed=list(SECRECY_LEVELS[1:]), default=SECRECY_LEVELS[2]),
    "max_body": _s("largest body, in characters", type="integer", min=1000, default=200_000),
    "secrecy_terms": _s("保密期限 offered", type="list", schema={"type": "string"},
                        default=["1年", "3年", "5年", "10年", "20年", "30年", "长期"]),
    "ocr": _s("read scans that come in (needs the extra oa-documents[ocr])", type="boolean", default=True),
    "incoming_rules": _s(
        "分办规则, the first that holds: kinds, senders, urgency, words → department, nature, note", type="list", default=[],
        schema={"type": "dict", "schema": {
            "kinds": {"type": "list", "schema": {"type": "string"}}, "senders": {"type": "list", "schema": {"type": "string"}},
            "urgency": {"type": "list", "schema": {"type": "string"}}, "words": {"type": "list", "schema": {"type": "string"}},
            "department": {"type": "string"}, "nature": {"type": "string", "allowed": ["action", "reading"]},
            "note": {"type": "string"}}}),
}

#: setting → what the administration page calls it, and what stands below
_WORDS = {
    "issuer": ("发文机关署名", "留空则用单位名称"),
    "mark": ("发文机关标志", "留空则为署名加“文件”"),
    "letter_mark": ("信函格式的标志", "留空则用署名"),
    "minutes_mark": ("纪要的标志", "留空则为署名加“会议纪要”"),
    "signer_title": ("命令签署人的职务", "如：市长；留空则命令加盖机关印章"),
    "ocr": ("识别扫描件的文字", "需要安装 oa-documents[ocr]；收文登记时据此提出标题、文号等"),
    "printed_by": ("印发机关", "留空则用署名"),
    "series": ("机关代字", "拟稿时首先给出；第一次用时建立"),
    "fonts": ("本单位字体的文件夹", "相对于配置文件所在的文件夹"),
    "seal": ("办结时用印", ""),
    "seal_size_mm": ("印章直径（毫米）", "在系统里制作的印章"),
    "ofd": ("正式版本同时生成 OFD", "GB/T 33190；签发后在后台生成，与 PDF 一起保存"),
    "qr": ("印上验证用的二维码", ""),
    "overdue_days": ("几天未签收算逾期", ""),
    "reminders": ("未签收的自动催办", "几个工作日后催，一行一个；每次都从上一次算起"),
    "fax_gateway": ("传真网关的邮箱地址", "号码写成 {number}，如：{number}@fax.example.org；留空则没有传真"),
    "seal_from": ("从哪一密级起密封发送", "用收件单位登记的 SM2 证书密封，只有它能打开"),
    "max_body": ("正文最多字数", ""),
    "secrecy_terms": ("可选的保密期限", "一行一个"),
    "incoming_rules": ("收文分办规则", "YAML 列表，第一条符合的算数：kinds、senders、urgency、words → department、nature、note"),
}
for _name, (_label, _help) in _WORDS.items():
    SCHEMA[_name]["meta"].update(label=_label, help=_help)


def get(name: str) -> Any:
    """One setting of the running installation."""
    return section()[name]


def section() -> Mapping[str, Any]:
    """All settings of the plugin, with defaults."""
    own = runtime.current().config.plugin("documents")
    return {**{k: rule["default"] for k, rule in SCHEMA.items()}, **own}


def issuer() -> str:
    """发文机关署名."""
    return str(get("issuer") or runtime.current().config["organisation"]["name"])


def mark(form: str) -> str:
    """发文机关标志 for a format."""
    if form == "letter":
        return str(get("letter_mark") or issuer())
    if form == "minutes":
        return str(get("minutes_mark") or f"{issuer()}会议纪要")
    if form == "order":
        return f"{issuer()}令"
    return str(get("mark") or f"{issuer()}文件")


def printed_by() -> str:
    """印发机关."""
    return str(get("printed_by") or issuer())


def fonts_folder() -> Path | None:
    """Folder with the organisation's own fonts, or None."""
    name = str(get("fonts") or "")
    return (runtime.current().config.folder / name).resolve() if name else None


def highest_secrecy() -> str:
    """Highest level this installation may hold."""
    return str(runtime.current().config["security"]["highest_secrecy"])


def base_url() -> str:
    """Address of the installation, without a slash at the end."""
    return str(runtime.current().config["web"]["base_url"]).rstrip("/")
