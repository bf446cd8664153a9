"""Who is meant by what was typed where a person is asked for."""

from __future__ import annotations

import re
from typing import Any

from oa_kernel import identity
from oa_kernel.errors import Invalid
from oa_kernel.identity import Person

from ..i18n import gettext as _


def named(text: str, field: str, *, active: bool = True) -> Any:
    """The person meant by a user name, by a name, or by ``name（user name）``.

    :param active: who no longer works here is not meant.
    :raises Invalid: beside ``field`` where nobody, or several, are.
    """
    text = text.strip()
    if not text:
        raise Invalid(_("请填写人员"), errors={field: [_("请填写人员")]})
    both = re.search(r"[（(]([^（()）]+)[)）]$", text)
    found = identity.by_username(text) or (identity.by_username(both[1]) if both else None)
    if found is None:
        same = list(Person.select().where(Person.name == text, *([Person.active] if active else [])).order_by(Person.id).limit(20))
        if len(same) > 1:
            said = _("有 %(n)s 位%(t)s，请写用户名", n=len(same), t=text)
            raise Invalid(said, errors={field: [said]})
        found = same[0] if same else None
    if found is None or (active and not found.active):
        raise Invalid(_("没有这个人"), errors={field: [_("没有这个人：%(t)s", t=text)]})
    return found


def several(text: str, field: str) -> list[Any]:
    """The people meant by a list of such words, in order, each once."""
    words = [w for w in re.split(r"[,，、;；\n]+", text or "") if w.strip()]
    return list({p.id: p for p in (named(w, field) for w in words)}.values())


__all__ = ["named", "several"]
