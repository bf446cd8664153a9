"""One YAML file: a wrong key or value names file, line, what is allowed, and the nearest right name."""

import pytest

from oa_kernel import config
from oa_kernel.errors import ConfigError


@pytest.fixture
def written(tmp_path):
    def write(text, schemas=None, environ=None):
        path = tmp_path / "oa.yaml"
        path.write_text(text, encoding="utf-8")
        return config.validate(config.read(path), schemas or {}, environ or {})

    return write


def test_what_is_left_out_has_its_default(written):
    settings = written("organisation: {name: 某市}\n")
    assert settings["organisation"]["name"] == "某市"
    assert settings["database"]["url"] == "sqlite:///oa.db"
    assert settings.get_path("security.lockout_attempts") == 5


@pytest.mark.parametrize(
    ("text", "line", "parts"),
    [
        ("organisation:\n  name: 某市\n  lcoale: en\n", 3, ["organisation.lcoale", "locale"]),
        ("mail:\n  security: startls\n", 2, ["startls", "starttls"]),
        ("\n\nweb:\n  threads: many\n", 4, ["web.threads", "整数"]),
        ("security:\n  lockout_attempts: 1\n", 2, ["最小为 3"]),
        ("mial: {}\n", 1, ["mial", "mail"]),
    ],
)
def test_a_mistake_names_its_line_and_the_right_name(written, text, line, parts):
    with pytest.raises(ConfigError) as caught:
        written(text)
    message = caught.value.message
    assert f"oa.yaml 第 {line} 行" in message
    for part in parts:
        assert part in message


def test_all_mistakes_are_named_at_once(written):
    with pytest.raises(ConfigError) as caught:
        written("mail: {prot: 1, security: x}\n")
    assert len(caught.value.message.splitlines()) == 2


def test_broken_yaml_names_line_and_column(written):
    with pytest.raises(ConfigError, match="第 1 行第 23 列"):
        written("organisation: {name: [}\n  x\n")


def test_a_missing_file_says_what_to_do(tmp_path):
    with pytest.raises(ConfigError, match="oa init"):
        config.read(tmp_path / "none.yaml")


def test_the_environment_overrides(written):
    settings = written("mail: {port: 25}\n", environ={"OA_MAIL_PORT": "2525", "OA_ORGANISATION_NAME": "123"})
    assert settings["mail"]["port"] == 2525
    assert settings["organisation"]["name"] == "123"


def test_an_unknown_variable_is_refused_with_the_nearest(written):
    with pytest.raises(ConfigError, match="OA_MAIL_HOST"):
        written("mail: {}\n", environ={"OA_MAIL_HOTS": "x"})


def test_plugins_have_their_own_checked_section(written):
    schemas = {"rooms": {"grace": {"type": "integer", "default": 10}}}
    assert written("plugins: {rooms: {}}\n", schemas).plugin("rooms")["grace"] == 10
    with pytest.raises(ConfigError, match="plugins.rooms.grcae.*grace"):
        written("plugins: {rooms: {grcae: 3}}\n", schemas)


def test_secrets_come_from_files(written, tmp_path):
    (tmp_path / "smtp.txt").write_text("hidden\n")
    settings = written("mail: {password_file: smtp.txt}\n")
    assert settings.secret("mail.password_file") == "hidden"
    with pytest.raises(ConfigError, match="mail.password_file"):
        written("mail: {password_file: gone.txt}\n").secret("mail.password_file")


def test_it_cannot_be_changed(written):
    settings = written("{}\n")
    with pytest.raises(TypeError):
        settings["mail"]["host"] = "x"


def test_every_setting_is_documented():
    undocumented = [s["key"] for s in config.settings_reference() if not s["doc"]]
    assert undocumented == []


def test_a_variable_that_is_nothing_like_a_setting_is_left_alone(written):
    assert written("mail: {}\n", environ={"OA_X": "1"})["mail"]["port"] == 25
