"""Who may do what, with which data, and why.

    from oa_kernel import permissions

    permissions.require(person, "documents.outgoing.draft")
    query = permissions.restrict(query, person, "documents.outgoing.read", owner=Document.drafter_id,
                                 department=Document.department_id, secrecy=Document.secrecy_level)

Permissions and roles are declared by plugins (``oa_permissions``, ``oa_roles``); roles are granted to people, posts
and departments. What is not granted is denied.
"""

from .changes import (
    STATE_TITLES,
    Submitted,
    break_glass,
    change,
    confirm,
    console_changes,
    deciders,
    decides,
    details,
    list_changes,
    may_decide,
    needs_second_person,
    refuse,
    submit,
    title_of,
    waiting_for,
    withdraw,
)
from .checks import Facts, Reach, allows, by_right, clearance_of, reach, require, restrict, secrecy_condition
from .grants import change_grant, check_separation, found, grant, granted_to, grants_to, list_grants, revoke, subject_titles
from .guarded import begins, ends, moment, phase, spoken
from .holding import unheld
from .models import Change, Grant
from .own_roles import create_role, delete_role, update_role
from .reasons import explain
from .registry import DOMAIN_TITLES, SCOPE_TITLES, RoleInfo, registered, role, roles
from .review_parts import Reviewed, Wanted
from .review_rows import as_dict as review_as_dict
from .review_rows import exported as review_exported
from .review_rows import rows as review_rows
from .review_rows import sheet as review_sheet
from .review_rows import spoken_scope
from .reviewing import review, reviewed
from .scopes import Scope, administrations, scopes_of
from .second_person import guard
from .uses import asking
from .uses import due as uses_due
from .uses import flush as write_uses
from .uses import recorded_since as uses_recorded_since
from .who import people_with, people_with_role, roles_of_people
from .wishes import KIND as WISH
from .wishes import OUTCOME_TITLES, ask_for, check_wish, may_ask, outcomes, roles_to_ask_for, wishes_of

__all__ = [
    "DOMAIN_TITLES",
    "OUTCOME_TITLES",
    "SCOPE_TITLES",
    "STATE_TITLES",
    "WISH",
    "Change",
    "Facts",
    "Grant",
    "Reach",
    "Reviewed",
    "RoleInfo",
    "Scope",
    "Submitted",
    "Wanted",
    "administrations",
    "allows",
    "ask_for",
    "asking",
    "begins",
    "break_glass",
    "by_right",
    "change",
    "change_grant",
    "check_wish",
    "confirm",
    "console_changes",
    "deciders",
    "decides",
    "details",
    "ends",
    "guard",
    "list_changes",
    "may_ask",
    "may_decide",
    "moment",
    "needs_second_person",
    "outcomes",
    "phase",
    "refuse",
    "roles_to_ask_for",
    "spoken",
    "submit",
    "title_of",
    "waiting_for",
    "wishes_of",
    "withdraw",
    "check_separation",
    "clearance_of",
    "create_role",
    "delete_role",
    "explain",
    "found",
    "grant",
    "granted_to",
    "grants_to",
    "list_grants",
    "people_with",
    "people_with_role",
    "reach",
    "registered",
    "require",
    "restrict",
    "review",
    "review_as_dict",
    "review_exported",
    "review_rows",
    "review_sheet",
    "reviewed",
    "revoke",
    "role",
    "roles",
    "roles_of_people",
    "scopes_of",
    "secrecy_condition",
    "spoken_scope",
    "subject_titles",
    "unheld",
    "update_role",
    "uses_due",
    "uses_recorded_since",
    "write_uses",
]
