"""Lines of ``oa doctor``: fonts and what stands in for them, the seal's certificate, the series."""

from __future__ import annotations

import datetime as dt

from oa_kernel import clock
from oa_kernel.contributions import Diagnostic

from .. import settings

#: days before its end at which a certificate is worth a word
_SOON = dt.timedelta(days=60)


def _fonts() -> tuple[str, str]:
    from ..typeset import fonts

    roles = fonts.describe(settings.fonts_folder())
    lines = "；".join(f"{r.name}用 {r.family or '（没有）'}{'（替代）' if r.stand_in else ''}" for r in roles)
    if any(not r.family for r in roles):
        return "problem", f"{lines}。请重新安装 pylopdf-fonts-zh-cn"
    if any(r.stand_in for r in roles):
        return "warning", f"{lines}。把单位的字体文件放进一个文件夹，用设置 plugins.documents.fonts 指明"
    return "ok", lines


def _seal() -> tuple[str, str]:
    from . import seals

    seal = seals.current()
    if seal is None:
        return "warning", "还没有印章：首次用印时自动制作，也可用 oa documents seal create"
    if seal.valid_until is not None and seal.valid_until < clock.now() + _SOON:
        return "warning", f"{seal.title}的证书 {clock.local(seal.valid_until):%Y-%m-%d} 到期，请制作新的印章"
    ending = [s for s in seals.all_seals() if s.joint and s.active and s.valid_until and s.valid_until < clock.now() + _SOON]
    if ending:
        named = "、".join(f"{s.title}（{clock.local(s.valid_until):%Y-%m-%d}）" for s in ending)
        return "warning", f"其他机关的印章即将到期或已到期：{named}。到期后与该机关的联合行文不能成文，请更换或停用"
    return "ok", f"{seal.title}，有效至 {clock.local(seal.valid_until):%Y-%m-%d}" if seal.valid_until else seal.title


def _series() -> tuple[str, str]:
    from . import numbers

    found = numbers.series_list()
    return "ok", f"机关代字：{'、'.join(s.code for s in found) or numbers.default_code() + '（首次编号时登记）'}"


DIAGNOSTICS = [
    Diagnostic("documents.fonts", "公文字体", _fonts),
    Diagnostic("documents.seal", "电子印章", _seal),
    Diagnostic("documents.series", "发文字号", _series),
]
