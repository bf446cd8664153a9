"""No gap and no double, whoever takes at the same time; a struck-out number stays struck out."""

import subprocess
import sys

import pytest

from oa_kernel import db, numbering
from oa_kernel.errors import Conflict, Invalid, NotFound

KEY = "documents:测办发:2026"


def take(thing, key=KEY):
    return numbering.take(key, "document", thing)


def test_in_order_and_the_same_for_the_same_thing(oa):
    assert [take(n) for n in "abc"] == [1, 2, 3]
    assert take("b") == 2 and numbering.next_number(KEY) == 4
    assert numbering.number_of(KEY, "document", "c") == 3 and numbering.number_of(KEY, "document", "x") is None
    assert take("a", "another") == 1


def test_what_is_undone_leaves_no_gap(oa):
    take("a")
    with pytest.raises(RuntimeError), db.transaction():
        assert take("b") == 2
        raise RuntimeError
    assert take("c") == 2


def test_a_void_number_is_never_given_again(oa, make):
    lin = make.person("lin", "林")
    take("a"), take("b")
    numbering.void(KEY, 2, "文件撤销", by=lin)
    assert take("c") == 3
    entry = next(e for e in numbering.register(KEY).items if e.number == 2)
    assert (entry.state, entry.reason, entry.by_id) == ("void", "文件撤销", lin.id)
    assert numbering.number_of(KEY, "document", "b") is None and take("b") == 4
    with pytest.raises(Conflict):
        numbering.void(KEY, 2, "再次")
    with pytest.raises(Invalid):
        numbering.void(KEY, 1, "  ")
    with pytest.raises(NotFound):
        numbering.void(KEY, 99, "没有")


def test_reserved_numbers_are_passed_over_and_given_by_name(oa):
    numbering.reserve(KEY, 2, note="留给会议")
    numbering.reserve(KEY, 3)
    assert [take("a"), take("b")] == [1, 4]
    assert numbering.take_reserved(KEY, 2, "document", "c") == 2
    assert numbering.take_reserved(KEY, 2, "document", "c") == 2
    with pytest.raises(Conflict):
        numbering.take_reserved(KEY, 3, "document", "c")  # it has one
    with pytest.raises(Conflict):
        numbering.take_reserved(KEY, 2, "document", "d")
    with pytest.raises(Conflict):
        numbering.reserve(KEY, 1)
    numbering.void(KEY, 3, "会议取消")
    assert take("e") == 5
    assert [e.number for e in numbering.register(KEY, state="used").items] == [5, 4, 2, 1]


def test_it_can_begin_at_a_number(oa):
    numbering.begin_at(KEY, 120)
    assert numbering.next_number(KEY) == 120 and take("a") == 120
    numbering.begin_at(KEY, 121)  # where it is
    with pytest.raises(Conflict):
        numbering.begin_at(KEY, 1)


@pytest.mark.parametrize("number", [0, -1, True, "7", 1.5, 2**53])
def test_what_is_no_number(oa, number):
    with pytest.raises(Invalid):
        numbering.begin_at(KEY, number)
    with pytest.raises(Invalid):
        numbering.reserve(KEY, number)


TAKER = f"""
import sys
from oa_kernel import db, numbering, runtime
runtime.boot(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for n in range(25):
    try:
        with db.transaction():
            number = numbering.take({KEY!r}, "document", f"{{sys.argv[2]}}-{{n}}")
            if n % 5 == 4:
                raise ValueError  # a fifth of them is undone
        print(number, flush=True)
    except ValueError:
        pass
"""


def test_eight_processes_at_once(oa, oa_installation):
    processes = [
        subprocess.Popen([sys.executable, "-c", TAKER, str(oa_installation.config_path), str(n)], text=True,
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for n in range(8)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=90)[0] for process in processes]
    assert [p.returncode for p in processes] == [0] * 8
    given = [[int(line) for line in answer.split()] for answer in answers]
    assert sorted(n for numbers in given for n in numbers) == list(range(1, 161))
    assert all(numbers == sorted(numbers) for numbers in given)
    assert take("after") == 161
