"""The second factor: time-based codes (RFC 6238) and recovery codes for when the device is lost."""

from __future__ import annotations

import base64
import hmac
import secrets
from typing import Any

from oa_kernel import audit, clock, db, runtime
from oa_kernel.errors import Conflict, Invalid

from .guarded import guard_account
from .models import Person, RecoveryCode
from .sessions import hash_secret
from .shared import by_id, load_person
from .sign_in_log import log
from .signin import begin_attempt, end_attempt

#: seconds of one code (RFC 6238 clause 5.2)
STEP = 30
#: codes of this many steps before and after are taken, for clocks that differ
WINDOW = 1
RECOVERY_CODES = 10


def begin_totp(person: Person | int) -> tuple[str, str]:
    """A new secret and its ``otpauth://`` URI for the QR code. Nothing is bound before :func:`confirm_totp`."""
    import pyotp

    secret = pyotp.random_base32(32)
    with db.transaction():
        row = load_person(person, lock=True)
        row.totp_pending = _seal(row, secret)
        row.save(only=[Person.totp_pending])
        audit.record("person.second_factor_begun", "person", row.id, title=row.name, by=row.id)
    issuer = runtime.current().config["organisation"]["name"]
    return secret, pyotp.TOTP(secret).provisioning_uri(name=row.username, issuer_name=issuer)


def confirm_totp(person: Person | int, code: str) -> list[str]:
    """Binds the secret that was shown, by a code of it; returns recovery codes, shown this once.

    :raises Invalid: when the code is wrong: the device's clock may be.
    """
    with db.transaction():
        row = load_person(person, lock=True)
        if not row.totp_pending:
            raise Conflict("请先重新扫描二维码，再输入验证码", code="totp_not_begun")
        step = _matching_step(_open(row, row.totp_pending), code)
        if step is None:
            raise Invalid(
                "验证码不正确", errors={"code": ["请输入现在显示的 6 位数字；如仍不对，请校准手机的时间"]}
            )
        row.totp_secret, row.totp_pending, row.totp_last_step = row.totp_pending, "", step
        row.version += 1
        row.save()
        codes = _new_recovery_codes(row)
        audit.record(
            "person.second_factor_bound", "person", row.id, title=row.name, after={"recovery_codes": len(codes)},
            by=row.id,
        )
    return codes


def check_totp(person: Person | int, code: str) -> bool:
    """Whether the code is right: of the device and not used before, or a recovery code, which is spent by it.

    Wrong codes count like wrong passwords and lock the account.
    """
    row = load_person(person)
    if not row.totp_secret or not begin_attempt(row.id):
        return False
    step = _matching_step(_open(row, row.totp_secret), code)
    with db.transaction():
        if step is not None:
            # the condition makes it once even for two at the same moment
            right = bool(
                Person.update(totp_last_step=step)
                .where(Person.id == row.id, Person.totp_last_step < step, Person.totp_secret == row.totp_secret)
                .execute()
            )
        else:
            right = _spend_recovery_code(row, code)
        if right:
            end_attempt(row.id, all_proved=True)
        else:
            audit.record("session.second_factor_refused", "person", row.id, title=row.name)
            locked = Person.select(Person.locked_until).where(Person.id == row.id).scalar()
            log("locked_out" if locked else "factor", row.id)
    return right


def remove_totp(person: Person | int, *, by: Person | int | None = None) -> None:
    """Unbinds the second factor: a lost device, by an administrator, or one's own wish."""
    with db.transaction():
        row = load_person(person, lock=True)
        guard_account(row, by)
        had = bool(row.totp_secret)
        row.totp_secret = row.totp_pending = ""
        row.version += 1
        row.save(only=[Person.totp_secret, Person.totp_pending, Person.version])
        RecoveryCode.delete().where(RecoveryCode.person == row.id).execute()
        audit.record(
            "person.second_factor_removed", "person", row.id, title=row.name, before={"bound": had},
            after={"bound": False}, by=by_id(by),
        )


def renew_recovery_codes(person: Person | int) -> list[str]:
    """New recovery codes in place of all old ones, shown this once."""
    with db.transaction():
        row = load_person(person, lock=True)
        if not row.totp_secret:
            raise Conflict("还没有绑定动态口令，不需要恢复码")
        codes = _new_recovery_codes(row)
        audit.record("person.recovery_codes_renewed", "person", row.id, title=row.name, by=row.id)
    return codes


def recovery_codes_left(person: Person | int) -> int:
    """How many recovery codes are unspent."""
    unspent = RecoveryCode.used_at.is_null()
    return RecoveryCode.select().where(RecoveryCode.person == load_person(person).id, unspent).count()


def _matching_step(secret: str, code: str) -> int | None:
    import pyotp

    code = "".join((code or "").split())
    if len(code) != 6 or not code.isascii() or not code.isdigit():
        return None
    totp = pyotp.TOTP(secret, interval=STEP)
    now = int(clock.now().timestamp()) // STEP
    for step in range(now - WINDOW, now + WINDOW + 1):
        if hmac.compare_digest(totp.generate_otp(step), code):
            return step
    return None


def _new_recovery_codes(row: Person) -> list[str]:
    RecoveryCode.delete().where(RecoveryCode.person == row.id).execute()
    codes = []
    for _ in range(RECOVERY_CODES):
        # 120 random bits: from 112 on a fast hash is enough (OWASP ASVS 5.0, 6.5)
        plain = base64.b32encode(secrets.token_bytes(15)).decode().lower()
        codes.append("-".join(plain[i:i + 4] for i in range(0, 24, 4)))
    RecoveryCode.insert_many(
        [{"person": row.id, "code_hash": hash_secret(_bare(code))} for code in codes]
    ).execute()
    return codes


def _spend_recovery_code(row: Person, code: str) -> bool:
    done = (
        RecoveryCode.update(used_at=clock.now())
        .where(
            RecoveryCode.person == row.id,
            RecoveryCode.code_hash == hash_secret(_bare(code)),
            RecoveryCode.used_at.is_null(),
        )
        .execute()
    )
    if done:
        audit.record("session.recovery_code_used", "person", row.id, title=row.name, by=row.id)
    return bool(done)


def _bare(code: str) -> str:
    return "".join(c for c in (code or "").lower() if c.isalnum())


def _seal(row: Person, secret: str) -> str:
    return base64.b64encode(runtime.current().keys.encrypt(secret.encode(), aad=_purpose(row))).decode()


def _open(row: Person, sealed: str) -> str:
    return runtime.current().keys.decrypt(base64.b64decode(sealed), aad=_purpose(row)).decode()


def _purpose(row: Any) -> bytes:
    # bound to the person: a secret copied into another row does not open
    return f"totp:{row.id}".encode()


__all__ = [
    "begin_totp", "check_totp", "confirm_totp", "recovery_codes_left", "remove_totp", "renew_recovery_codes",
]
