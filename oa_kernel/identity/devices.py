"""A device and a place in words: of the browser's own description, and of the address by the organisation's networks.

No library: ua-parser's expressions, 1.5 MB of them, do not know the browsers of Chinese offices apart (360, UOS, 企业微信),
and all that is wanted is browser and system. No table of the world's addresses: an office knows its own networks, and
the rest is "outside".
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from oa_kernel import runtime

#: what is looked for, the more particular first: many browsers also call themselves Chrome and Safari
_BROWSERS = (
    ("企业微信", r"wxwork/(\d+)"), ("微信", r"MicroMessenger/(\d+)"), ("钉钉", r"DingTalk/(\d+)"),
    ("飞书", r"(?:Lark|Feishu)/(\d+)"),
    ("360 浏览器", r"(?:QIHU 360|360SE|360EE)(?:/(\d+))?"), ("奇安信浏览器", r"Qaxbrowser(?:/(\d+))?"),
    ("QQ 浏览器", r"M?QQBrowser/(\d+)"), ("搜狗浏览器", r"(?:MetaSr|SogouMobileBrowser)[ /]?(\d+)?"),
    ("UC 浏览器", r"UCBrowser/(\d+)"),
    ("夸克", r"Quark/(\d+)"), ("华为浏览器", r"HuaweiBrowser/(\d+)"), ("小米浏览器", r"MiuiBrowser/(\d+)"),
    ("统信浏览器", r"UOS(?:Browser)?/(\d+)"), ("Edge", r"Edg(?:e|A|iOS)?/(\d+)"), ("Opera", r"OPR/(\d+)"),
    ("Firefox", r"(?:Firefox|FxiOS)/(\d+)"), ("Chrome", r"(?:Chrome|CriOS)/(\d+)"),
    ("Internet Explorer", r"MSIE (\d+)|Trident/.*rv:(\d+)"),
    ("Safari", r"Version/(\d+)[\d.]* (?:Mobile/\S+ )?Safari/"),
)
_SYSTEMS = (
    ("鸿蒙", r"HarmonyOS|OpenHarmony"), ("iPad", r"iPad"), ("iPhone", r"iPhone"), ("Android", r"Android"),
    ("统信 UOS", r"\bUOS\b"), ("麒麟", r"Kylin"), ("Windows 7", r"Windows NT 6\.1"), ("Windows 8", r"Windows NT 6\.[23]"),
    ("Windows", r"Windows"), ("macOS", r"Mac OS X|Macintosh"), ("ChromeOS", r"\bCrOS\b"), ("Linux", r"Linux|X11"),
)
_PROGRAM = re.compile(r"([A-Za-z][\w .+-]{0,39}?)(?:/(\d+)\S*)?(?: |$)")


def device_of(user_agent: str) -> str:
    """Browser and system in words, ``Edge 126 · Windows``; a program by its name; empty for nothing."""
    browser, version, system = _parts(user_agent)
    return " · ".join(part for part in (f"{browser} {version}".strip(), system) if part)[:120]


def family_of(user_agent: str) -> str:
    """The same without the version: a browser that was updated is no new device."""
    browser, _, system = _parts(user_agent)
    return " · ".join(part for part in (browser, system) if part)[:80]


def _parts(user_agent: str) -> tuple[str, str, str]:
    text = (user_agent or "").strip()[:300]
    system = next((name for name, pattern in _SYSTEMS if re.search(pattern, text)), "")
    for name, pattern in _BROWSERS:
        if found := re.search(pattern, text):
            return name, next((v for v in found.groups() if v), ""), system
    program = _PROGRAM.match(text)
    if program and not text.startswith("Mozilla/"):
        return program[1].strip(), program[2] or "", system
    return text[:40] if not system else "", "", system


def place_of(ip: str) -> str:
    """The name of the first network of ``security.places`` the address is in; else 本机, 内网 or 外网; empty for none."""
    try:
        address: Any = ipaddress.ip_address((ip or "").strip())
    except ValueError:
        return ""
    # an IPv4 address behind an IPv6 socket is what it was
    address = getattr(address, "ipv4_mapped", None) or address
    for name, networks in _places():
        if any(address in network for network in networks if network.version == address.version):
            return name
    if address.is_loopback:
        return "本机"
    return "内网" if address.is_private else "外网"


def _places() -> list[tuple[str, list[Any]]]:
    running = runtime.current()
    found = running.cache.get("identity.places")
    if found is None:
        found = running.cache["identity.places"] = [
            (place["name"], [ipaddress.ip_network(str(n), strict=False) for n in place["networks"]])
            for place in running.config["security"]["places"]
        ]
    return found


__all__ = ["device_of", "family_of", "place_of"]
