"""The plugin's settings (``plugins: archives: …``) and how the code reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oa_kernel import runtime


def _s(doc: str, **rules: Any) -> dict[str, Any]:
    return {**rules, "meta": {"doc": doc}}


SCHEMA: dict[str, Any] = {
    "fonds": _s("全宗号, letters and digits", type="string", default="Z109", regex="[A-Z0-9]{1,10}"),
    "fonds_name": _s("全宗名称; empty: the organisation's name", type="string", default=""),
    "category": _s("档案门类代码", type="string", default="WS", regex="[A-Z]{2,4}"),
    "codes": _s("department → 机构代码; those left out get their pinyin initials", type="dict", default={},
                keysrules={"type": "string"}, valuesrules={"type": "string", "regex": "[A-Z0-9]{2,10}"}),
    "retention_table": _s("归档范围和保管期限表: a YAML file relative to the configuration; empty: the one that comes along",
                          type="string", default=""),
    "places": _s("where packages of a year may be handed on: name → url (a folder, sftp://, s3://) and how to sign in there",
                 type="dict", default={}, keysrules={"type": "string"}, valuesrules={"type": "dict", "schema": {
                     "url": {"type": "string", "required": True}, "username": {"type": "string"}, "password_file": {"type": "string"},
                     "key_file": {"type": "string"}, "known_hosts": {"type": "string"}, "endpoint": {"type": "string"}}}),
    "import_folder": _s("folder, relative to the configuration, that holds packages of a year to be taken over; empty: none",
                        type="string", default=""),
    "import_size": _s("the most that an uploaded package of a year may be once it is unpacked, in MiB", type="integer", min=1,
                      max=10_000_000, default=20_480),
    "package_form": _s("what a record's package is where nothing else is asked for: a zip with the files beside eep.xml, or one "
                       "DA/T 48 XML with the files inside", type="string", default="files", allowed=["files", "embedded"]),
    "filing": _s("when finished things ask for filing: at once, or by the following June (机关档案管理规定)",
                 type="string", default="at_once", allowed=["at_once", "june"]),
    "earlier_drafts": _s("keep earlier wordings with the record too", type="boolean", default=False),
    "borrow_days": _s("the longest a record is lent at once, in days", type="integer", min=1, max=365, default=30),
    "borrow_renewals": _s("how often a borrowing may be renewed", type="integer", min=0, max=20, default=2),
    "borrow_remind": _s("days before the end of a term that the borrower is reminded", type="integer", min=0, max=30, default=2),
    "archive": _s("the state archive records are transferred to (移交进馆)", type="string", default="国家综合档案馆"),
}

#: setting → what the administration page calls it, and what stands below
_WORDS = {
    "fonds": ("全宗号", "大写字母或数字，由档案馆给定"),
    "fonds_name": ("全宗名称", "留空则用单位名称"),
    "category": ("档案门类代码", "文书档案为 WS"),
    "codes": ("机构代码", "部门: 代码；没有写的部门用拼音首字母"),
    "retention_table": ("保管期限表", "相对于配置文件的 YAML 文件；留空用自带的"),
    "places": ("年度导出的去处", "名称: {url: 文件夹或 sftp://、s3:// 地址, username, password_file, key_file, endpoint}"),
    "import_folder": ("年度导入的文件夹", "服务器上的文件夹，相对于配置文件；收到的数据包整个放进去"),
    "import_size": ("上传的数据包解开后的上限", "MiB；上传的文件本身的上限是 storage.max_upload"),
    "package_form": ("信息包的形式", "files 压缩包，文件另存；embedded DA/T 48 封装包，文件嵌入"),
    "filing": ("何时提请归档", "at_once 办结即提请；june 次年 6 月底前"),
    "earlier_drafts": ("历次稿也归档", ""),
    "borrow_days": ("借阅最多几天", "一次批准或续借的上限"),
    "borrow_renewals": ("可以续借几次", ""),
    "borrow_remind": ("到期前几天提醒", ""),
    "archive": ("移交进馆的档案馆", ""),
}
for _name, (_label, _help) in _WORDS.items():
    SCHEMA[_name]["meta"].update(label=_label, help=_help)


def get(name: str) -> Any:
    """One setting of the running installation."""
    return section()[name]


def on() -> bool:
    """Whether the plugin runs in this installation: signals are the process's, which may have had another one before."""
    state = runtime.current().plugins.states.get("archives")
    return state is not None and state.state == "ok"


def section() -> Mapping[str, Any]:
    """All settings of the plugin, with defaults."""
    own = runtime.current().config.plugin("archives")
    return {**{k: rule["default"] for k, rule in SCHEMA.items()}, **own}


def fonds_name() -> str:
    """全宗名称."""
    return str(get("fonds_name") or runtime.current().config["organisation"]["name"])
