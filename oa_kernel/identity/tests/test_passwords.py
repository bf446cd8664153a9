"""Rules for new passwords, and what setting one does."""

import pytest

from oa_kernel import identity
from oa_kernel.errors import Invalid
from oa_kernel.identity import passwords

GOOD = "Kraftwerk-7-Lampe"


@pytest.mark.parametrize(
    "password",
    [
        "Password2024!", "P@ssw0rd123", "Admin@12345", "qwertyuiop1!", "1qaz2wsx3edc", "abcdefg1234567", "Aaaaaaaa1111",
        "20240301", "13800138000", "Abc123456!", "Welcome#2026", "Qwerty123456!", "abcabcabcabc", "changeme!99",
        "Huawei@123", "Zxcvbnm,123", "PasswordPassword1!", "",
    ],
)
def test_passwords_that_guessing_begins_with_are_common(password):
    assert passwords.is_common(password)


@pytest.mark.parametrize(
    "password",
    [GOOD, "correct-Horse-7-battery", "Yr9!kd0-Lqm2", "桌上三盏灯Lamp7", "Vq7#mLp2&xTz", "Demo-Gasse-14-Uhr"],
)
def test_other_passwords_are_not(password):
    assert not passwords.is_common(password)


@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("Ab1-xyz", "至少 10"), ("alllowercaseletters", "四类"), ("Zhang-77-Lampe", "用户名"),
        ("我是张三丰Lamp-7788", "姓名"), ("x" * 300 + "A1", "最多"), ("Password2024!", "常见"),
    ],
)
def test_each_broken_rule_is_told(oa, password, word):
    assert any(word in reason for reason in passwords.problems(password, "zhang", "张三丰"))


def test_a_good_password_has_no_problems(oa):
    assert passwords.problems(GOOD, "zhang", "张三丰") == []


def test_hashes_are_argon2id_and_differ_each_time(oa):
    one, two = passwords.hash_password(GOOD), passwords.hash_password(GOOD)
    assert one.startswith("$argon2id$") and one != two
    assert passwords.verify_hash(one, GOOD) and not passwords.verify_hash(one, GOOD + "x")
    assert not passwords.verify_hash("", GOOD) and not passwords.verify_hash("garbage", GOOD)


def test_the_cost_in_production_is_what_owasp_advises():
    import subprocess
    import sys

    code = "from oa_kernel.identity import passwords as p; print(p.hash_password('x'))"
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "$m=19456,t=2,p=1$" in made


def test_a_password_does_not_come_back_for_five_changes(make):
    person = make.person("zhang", password=GOOD)
    for i in range(5):
        with pytest.raises(Invalid, match="密码"):
            identity.set_password(person, GOOD)
        identity.set_password(person, f"Andere-{i}-Lampe")
    identity.set_password(person, GOOD)
    assert identity.check_password(person, GOOD)


def test_setting_a_password_ends_all_other_sessions(make):
    person = make.person("zhang")
    here, mine = identity.open_session(person)
    _, other = identity.open_session(person)
    identity.set_password(person, GOOD, by=person, keep_session=here)
    assert identity.session_by_secret(mine) is not None
    assert identity.session_by_secret(other) is None


def test_a_password_set_by_somebody_else_has_to_be_changed(make):
    person, admin = make.person("zhang"), make.person("admin1")
    assert identity.set_password(person, GOOD, by=admin).password_expired
    assert not identity.set_password(person, "Andere-7-Lampe", by=person).password_expired


def test_an_old_cost_is_replaced_at_sign_in(make, monkeypatch):
    person = make.person("zhang", password=GOOD)
    monkeypatch.setitem(passwords.hasher_parameters, "time_cost", 2)
    identity.authenticate("zhang", GOOD)
    row = identity.get(person.id)
    assert ",t=2," in row.password_hash and row.password_hash != person.password_hash
    assert identity.check_password(row, GOOD)


def test_generated_passwords_keep_the_rules_and_differ(oa):
    made = {passwords.generate_password() for _ in range(50)}
    assert len(made) == 50
    assert not any(passwords.problems(p) for p in made)
    assert not any(c in p for p in made for c in "0O1lI")
