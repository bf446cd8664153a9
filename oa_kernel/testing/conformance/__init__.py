"""The conformance suite: what every plugin is held to, ours and strangers' alike.

``pytest --oa-conformance PLUGIN`` makes an installation with the plugin on, fills its tables with rows made from
their columns, and tries every rule of :data:`RULES`. A rule is a function ``rule(subject) -> list of problems``; its
docstring says what is asked.
"""

from . import data, definitions, routes, static, writes
from .subject import Subject

RULES = [
    static.hooks_answer_with_the_declared_types,
    static.nothing_private_is_imported,
    static.texts_are_translated,
    definitions.forms_and_workflows_are_valid,
    routes.every_route_asks_for_a_permission,
    routes.every_list_is_paged,
    routes.lists_are_constant_in_queries,
    writes.every_write_is_audited_in_one_transaction,
    data.migrations_go_up_on_an_empty_database,
    data.migrations_go_up_on_a_filled_database,
    data.disabling_and_enabling_loses_nothing,
]

__all__ = ["RULES", "Subject"]
