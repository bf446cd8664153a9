"""People are found as they are typed, and leave as vCards."""

import pytest
import vobject

from oa_kernel import identity
from oa_kernel.identity.pinyin import letters


@pytest.mark.parametrize("q", ["林晓", "linxiaolan", "lxl", "xiaol", "lin xiao", "LIN", "lin01", "8612", "1390"])
def test_one_is_found_by_name_pinyin_extension_and_mobile(make, q):
    make.person("lin01", "林晓岚", phone="8612", mobile="13900001234")
    make.person("zhou", "周承业", phone="8700", mobile="13811110000")
    assert [p.name for p in identity.list_people(q=q).items] == ["林晓岚"]


@pytest.mark.parametrize("q", ["dan", "shan", "sxx", "dxx"])
def test_a_surname_with_two_readings_is_found_by_both(make, q):
    make.person("shan", "单雄信")
    assert [p.name for p in identity.list_people(q=q).items] == ["单雄信"]


def test_a_new_name_is_found_and_the_old_one_is_not(make):
    person = make.person("u1", "林晓岚")
    identity.update_person(person, name="周承业")
    assert [p.id for p in identity.list_people(q="zhoucy").items] == []
    assert [p.id for p in identity.list_people(q="zcy").items] == [person.id]
    assert identity.list_people(q="lxl").items == []


@pytest.mark.parametrize(("name", "found"), [("Mary Ann", "maryann"), ("张a", "zhanga za"), ("欧阳娜", "ouyangna oyn")])
def test_letters(name, found):
    assert letters(name) == found


def test_percent_and_underscore_are_no_wildcards(make):
    make.person("a", "甲")
    assert identity.list_people(q="%").items == [] and identity.list_people(q="_").items == []


def test_a_vcard_is_read_back_by_another_reader(make):
    office = make.department("办公室")
    person = make.person("lin", "林;晓岚", office, posts=[("副主任", "deputy_head")], phone="8612", mobile="139", email="l@x.cn")
    card = vobject.readOne(identity.vcard(identity.get(person.id)))
    assert card.fn.value == "林;晓岚"
    assert card.org.value == ["测试市人民政府办公室", "办公室"]
    assert card.title.value == "副主任"
    assert {t.type_param: t.value for t in card.contents["tel"]} == {"WORK": "8612", "CELL": "139"}
    assert card.email.value == "l@x.cn"
