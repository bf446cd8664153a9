from oa_kernel.ledgers.tests.conftest import house, items, oa_extra_plugins, oa_settings  # noqa: F401
