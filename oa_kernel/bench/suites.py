"""The kernel's own suites."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

Tell = Callable[[str], Any]


def _start(tell: Tell) -> Iterator[Any]:
    from .start import run

    yield from run(tell)


def _todo(tell: Tell) -> Iterator[Any]:
    from .todo import run

    yield from run(tell)


def _approve(tell: Tell) -> Iterator[Any]:
    from .approve import run

    yield from run(tell)


def _volume(tell: Tell) -> Iterator[Any]:
    from .volume import run

    yield from run(tell)


def _files(tell: Tell) -> Iterator[Any]:
    from .files import run

    yield from run(tell)


def _ledgers(tell: Tell) -> Iterator[Any]:
    from .ledgers import run

    yield from run(tell)


def _people(tell: Tell) -> Iterator[Any]:
    from .people import run

    yield from run(tell)


SUITES: dict[str, tuple[str, Callable[[Tell], Iterable[Any]]]] = {
    "start": ("从启动到就绪、空闲内存", _start),
    "todo": ("待办页（HTTP，1,000,000 条任务）", _todo),
    "approve": ("批准一步（服务调用）", _approve),
    "volume": ("流程引擎，1,000 到 1,000,000 件在办事项", _volume),
    "files": ("1 GiB 文件上传与下载", _files),
    "people": ("导入 5,000 人时占用写锁的时间", _people),
    "ledgers": ("台账的列表（1,000,000 行）", _ledgers),
}
