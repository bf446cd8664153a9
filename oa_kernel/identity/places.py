"""Departments and posts as a workbook names them, read once an import."""

from __future__ import annotations

from typing import Any


class Places:
    """Departments by their path, kept while an import adds more."""

    def __init__(self) -> None:
        from .departments import department_tree

        self.by_path: dict[str, Any] = {}
        self.paths: dict[int, str] = {}
        for row in department_tree(active_only=False):
            above = self.paths.get(row.parent_id, "")
            self.add(f"{above}/{row.name}".lstrip("/"), row)

    def add(self, path: str, row: Any) -> None:
        """One more department."""
        self.by_path[path] = row
        self.paths[row.id] = path

    def by_id(self, department_id: int | None) -> Any:
        """The department with this id, or None."""
        path = self.paths.get(department_id) if department_id is not None else None
        return None if path is None else self.by_path[path]

    def find(self, text: str) -> Any:
        """By full path, or by a name that only one department has; a str says why not."""
        text = plain_path(text)
        if text in self.by_path:
            return self.by_path[text]
        found = [row for path, row in self.by_path.items() if path.endswith("/" + text)]
        if len(found) == 1:
            return found[0]
        if not found:
            return f"没有部门“{text}”"
        return f"有 {len(found)} 个部门叫“{text}”：请写成“上级/下级”"


class Posts:
    """Active posts by department and title."""

    def __init__(self) -> None:
        from .posts import all_posts

        self._found: dict[int, dict[str, Any]] = {}
        for post in all_posts():
            self.add(post)

    def add(self, post: Any) -> None:
        """One more post."""
        self._found.setdefault(post.department_id, {}).setdefault(post.title, post)

    def find(self, department: Any, title: str) -> Any:
        """The post, or None."""
        return self._found.get(department.id, {}).get(title)


def plain_path(text: str) -> str:
    """A path as it is kept: ``上级/下级`` without spaces."""
    return "/".join(part.strip() for part in text.replace("／", "/").split("/") if part.strip())


__all__ = ["Places", "Posts", "plain_path"]
