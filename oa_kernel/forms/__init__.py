"""Forms: a cerberus schema with labels and widgets → HTML form, checked input, JSON schema.

A form is a YAML file or a mapping, either a bare schema (``{days: {type: number, label: 天数}}``) or one with a
head (``name``, ``title``, ``fields``)::

    name: leave
    title: 请假
    fields:
      days: {type: number, label: 天数, required: true, min: 0.5, help: 半天写 0.5}
      kind: {type: string, label: 类别, required: true, allowed: [年休假, 病假, 事假]}

Beside cerberus' own rules a field may have ``label``, ``help``, ``placeholder``, ``widget`` (text textarea number
date datetime select radio checkbox checkboxes hidden file password money), ``options`` (value → text),
``unit``, ``rows``. Types beside cerberus' own: ``text`` (several lines), ``decimal`` and ``money``.
"""

from __future__ import annotations

from .fields import Field
from .form import Form, get, load, registered, set_renderer
from .jsonschema import json_schema

__all__ = ["Field", "Form", "get", "json_schema", "load", "registered", "set_renderer"]
