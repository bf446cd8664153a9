"""An outbox with a handler that the tests steer."""

import json
import os
from pathlib import Path

import pytest

from oa_kernel import hookimpl, outbox
from oa_kernel.contributions import OutboxHandler, PluginInfo


class Courier:
    """A plugin whose deliveries are lines of a file, so that other processes' are seen too."""

    def __init__(self):
        self.fail = None

    @hookimpl
    def oa_plugin(self):
        return PluginInfo("courier", "信使", "1")

    @hookimpl
    def oa_outbox_handlers(self):
        return [OutboxHandler("test.errand", self.deliver)]

    def deliver(self, payload):
        if self.fail:
            raise self.fail
        with Path(payload["file"]).open("a") as out:
            out.write(json.dumps([payload["n"], os.getpid()]) + "\n")


COURIER = Courier()


@pytest.fixture(scope="session")
def oa_extra_plugins():
    return {"courier": COURIER}


@pytest.fixture(scope="session")
def oa_settings():
    return {"organisation": {"name": "测试市人民政府办公室"}, "plugins": {"courier": {}}}


@pytest.fixture
def courier(oa):
    COURIER.fail = None
    yield COURIER
    COURIER.fail = None


@pytest.fixture
def put(courier, tmp_path):
    """``put(n)`` → the row's id; ``put.done()`` → the n delivered so far, in order."""
    file = tmp_path / "delivered"

    def make(n=1, **options):
        return outbox.put("test.errand", {"n": n, "file": str(file)}, **options)

    make.lines = lambda: [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    make.done = lambda: [n for n, _ in make.lines()]
    return make
