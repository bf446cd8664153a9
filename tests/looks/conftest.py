"""These look at everything that is installed."""

import pytest


@pytest.fixture(scope="session")
def oa_settings():
    return {"organisation": {"name": "测试市人民政府办公室"}, "plugins": {"documents": {}}}
