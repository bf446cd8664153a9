"""Tables of the engine. One row a person's task; what the to-do list shows stands in the task itself, so that
the list is one range scan of one index whatever else there is."""

from __future__ import annotations

from oa_kernel import db


class WorkflowDefinition(db.Model):
    """A definition as it was published. Its text is never changed, so that a case keeps what it began with."""

    name = db.CharField(max_length=120)
    version = db.IntegerField()
    title = db.CharField(max_length=200)
    text = db.TextField()
    #: SM3 of the text
    digest = db.CharField(max_length=64)
    #: ``plugin:documents`` | ``folder`` | ``published``
    source = db.CharField(max_length=120)
    #: the one new cases of this name begin with
    current = db.BooleanField(default=True)
    published_at = db.UTCDateTimeField()
    published_by = db.BigIntegerField(null=True)

    class Meta:
        table_name = "workflow_definition"
        indexes = ((("name", "current"), False),)


class WorkflowDraft(db.Model):
    """A definition being worked on in the designer: one a name, kept at every change, in force for nobody."""

    name = db.CharField(max_length=120, unique=True)
    text = db.TextField()
    #: counts the changes; who saves says which one they saw
    version = db.IntegerField(default=1)
    #: the WorkflowDefinition it was begun from; null: a new one
    base_id = db.BigIntegerField(null=True)
    changed_by = db.BigIntegerField(null=True)
    changed_at = db.UTCDateTimeField()

    class Meta:
        table_name = "workflow_draft"


class Instance(db.Model):
    """A case."""

    #: id of its WorkflowDefinition
    definition_id = db.BigIntegerField()
    definition_name = db.CharField(max_length=120)
    definition_version = db.IntegerField()
    title = db.CharField(max_length=500)
    #: running | suspended | completed | rejected | withdrawn | cancelled
    state = db.CharField(max_length=12, default="running")
    subject_kind = db.CharField(max_length=80, default="")
    subject_id = db.CharField(max_length=80, default="")
    drafter_id = db.BigIntegerField()
    department_id = db.BigIntegerField(null=True)
    form = db.JSONField(default=dict)
    urgency = db.CharField(max_length=20, default="")
    started_at = db.UTCDateTimeField()
    ended_at = db.UTCDateTimeField(null=True)
    urged_at = db.UTCDateTimeField(null=True)
    #: of a sub-process: the run of the step that waits for it
    parent_run_id = db.BigIntegerField(null=True, index=True)

    class Meta:
        table_name = "workflow_instance"
        indexes = (
            (("drafter_id", "started_at", "id"), False),
            (("subject_kind", "subject_id"), False),
            (("definition_name", "state", "id"), False),
        )


class Run(db.Model):
    """One activation of a step. A step that is entered again (after a return) gets a new one."""

    instance_id = db.BigIntegerField()
    step = db.CharField(max_length=80)
    #: open | paused | done | cancelled
    state = db.CharField(max_length=12, default="open")
    #: how many were asked
    asked = db.IntegerField(default=1)
    #: the way through the forks that led here, ``12:0/15:1/``: run of the fork and number of the branch. What lies
    #: within a branch begins with the branch's way, so that a branch is ended or paused by a prefix
    branch = db.CharField(max_length=400, default="")
    #: of a join: the fork's run it waits for
    fork_id = db.BigIntegerField(null=True)
    #: of a join: the tasks that led a branch here
    arrived = db.JSONField(default=list)
    #: the task whose completion led here
    from_task_id = db.BigIntegerField(null=True)
    #: after a return with ``resume: direct``: the returned task, whose person goes on once this run is done
    resume_task_id = db.BigIntegerField(null=True)
    #: the run that goes first (see ``resume_task_id``), or 0 where the whole case is suspended
    paused_by = db.BigIntegerField(null=True)
    #: of a service step: what went wrong at the last try
    error = db.TextField(default="")
    arrived_at = db.UTCDateTimeField()
    done_at = db.UTCDateTimeField(null=True)

    class Meta:
        table_name = "workflow_run"
        indexes = ((("instance_id", "state"), False),)


# service steps that wait for somebody are few among all that ever ran
Run.add_index(Run.index(Run.id, where=db.SQL("error <> ''"), name="workflow_run_failed"))


class Task(db.Model):
    """What one person has to do."""

    instance_id = db.BigIntegerField()
    run_id = db.BigIntegerField(index=True)
    step = db.CharField(max_length=80)
    step_name = db.CharField(max_length=120)
    #: work | draft | delegate | sign (added) | circulate
    kind = db.CharField(max_length=12, default="work")
    assignee_id = db.BigIntegerField()
    #: whom the assignee stands in for, by a standing delegation, an absence or a hand-over
    for_id = db.BigIntegerField(null=True, index=True)
    #: open | waiting (for its turn, or for those added before) | paused | done | cancelled
    state = db.CharField(max_length=12, default="open")
    #: order among those asked one after the other
    position = db.IntegerField(default=0)
    #: how much the vote counts
    weight = db.FloatField(default=1.0)
    #: the task this one was added to, or delegated from
    parent_id = db.BigIntegerField(null=True)
    #: added ones: before | after | beside; ``claimed`` of a claimed one
    place = db.CharField(max_length=8, default="")
    definition_name = db.CharField(max_length=120)
    title = db.CharField(max_length=500)
    urgency = db.CharField(max_length=20, default="")
    subject_kind = db.CharField(max_length=80, default="")
    subject_id = db.CharField(max_length=80, default="")
    from_name = db.CharField(max_length=80, default="")
    arrived_at = db.UTCDateTimeField()
    read_at = db.UTCDateTimeField(null=True)
    due_at = db.UTCDateTimeField(null=True)
    #: since when its clock stands
    paused_at = db.UTCDateTimeField(null=True)
    #: how long its clock stood in all since it arrived
    paused_seconds = db.IntegerField(default=0)
    done_at = db.UTCDateTimeField(null=True)
    action = db.CharField(max_length=20, default="")
    #: the opinion; before the task is done, the one saved so far
    comment = db.TextField(default="")
    version = db.IntegerField(default=1)

    class Meta:
        table_name = "workflow_task"
        indexes = (
            (("assignee_id", "state", "arrived_at", "id"), False),
            (("assignee_id", "state", "due_at", "id"), False),
            (("assignee_id", "instance_id"), False),
            (("instance_id", "state"), False),
        )


# for statistics of a definition over a time; only what is done stands in it, so that nothing is written when a task begins
Task.add_index(Task.index(Task.definition_name, Task.done_at, where=Task.done_at.is_null(False), name="workflow_task_done"))


class Trail(db.Model):
    """What happened in a case; never changed."""

    instance_id = db.BigIntegerField()
    at = db.UTCDateTimeField()
    step = db.CharField(max_length=80)
    step_name = db.CharField(max_length=120)
    action = db.CharField(max_length=20)
    by_id = db.BigIntegerField(null=True)
    by_username = db.CharField(max_length=80, default="")
    by_name = db.CharField(max_length=80, default="")
    comment = db.TextField(default="")
    task_id = db.BigIntegerField(null=True)
    #: whom it went to, where it was returned to …
    details = db.JSONField(null=True)

    class Meta:
        table_name = "workflow_trail"
        indexes = ((("instance_id", "id"), False),)


class Timer(db.Model):
    """Something to do at a time, once: remind of a task, what the definition says of overdue ones, go on after a wait."""

    task_id = db.BigIntegerField(null=True, index=True)
    #: of a timer step
    run_id = db.BigIntegerField(null=True, index=True)
    #: remind | overdue | step
    kind = db.CharField(max_length=12)
    at = db.UTCDateTimeField()
    fired_at = db.UTCDateTimeField(null=True)

    class Meta:
        table_name = "workflow_timer"
        indexes = ((("fired_at", "at"), False),)


class Done(db.Model):
    """An effect that has happened in a case, so that a step that is done again after a return does not repeat it."""

    instance_id = db.BigIntegerField()
    step = db.CharField(max_length=80)
    effect = db.CharField(max_length=120)
    at = db.UTCDateTimeField()

    class Meta:
        table_name = "workflow_effect_done"
        indexes = ((("instance_id", "step", "effect"), True),)


class Figures(db.Model):
    """Figures of a definition over a time, kept because they took long to work out; see ``figures``."""

    #: what was asked, as one text
    key = db.CharField(max_length=200, unique=True)
    name = db.CharField(max_length=120)
    since = db.DateField(null=True)
    until = db.DateField(null=True)
    version = db.IntegerField(null=True)
    #: how many parts of newer ones are done; null: none are being made
    parts = db.IntegerField(null=True)
    #: when that last changed
    at = db.UTCDateTimeField(index=True)
    made_at = db.UTCDateTimeField(null=True)
    found = db.JSONField(null=True)

    class Meta:
        table_name = "workflow_figures"


class StandIn(db.Model):
    """Who does somebody's work for a time: a standing delegation, an absence (leave), or a hand-over for good."""

    person_id = db.BigIntegerField()
    #: who does it; null: nobody is named, the person is only known to be away
    to_id = db.BigIntegerField(null=True)
    #: delegation | absence | handover
    kind = db.CharField(max_length=12)
    #: first and last day, in the organisation's zone; null: no end
    since = db.DateField()
    until = db.DateField(null=True)
    #: names of the definitions it is for; empty: all
    definitions = db.JSONField(default=list)
    reason = db.TextField(default="")
    made_by = db.BigIntegerField(null=True)
    made_at = db.UTCDateTimeField()
    ended_at = db.UTCDateTimeField(null=True)

    class Meta:
        table_name = "workflow_stand_in"
        indexes = ((("person_id", "ended_at"), False), (("to_id", "ended_at"), False))


class Phrase(db.Model):
    """A phrase somebody likes to use in opinions."""

    person_id = db.BigIntegerField()
    text = db.CharField(max_length=200)
    used_at = db.UTCDateTimeField()
    #: True: kept by the person; False: only used lately
    kept = db.BooleanField(default=False)

    class Meta:
        table_name = "workflow_phrase"
        indexes = ((("person_id", "text"), True), (("person_id", "used_at"), False))


MODELS = [WorkflowDefinition, WorkflowDraft, Instance, Run, Task, Trail, Timer, Done, Figures, StandIn, Phrase]
