"""The kernel's settings: a cerberus schema whose ``meta.doc`` is the reference text of each key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

#: how secrecy and internal levels are ordered; an installation accepts up to ``security.highest_secrecy``
SECRECY_LEVELS = ("公开", "内部", "秘密", "机密", "绝密")


def _s(doc: str, **rules: Any) -> dict[str, Any]:
    return {**rules, "meta": {"doc": doc}}


def _network(field: str, value: Any, error: Any) -> None:
    """For cerberus: an IPv4 or IPv6 network, or a single address."""
    import ipaddress

    try:
        ipaddress.ip_network(str(value), strict=False)
    except ValueError:
        error(field, f"不是网段：{value}。例：10.0.0.0/8")


def _section(doc: str, **keys: Any) -> dict[str, Any]:
    return {"type": "dict", "schema": keys, "default": {}, "meta": {"doc": doc}}


KERNEL_SCHEMA: dict[str, Any] = {
    "organisation": _section(
        "the organisation itself",
        name=_s("full name, as on documents", type="string", default="示例单位", minlength=1),
        short_name=_s("short name for the top bar", type="string", default=""),
        timezone=_s("IANA time zone", type="string", default="Asia/Shanghai"),
        locale=_s("first language on screen", type="string", default="zh_CN", allowed=["zh_CN", "en"]),
        holidays=_s(
            "own holidays and working days: date → `holiday` or `workday`, over the national calendar",
            type="dict",
            keysrules={"type": ["string", "date"]},
            valuesrules={"type": "string", "allowed": ["holiday", "workday"]},
            default={},
        ),
        phrases=_s("phrases for opinions that everybody is offered, after their own", type="list",
                   schema={"type": "string", "minlength": 1, "maxlength": 200},
                   default=["同意。", "拟同意，请审定。", "请按程序办理。", "请修改后再报。", "已阅。"]),
        working_hours=_s("hours of a working day, `HH:MM-HH:MM`", type="list", schema={"type": "string"},
                         default=["08:30-12:00", "13:30-17:30"]),
    ),
    "database": _section(
        "where the data lives",
        url=_s("`sqlite:///PATH` (relative to the configuration) or `postgresql://USER@HOST/NAME`",
               type="string", default="sqlite:///oa.db"),
        password_file=_s("file that holds the database password", type="string", nullable=True, default=None),
        auto_migrate=_s("`oa serve` brings the database up to date by itself", type="boolean", default=True),
    ),
    "queue": _section(
        "background work",
        url=_s("`sqlite:///PATH`, `redis://HOST:PORT/N` or `postgresql://…`; empty: SQLite beside the data",
               type="string", default=""),
    ),
    "storage": _section(
        "files",
        path=_s("folder of the encrypted blobs, relative to the configuration", type="string", default="files"),
        max_upload=_s("largest upload, in bytes", type="integer", min=1024, default=2 * 1024**3),
    ),
    "keys": _section(
        "key ring",
        path=_s("folder of the keys, relative to the configuration", type="string", default="keys"),
        passphrase_file=_s("file with the passphrase that wraps the keys", type="string", nullable=True, default=None),
    ),
    "mail": _section(
        "outgoing mail; nothing is mailed while `host` and `folder` are empty",
        host=_s("SMTP host", type="string", default=""),
        port=_s("SMTP port", type="integer", min=1, max=65535, default=25),
        user=_s("SMTP user", type="string", default=""),
        password_file=_s("file that holds the SMTP password", type="string", nullable=True, default=None),
        folder=_s("without a host: every message is written into this folder as `.eml`, for trying out, relative to "
                  "the configuration", type="string", default=""),
        security=_s("transport security", type="string", allowed=["none", "starttls", "tls"], default="none"),
        sender=_s("address mail comes from", type="string", default="oa@localhost"),
        timeout=_s("seconds to wait for the server", type="integer", min=1, default=20),
    ),
    "web": _section(
        "the web service",
        base_url=_s("address people and recipients reach it at, for links in mail and QR codes",
                    type="string", default="http://127.0.0.1:8000"),
        threads=_s("threads of one web worker", type="integer", min=1, max=64, default=4),
        trusted_proxies=_s("number of reverse proxies in front", type="integer", min=0, max=5, default=0),
        secure_cookies=_s("cookies over HTTPS only; left out: when base_url is https", type="boolean",
                          nullable=True, default=None),
        max_body=_s("largest request body that is not a file upload, in bytes", type="integer", min=1024,
                    default=8 * 1024**2),
        rate_limit=_s("requests a minute of one person or address; 0: no limit", type="integer", min=0, default=12000),
        sign_in_rate_limit=_s("sign-in attempts a minute of one address", type="integer", min=0, default=30),
    ),
    "security": _section(
        "policy",
        second_factor=_s("TOTP: `off`, `optional` or `required`", type="string",
                         allowed=["off", "optional", "required"], default="optional"),
        password_min_length=_s("fewest characters of a password", type="integer", min=8, max=128, default=10),
        password_classes=_s("how many of lower, upper, digit, other a password must mix", type="integer",
                            min=1, max=4, default=3),
        password_history=_s("how many old passwords may not come back", type="integer", min=0, default=5),
        password_max_age_days=_s("days until a password must be changed; 0: never", type="integer", min=0, default=0),
        lockout_attempts=_s("wrong passwords until the account locks", type="integer", min=3, default=5),
        lockout_minutes=_s("minutes it stays locked", type="integer", min=1, default=15),
        session_idle_minutes=_s("minutes without use until a session ends", type="integer", min=1, default=30),
        session_absolute_hours=_s("hours until a session ends in any case", type="integer", min=1, default=12),
        token_max_days=_s("longest life of a bearer token, in days", type="integer", min=1, default=365),
        second_person=_s(
            "changes that a second administrator must confirm: `grants` (giving, changing and ending them), `roles` (the "
            "organisation's own), `clearance`, `accounts` (password and second factor of administrators); plugins may "
            "know further words", type="list", schema={"type": "string"}, default=[]),
        second_person_days=_s("days until a change that nobody confirmed expires", type="integer", min=1, max=90,
                              default=7),
        places=_s(
            "names of the organisation's networks, for the sign-in log: `[{name: 办公楼, networks: [10.0.0.0/8]}]`; the "
            "first that fits counts", type="list", default=[],
            schema={"type": "dict", "schema": {
                "name": {"type": "string", "required": True, "minlength": 1, "maxlength": 60},
                "networks": {"type": "list", "required": True, "schema": {"type": "string", "check_with": _network}},
            }}),
        sign_in_log_days=_s("days the sign-in log is kept, half a year at least", type="integer", min=183, default=365),
        unused_right_days=_s("days after which a right nobody used is shown as unused", type="integer", min=7,
                             default=90),
        highest_secrecy=_s("highest level this installation may hold; anything above is refused", type="string",
                           allowed=list(SECRECY_LEVELS), default="内部"),
    ),
    "plugins": {
        "type": "dict",
        "default": {},
        "keysrules": {"type": "string"},
        "valuesrules": {"type": "dict"},
        "meta": {"doc": "plugin name → `enabled: true|false` and the plugin's own settings"},
    },
    "theme": _s("the theme's name", type="string", default="default"),
    "log_level": _s("how much is logged", type="string", allowed=["debug", "info", "warning", "error"],
                    default="info"),
}


def plugin_section(own: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of one plugin's section, with the ``enabled`` every one has."""
    return {
        "type": "dict",
        "schema": {"enabled": _s("on or off", type="boolean", default=True), **own},
        "default": {},
    }


def settings_reference(schema: Mapping[str, Any] | None = None, prefix: str = "") -> Iterator[dict[str, Any]]:
    """Every setting as ``{key, type, default, allowed, doc}``, depth first, for the reference."""
    for name, rule in (KERNEL_SCHEMA if schema is None else schema).items():
        key = f"{prefix}{name}"
        yield {
            "key": key,
            "type": rule.get("type", "any"),
            "default": rule.get("default"),
            "allowed": rule.get("allowed"),
            "doc": rule.get("meta", {}).get("doc", ""),
        }
        if rule.get("type") == "dict" and isinstance(rule.get("schema"), dict):
            yield from settings_reference(rule["schema"], key + ".")
