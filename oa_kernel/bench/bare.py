"""The floor of the web benchmarks: a bare Flask application that does one indexed query and renders the same rows.

No sign-in, no permissions, no shell; the database is named by ``OA_BENCH_DB``, the person by ``OA_BENCH_PERSON``.
"""

from __future__ import annotations

import os
import sqlite3
import threading

from flask import Flask

app = Flask(__name__)
_local = threading.local()

QUERY = (
    "SELECT id, title, step_name, from_name, urgency, arrived_at, due_at FROM workflow_task "
    "WHERE assignee_id = ? AND state = 'open' ORDER BY arrived_at DESC, id DESC LIMIT 50"
)
PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>待办</title></head><body><table>
{% for t in tasks %}<tr><td>{{ t[4] }}</td><td><a href="/tasks/{{ t[0] }}">{{ t[1] }}</a></td><td>{{ t[2] }}</td>
<td>{{ t[3] }}</td><td>{{ t[5] }}</td><td>{{ t[6] or "" }}</td></tr>
{% endfor %}</table></body></html>"""
TEMPLATE = app.jinja_env.from_string(PAGE)  # compiled once, as a template in a file is


@app.get("/")
def index() -> str:
    """The rows of one person's to-do list."""
    if not hasattr(_local, "connection"):
        _local.connection = sqlite3.connect(os.environ["OA_BENCH_DB"])
    rows = _local.connection.execute(QUERY, (int(os.environ["OA_BENCH_PERSON"]),)).fetchall()
    return TEMPLATE.render(tasks=rows)


@app.get("/healthz")
def healthz() -> str:
    """Ready."""
    return "ok"
