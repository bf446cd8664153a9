"""The plugin's settings (``plugins: exchange: …``) and how the code reads them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from oa_kernel import runtime


def _s(doc: str, label: str, **rules: Any) -> dict[str, Any]:
    return {**rules, "meta": {"doc": doc, "label": label}}


SCHEMA: dict[str, Any] = {
    "name": _s("what the organisation is called in its certificate; empty: the organisation's name", "证书上的单位名称",
               type="string", default=""),
    "url": _s("address that partners post to; empty: web.base_url", "对外的地址（留空则用本系统的地址）", type="string", default=""),
    "certificate_days": _s("how long a certificate made here is valid", "证书有效天数", type="integer", min=1, max=3650,
                           default=1825),
    "max_package_mb": _s("largest package, in and out, in megabytes", "交换包上限（MB）", type="integer", min=1, max=512,
                         default=64),
    "spool_mb": _s("of one package, megabytes that are held in memory; what is larger goes through a file, encrypted",
                   "一个交换包在内存里最多占用（MB），更大的经临时文件", type="integer", min=1, max=512, default=4),
    "timeout": _s("seconds a partner may take to answer, and one more for every megabyte it is sent",
                  "等候对方答复的秒数（包每 1 MB 另加一秒）", type="integer", min=1, max=300, default=30),
    "retry_first": _s("seconds until the second try; doubled each time", "首次重试前的秒数", type="integer", min=1, max=3600,
                      default=60),
    "retry_longest": _s("seconds between tries at most", "重试间隔的上限（秒）", type="integer", min=1, max=86400, default=1800),
    "give_up_days": _s("days after which a message that could not be sent is given up", "几天送不出去算失败", type="integer",
                       min=1, max=25, default=7),
    "window_days": _s("days after which a package is too old to be taken", "交换包的有效天数", type="integer", min=1, max=365,
                      default=30),
    "keep_days": _s("days that messages are kept in the log; never less than window_days and a week", "交换记录保留天数",
                    type="integer", min=40, max=3650, default=400),
    "rate": _s("packages a minute that are taken from one address", "每个地址每分钟最多收几个包", type="integer", min=1,
               max=10_000, default=120),
    "ca_file": _s("file with certificate authorities that HTTPS trusts, relative to the configuration; empty: the system's",
                  "HTTPS 信任的根证书文件", type="string", default=""),
    "allow_http_loopback": _s("plain HTTP to this machine itself, for trying out", "允许本机之间用 HTTP（试用）",
                              type="boolean", default=False),
}

#: how far the clocks of two organisations may be apart
SKEW = dt.timedelta(minutes=5)


def get(name: str) -> Any:
    """One setting of the running installation."""
    own: Mapping[str, Any] = runtime.current().config.plugin("exchange")
    return own.get(name, SCHEMA[name]["default"])


def on() -> bool:
    """Whether the plugin runs in this installation: signals are the process's, which may have had another one before."""
    state = runtime.current().plugins.states.get("exchange")
    return state is not None and state.state == "ok"


def organisation() -> str:
    """What the organisation is called in its certificate."""
    return str(get("name") or runtime.current().config["organisation"]["name"])


def base_url() -> str:
    """Address partners post to, without a slash at the end."""
    return str(get("url") or runtime.current().config["web"]["base_url"]).rstrip("/")


def largest() -> int:
    """Largest package in bytes."""
    return int(get("max_package_mb")) * 1024 * 1024


def deadline(size: int) -> float:
    """Seconds that a partner has to take so many bytes and to answer."""
    return float(get("timeout")) + size / 2**20


def window() -> dt.timedelta:
    """Age at which a package is too old."""
    return dt.timedelta(days=int(get("window_days")))


def keep() -> dt.timedelta:
    """Age at which messages are forgotten: ids are known for longer than a package is taken."""
    return max(dt.timedelta(days=int(get("keep_days"))), window() + dt.timedelta(days=7))
