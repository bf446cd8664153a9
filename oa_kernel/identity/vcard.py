"""A person as a vCard (RFC 2426), for an address book or a phone."""

from __future__ import annotations

from oa_kernel import runtime

from .models import Person
from .posts import holdings


def vcard(person: Person) -> str:
    """The text of the card: name, posts, department, telephones, e-mail."""
    import vobject

    card = vobject.vCard()
    card.add("fn").value = person.name
    card.add("n").value = vobject.vcard.Name(family=person.name[:1], given=person.name[1:])
    units = [runtime.current().config["organisation"]["name"]]
    if person.department_id is not None and person.department.name not in units:
        units.append(person.department.name)
    card.add("org").value = units
    for holding in holdings(person):
        card.add("title").value = holding.post.title
    for kind, number in (("WORK", person.phone), ("CELL", person.mobile)):
        if number:
            telephone = card.add("tel")
            telephone.value, telephone.type_param = number, kind
    if person.email:
        address = card.add("email")
        address.value, address.type_param = person.email, "INTERNET"
    return str(card.serialize())


__all__ = ["vcard"]
