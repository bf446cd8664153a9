"""What the kernel itself finds: people and departments; one's cases are found by the workflow room."""

from __future__ import annotations

from typing import Any

from oa_kernel.contributions import SearchSource


def _people(person: Any, q: str, limit: int) -> list[dict[str, Any]]:
    from oa_kernel import identity
    from oa_kernel.identity import Department, Person

    query = (
        Person.select(Person.id, Person.username, Person.name, Person.phone, Person.department, Department.id, Department.name)
        .left_outer_join(Department)
        .where(Person.active, identity.matching(q, person) | Department.name.contains(q))
        .order_by(Person.id)
        .limit(limit)
    )
    rows = list(query)
    held = identity.holdings_of([row.id for row in rows])
    return [
        {
            "title": row.name,
            "url": f"/people/{row.id}",
            "snippet": " · ".join(
                part for part in (
                    row.department.name if row.department_id else "",
                    "、".join(h.post.title for h in held.get(row.id, ())), row.phone,
                ) if part
            ),
            "icon": "user",
        }
        for row in rows
    ]


CONTRIBUTIONS = {
    "oa_search_sources": [
        SearchSource("people", "人员", _people, "kernel.people.read", order=10),
    ],
}
