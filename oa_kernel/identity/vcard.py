"""A person as a vCard (RFC 2426), for an address book or a phone."""

from __future__ import annotations

from collections.abc import Sequence

from oa_kernel import runtime

from .models import Person, PersonPost
from .posts import holdings


def vcard(person: Person, *, held: Sequence[PersonPost] | None = None, mobile: bool = True) -> str:
    """The text of the card: name, posts, department, telephones, e-mail.

    :param held: the posts held today, where they are known already.
    :param mobile: False: without the mobile number.
    """
    import vobject

    card = vobject.vCard()
    card.add("fn").value = person.name
    card.add("n").value = vobject.vcard.Name(family=person.name[:1], given=person.name[1:])
    units = [runtime.current().config["organisation"]["name"]]
    if person.department_id is not None and person.department.name not in units:
        units.append(person.department.name)
    card.add("org").value = units
    for holding in holdings(person) if held is None else held:
        card.add("title").value = holding.post.title
    for kind, number in (("WORK", person.phone), ("CELL", person.mobile if mobile else "")):
        if number:
            telephone = card.add("tel")
            telephone.value, telephone.type_param = number, kind
    if person.email:
        address = card.add("email")
        address.value, address.type_param = person.email, "INTERNET"
    return str(card.serialize())


__all__ = ["vcard"]
