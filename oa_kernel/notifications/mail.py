"""E-mail: composed with a plain text and a simple HTML part, sent by SMTP. Called by outbox handlers only."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from oa_kernel import clock, runtime
from oa_kernel.errors import Unavailable
from oa_kernel.outbox import Undeliverable

#: replies by which a server says "never" of the message or the recipient (RFC 5321, 4.2.1), not of us
_FINAL = range(550, 560)


def deliver(payload: dict[str, Any]) -> None:
    """Handler of the outbox topic ``mail``: ``{ref, to, title, body, url}``."""
    base = runtime.current().config["web"]["base_url"].rstrip("/")
    url = payload.get("url") or ""
    link = base + url if url.startswith("/") else url
    organisation = runtime.current().config["organisation"]["name"]
    body = payload.get("body") or ""
    lines = [payload["title"], ""]
    if body:
        lines += [body, ""]
    if link:
        lines += [f"打开查看：{link}", ""]
    lines += ["—", f"{organisation} 办公系统自动发送，请勿直接回复。"]
    send_mail(
        payload["to"], payload["title"], "\n".join(lines), html=_html(payload["title"], body, link, organisation),
        reference=payload["ref"],
    )


def send_mail(
    to: str,
    subject: str,
    text: str,
    *,
    html: str = "",
    attachments: Sequence[tuple[str, str, bytes]] = (),
    reference: str = "",
) -> None:
    """Sends one message now; from an outbox handler, so that a failure is tried again.

    :param attachments: (name, media type, content).
    :param reference: the same for every try of the same message: it becomes the Message-ID, by which a message
        that arrives twice can be told.
    :raises Undeliverable: when the server says that this recipient or message will never do.
    :raises oa_kernel.errors.Unavailable: when no mail host is set.
    :raises OSError, smtplib.SMTPException: when it may do later.
    """
    import smtplib

    message = _compose(to, subject, text, html, attachments, reference)
    if _folder():
        _write(message)
        return
    try:
        with _connect() as server:
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code, reply = next(iter(error.recipients.values()))
        _refused(code, reply, f"收件人 {to} 被拒收", error)
    except smtplib.SMTPSenderRefused as error:
        raise Unavailable(
            f"发件地址 {error.sender} 被邮件服务器拒绝（{error.smtp_code}）：请检查 mail.sender"
        ) from error
    except smtplib.SMTPDataError as error:
        _refused(error.smtp_code, error.smtp_error, f"发给 {to} 的邮件被拒收", error)


def check() -> tuple[str, str]:
    """For ``oa doctor``: whether the mail server answers."""
    import smtplib

    mail = runtime.current().config["mail"]
    if _folder():
        return "ok", f"不发送，邮件写入文件夹 {mail['folder']}（试用）"
    if not mail["host"]:
        return "warning", "没有设置 mail.host：不发送电子邮件"
    try:
        with _connect() as server:
            server.noop()
    except (OSError, smtplib.SMTPException, Unavailable) as error:
        return "problem", f"无法使用邮件服务器 {mail['host']}:{mail['port']}：{error}。邮件会暂存并重试"
    return "ok", f"{mail['host']}:{mail['port']} 可用"


def _folder() -> bool:
    """Whether messages go into a folder instead of to a server."""
    mail = runtime.current().config["mail"]
    return bool(mail["folder"] and not mail["host"])


def _write(message: Any) -> None:
    """The message as a file; the same message, tried again, is the same file."""
    from oa_kernel.crypto import sm3_hex

    folder = runtime.current().config.file("mail.folder")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    day = clock.local(clock.now()).strftime("%Y%m%d")
    file = folder / f"{day}-{sm3_hex(str(message['Message-ID']).encode())[:12]}.eml"
    part = file.with_suffix(".part")
    part.write_bytes(bytes(message))
    part.replace(file)


def _refused(code: int, reply: Any, what: str, error: Exception) -> None:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else str(reply)
    if code in _FINAL:
        raise Undeliverable(f"{what}：{code} {text}") from error
    raise error


def _connect() -> Any:
    import smtplib
    import ssl

    config = runtime.current().config
    mail = config["mail"]
    if not mail["host"]:
        raise Unavailable("没有设置 mail.host，邮件暂存在待送消息中")
    if mail["security"] == "tls":
        server: Any = smtplib.SMTP_SSL(
            mail["host"], mail["port"], timeout=mail["timeout"], context=ssl.create_default_context()
        )
    else:
        server = smtplib.SMTP(mail["host"], mail["port"], timeout=mail["timeout"])
    try:
        if mail["security"] == "starttls":
            server.starttls(context=ssl.create_default_context())
        if mail["user"]:
            server.login(mail["user"], config.secret("mail.password_file"))
    except BaseException:
        server.close()
        raise
    return server


def _compose(
    to: str, subject: str, text: str, html: str, attachments: Sequence[tuple[str, str, bytes]], reference: str
) -> Any:
    from email.errors import MessageError
    from email.headerregistry import Address
    from email.message import EmailMessage
    from email.utils import format_datetime, make_msgid

    config = runtime.current().config
    sender = config["mail"]["sender"]
    domain = sender.rpartition("@")[2] or "localhost"
    message = EmailMessage()
    try:
        message["From"] = Address(config["organisation"]["name"], addr_spec=sender)
        message["To"] = Address(addr_spec=to.strip())
    except (MessageError, ValueError, IndexError) as error:
        raise Undeliverable(f"邮件地址写法有误：{to}") from error
    message["Subject"] = " ".join(subject.split())
    message["Date"] = format_datetime(clock.local(clock.now()))
    message["Message-ID"] = f"<{reference}@{domain}>" if reference else make_msgid(domain=domain)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers, please
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    for name, mime, content in attachments:
        main, _, sub = mime.partition("/")
        message.add_attachment(content, maintype=main, subtype=sub or "octet-stream", filename=name)
    return message


def _html(title: str, body: str, link: str, organisation: str) -> str:
    paragraphs = "".join(f"<p>{html.escape(line)}</p>" for line in body.splitlines() if line.strip())
    button = (
        f'<p><a href="{html.escape(link)}" style="display:inline-block;padding:8px 16px;background:#206bc4;'
        'color:#fff;text-decoration:none;border-radius:4px">打开查看</a></p>' if link else ""
    )
    return (
        '<!doctype html><html lang="zh-CN"><body style="font-family:sans-serif;color:#1e293b">'
        f"<h2 style=\"font-size:18px\">{html.escape(title)}</h2>{paragraphs}{button}"
        f'<p style="color:#667382;font-size:13px">{html.escape(organisation)} 办公系统自动发送，请勿直接回复。</p>'
        "</body></html>"
    )
