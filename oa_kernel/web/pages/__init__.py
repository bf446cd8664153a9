"""The kernel's own pages, one module a subject, thin: parse → service → render."""

from __future__ import annotations

import importlib
from typing import Any

#: modules that have ``pages``, in the order of the navigation
MODULES = (
    "sign_in", "forgotten", "workbench", "todo", "cases", "notices", "search", "org_chart", "people", "profile", "stand_ins",
    "opinions", "verify",
    "access_requests",
    "admin", "admin_people", "admin_departments", "admin_imports", "admin_moves", "admin_roles", "admin_grants",
    "admin_approvals", "admin_review", "admin_sign_ins", "admin_security",
    "admin_plugins", "admin_system", "admin_audit", "api_page",
    "case_files", "case_manage", "admin_bpmn", "admin_workflows", "admin_workflow_designer", "admin_workflow_statistics",
    "admin_services", "admin_handover",
)


def blueprints() -> list[Any]:
    """All of them."""
    return [importlib.import_module(f"{__name__}.{name}").pages for name in MODULES]
