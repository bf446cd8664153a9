"""Every hook a plugin may implement. Each is asked once, at start-up, and answers with plain objects
from ``oa_kernel.contributions``; none may touch the database. A plugin author reads this file first.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import contributions as c
from . import hookspec


@hookspec
def oa_plugin() -> c.PluginInfo:
    """Who the plugin is: name, version, range of kernels, plugins it needs. The only hook that is a must."""


@hookspec
def oa_hookspecs() -> Sequence[Any]:
    """Modules with hook specifications of the plugin's own, for other plugins to implement."""


@hookspec
def oa_config_schema() -> dict[str, Any]:
    """Cerberus schema of the plugin's own settings, found under ``plugins: NAME:`` in the configuration."""


@hookspec
def oa_models() -> Sequence[type]:
    """The plugin's peewee models (subclasses of ``oa_kernel.db.Model``), in order of dependence."""


@hookspec
def oa_permissions() -> Sequence[c.Permission]:
    """The rights the plugin knows; what is not registered cannot be granted and is refused."""


@hookspec
def oa_roles() -> Sequence[c.Role]:
    """Ready-made roles that come with the plugin."""


@hookspec
def oa_blueprints() -> Sequence[Any]:
    """Flask blueprints with HTML pages."""


@hookspec
def oa_api_blueprints() -> Sequence[Any]:
    """REST routes, as ``oa_kernel.web.Api`` objects, mounted under ``/api/v1`` and described in OpenAPI."""


@hookspec
def oa_navigation() -> Sequence[c.NavItem]:
    """Pages in the left navigation."""


@hookspec
def oa_widgets() -> Sequence[c.Widget]:
    """Cards for the workbench."""


@hookspec
def oa_forms() -> Sequence[Path]:
    """Paths of YAML forms (a cerberus schema with labels and widgets)."""


@hookspec
def oa_workflows() -> Sequence[Path]:
    """Paths of YAML workflow definitions."""


@hookspec
def oa_workflow_effects() -> Sequence[c.WorkflowEffect]:
    """What workflow definitions may do when a step is completed."""


@hookspec
def oa_workflow_services() -> Sequence[c.WorkflowService]:
    """What service steps of workflow definitions may call: retried, its failures visible, never inside a transaction."""


@hookspec
def oa_workflow_subjects() -> Sequence[c.WorkflowSubject]:
    """The kinds of things whose cases the plugin runs: where their page is, who may see them."""


@hookspec
def oa_subject_actions() -> Sequence[c.SubjectAction]:
    """What can be begun from the page of any document or case, whichever plugin's it is."""


@hookspec
def oa_people_rules() -> Sequence[c.PeopleRule]:
    """The plugin's own rules for who gets a workflow step."""


@hookspec
def oa_guarded_changes() -> Sequence[c.GuardedChange]:
    """Changes of security that a second person confirms where the organisation's policy asks for it."""


@hookspec
def oa_scheduled_tasks() -> Sequence[c.ScheduledTask]:
    """Periodic work for the worker."""


@hookspec
def oa_queued_tasks() -> Sequence[c.QueuedTask]:
    """Work the plugin puts on the queue by name."""


@hookspec
def oa_outbox_handlers() -> Sequence[c.OutboxHandler]:
    """Who carries out which outbox topic."""


@hookspec
def oa_notification_kinds() -> Sequence[c.NotificationKind]:
    """Kinds of messages, for people's preferences."""


@hookspec
def oa_notification_channels() -> Sequence[c.NotificationChannel]:
    """Ways a message travels, beside the in-app inbox and e-mail."""


@hookspec
def oa_authenticators() -> Sequence[c.Authenticator]:
    """Ways to prove who one is, beside the password kept here."""


@hookspec
def oa_search_sources() -> Sequence[c.SearchSource]:
    """Where the one search box looks."""


@hookspec
def oa_sheets() -> Sequence[c.Sheet]:
    """Kinds of spreadsheets that can be imported and exported."""


@hookspec
def oa_ledgers() -> Sequence[c.LedgerDeclaration]:
    """Ledgers: one YAML and one model give list, forms, detail page, import, export and REST."""


@hookspec
def oa_file_guards() -> Sequence[c.FileGuard]:
    """Who may read the files attached to the plugin's things."""


@hookspec
def oa_verifiers() -> Sequence[c.Verifier]:
    """Kinds of files ``oa verify`` and the public verification page can check offline."""


@hookspec
def oa_record_sources() -> Sequence[c.RecordSource]:
    """Finished things of the plugin that may be kept as records, and what they consist of."""


@hookspec
def oa_diagnostics() -> Sequence[c.Diagnostic]:
    """Lines of ``oa doctor`` and of the health page."""


@hookspec
def oa_benchmarks() -> Sequence[c.Benchmark]:
    """Suites of ``oa bench``."""


@hookspec
def oa_commands() -> Sequence[Any]:
    """Click commands or groups added to ``oa``."""


@hookspec
def oa_demo_data() -> Sequence[c.DemoData]:
    """What the plugin adds to the demo organisation."""
