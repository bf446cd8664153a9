"""Who may do what, with which data, and why.

    from oa_kernel import permissions

    permissions.require(person, "documents.outgoing.draft")
    query = permissions.restrict(query, person, "documents.outgoing.read", owner=Document.drafter_id,
                                 department=Document.department_id, secrecy=Document.secrecy_level)

Permissions and roles are declared by plugins (``oa_permissions``, ``oa_roles``); roles are granted to people, posts
and departments. What is not granted is denied.
"""

from .checks import Facts, allows, clearance_of, require, restrict, secrecy_condition
from .grants import check_separation, grant, granted_to, grants_to, list_grants, revoke, subject_titles
from .models import Grant
from .own_roles import create_role, delete_role, update_role
from .reasons import explain
from .registry import DOMAIN_TITLES, SCOPE_TITLES, RoleInfo, registered, role, roles
from .scopes import Scope, scopes_of
from .who import people_with, people_with_role, roles_of_people

__all__ = [
    "DOMAIN_TITLES",
    "SCOPE_TITLES",
    "Facts",
    "Grant",
    "RoleInfo",
    "Scope",
    "allows",
    "check_separation",
    "clearance_of",
    "create_role",
    "delete_role",
    "explain",
    "grant",
    "granted_to",
    "grants_to",
    "list_grants",
    "people_with",
    "people_with_role",
    "registered",
    "require",
    "restrict",
    "revoke",
    "role",
    "roles",
    "roles_of_people",
    "scopes_of",
    "secrecy_condition",
    "subject_titles",
    "update_role",
]
