"""Who there is and who is asking: departments, posts, people, passwords, second factors, sessions, tokens.

    from oa_kernel import identity

    person = identity.authenticate("drafter", password)
    session, secret = identity.open_session(person, ip=…, user_agent=…)

Every function that writes is one transaction with its audit event. ``by`` is who does it; None is the system.
Who may do it is asked before, with ``permissions.require``.
"""

from .chart import Unit, chart
from .contacts import (
    card,
    cards,
    contact,
    contact_named,
    contacts,
    holders_seen,
    matching,
    mobile_shown,
    person_page,
    pick,
    pick_department,
    picked,
)
from .departments import create_department, department, department_ids_below, department_tree, update_department
from .devices import device_of, place_of
from .history import history_of, holders_in
from .lookups import departments_of, deputy_for, heads_of, holders, holders_of_kind, people_in
from .models import Department, Person, PersonPost, Post, Session, Token
from .moves import Moved, begin_moves, held_post, move_person, preview_move
from .passwords import generate_password, hash_password, set_password
from .passwords import problems as password_problems
from .people import (
    by_ids,
    by_username,
    complete_profile,
    create_person,
    directory,
    disable_person,
    enable_person,
    get,
    list_people,
    matches,
    set_clearance,
    set_preferences,
    update_person,
)
from .posts import (
    all_posts,
    assign,
    create_post,
    end_assignment,
    holdings,
    holdings_of,
    post_by_code,
    posts_in,
    update_post,
)
from .resets import begin_reset, finish_reset, reset_mail, reset_person
from .sessions import (
    end_all_sessions,
    end_session,
    list_sessions,
    open_session,
    owner_of,
    rotate_session,
    session_by_secret,
)
from .sign_in_log import FAILED as SIGN_IN_FAILED
from .sign_in_log import RESULTS as SIGN_IN_RESULTS
from .sign_in_log import is_new_device, sign_ins
from .signin import authenticate, check_password, locked_people, pending_steps, second_factor_due, unlock
from .tokens import create_token, list_tokens, revoke_token, token_by_secret
from .totp import (
    begin_totp,
    check_totp,
    confirm_totp,
    recovery_codes_left,
    remove_totp,
    renew_recovery_codes,
)
from .vcard import vcard

__all__ = [
    "SIGN_IN_FAILED",
    "SIGN_IN_RESULTS",
    "Department",
    "Moved",
    "Person",
    "PersonPost",
    "Post",
    "Session",
    "Token",
    "Unit",
    "all_posts",
    "assign",
    "authenticate",
    "begin_moves",
    "begin_reset",
    "begin_totp",
    "by_ids",
    "by_username",
    "card",
    "cards",
    "chart",
    "check_password",
    "check_totp",
    "complete_profile",
    "confirm_totp",
    "contact",
    "contact_named",
    "contacts",
    "create_department",
    "create_person",
    "create_post",
    "create_token",
    "department",
    "department_ids_below",
    "department_tree",
    "departments_of",
    "deputy_for",
    "device_of",
    "directory",
    "disable_person",
    "enable_person",
    "end_all_sessions",
    "end_assignment",
    "end_session",
    "finish_reset",
    "generate_password",
    "get",
    "hash_password",
    "heads_of",
    "held_post",
    "history_of",
    "holders",
    "holders_in",
    "holders_of_kind",
    "holders_seen",
    "holdings",
    "holdings_of",
    "is_new_device",
    "list_people",
    "list_sessions",
    "list_tokens",
    "locked_people",
    "matches",
    "matching",
    "mobile_shown",
    "move_person",
    "open_session",
    "owner_of",
    "password_problems",
    "pending_steps",
    "people_in",
    "place_of",
    "person_page",
    "pick",
    "pick_department",
    "picked",
    "post_by_code",
    "posts_in",
    "preview_move",
    "recovery_codes_left",
    "remove_totp",
    "renew_recovery_codes",
    "reset_mail",
    "reset_person",
    "revoke_token",
    "rotate_session",
    "second_factor_due",
    "session_by_secret",
    "set_clearance",
    "set_password",
    "set_preferences",
    "sign_ins",
    "token_by_secret",
    "unlock",
    "update_department",
    "update_person",
    "update_post",
    "vcard",
]
