"""When periodic work last ran, and which workers live."""

from __future__ import annotations

from oa_kernel import db


class Run(db.Model):
    """The last slot (a minute) of a periodic task. Who moves it forward is the one who runs it."""

    name = db.CharField(max_length=120, unique=True)
    slot = db.UTCDateTimeField()
    ended_at = db.UTCDateTimeField(null=True)
    #: of the last run; empty: it went well
    error = db.TextField(default="")

    class Meta:
        table_name = "scheduling_run"


class Worker(db.Model):
    """A running background worker, by host and process."""

    name = db.CharField(max_length=120, unique=True)
    started_at = db.UTCDateTimeField()
    beat_at = db.UTCDateTimeField()

    class Meta:
        table_name = "scheduling_worker"


MODELS = [Run, Worker]
