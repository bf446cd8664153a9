"""An office with an archivist, and a plugin whose finished things can be kept."""

import pytest

from .things import Things, plugin


@pytest.fixture(scope="session")
def oa_extra_plugins():
    return {"things": plugin()}


@pytest.fixture(scope="session")
def oa_settings():
    return {
        "organisation": {"name": "云岭市人民政府办公室"}, "security": {"highest_secrecy": "机密"},
        "plugins": {"archives": {"codes": {"办公室": "BGS"}, "import_folder": "import"}, "things": {}},
    }


@pytest.fixture
def desk(oa, make):
    """People, and ``desk.finish(…)`` which lets a thing be finished."""
    unit, other = make.department("办公室"), make.department("业务处")
    people = {
        "archivist": make.person("archivist", "曹兰英", unit, roles=["archives_archivist"], clearance=3),
        "reader": make.person("reader", "林晓岚", unit, clearance=1),
        "stranger": make.person("stranger", "罗一鸣", other, clearance=1),
    }
    return Things({**people, "other": other}, unit)


