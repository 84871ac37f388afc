"""Generation as data: what is left to do for each clip, what came of it, and the runs that did it."""

from typing import Any

from django.conf import settings as django_settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from study.models import Clip, Study


class StudyGeneration(models.Model):
    """The generation settings of a study, as `generation.settings_model.GenerationSettings` reads them."""

    study = models.OneToOneField(Study, on_delete=models.CASCADE, related_name="generation")
    settings: Any = models.JSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return f"settings of {self.study}"


class GenerationRun(models.Model):
    """One pass over a study's clips, with the settings that it was started with."""

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        CANCELLED = "cancelled", _("cancelled")
        STOPPED = "stopped", _("stopped")

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="generation_runs")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    settings: Any = models.JSONField(default=dict)
    actor = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    # Why it stopped, where what failed would fail for every clip (a key rejected, weights missing).
    message = models.TextField(blank=True)
    # What was counted when it ended: clips, images, seconds, tokens of the sentence writer.
    totals: Any = models.JSONField(default=dict, blank=True)
    notify = models.BooleanField(default=False)

    class Meta:
        ordering = ("study", "number")
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="run_number_once_per_study"),
            models.UniqueConstraint(fields=["study"], condition=Q(state="running"), name="one_running_run_per_study"),
        ]

    def __str__(self) -> str:
        return f"run {self.number} of {self.study}"

    @property
    def is_running(self) -> bool:
        return self.state == self.State.RUNNING


class SentenceCall(models.Model):
    """One call to a language model's service, written down before it is made, at the most that it may come to, and
    then as the service counted it."""

    run = models.ForeignKey(GenerationRun, on_delete=models.CASCADE, related_name="sentence_calls")
    input_tokens = models.PositiveIntegerField()
    output_tokens = models.PositiveIntegerField()
    under_way = models.BooleanField(default=False)
    lease_token = models.CharField(max_length=32, blank=True)  # of the step that makes the call
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.input_tokens} + {self.output_tokens}"


class ClipStep(models.Model):
    """One piece of work on one clip. The row, not a message, says what is left to do.

    A step is taken with a lease: a token and a time until which nobody else may take it. Whoever saves must
    still hold the token, so a step is done once however many messages name it.
    """

    class Kind(models.TextChoices):
        LISTEN = "listen", _("listening")
        REDEFINE = "redefine", _("redefining tags")
        WRITE = "write", _("writing sentences")
        PAINT = "paint", _("painting")

    class State(models.TextChoices):
        LATER = "later", _("after the step before it")
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        SKIPPED = "skipped", _("not needed")

    # The life cycle on one screen: LATER → WAITING → RUNNING → DONE or FAILED; any of them → SKIPPED.
    UNFINISHED = (State.LATER, State.WAITING, State.RUNNING)
    AT_HAND = (State.WAITING, State.RUNNING)  # while none is, a run is over: LATER stands behind a failure
    ORDER = (Kind.LISTEN, Kind.REDEFINE, Kind.WRITE, Kind.PAINT)

    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="steps")
    kind = models.CharField(max_length=10, choices=Kind)
    run = models.ForeignKey(GenerationRun, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()  # of the kind in ORDER, from 1
    queue = models.CharField(max_length=10, default="cpu")
    state = models.CharField(max_length=10, choices=State, default=State.LATER)
    queued_at = models.DateTimeField(null=True, blank=True)  # when a message that names it was last sent

    lease_token = models.CharField(max_length=32, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    lease_holder = models.CharField(max_length=120, blank=True)  # machine and process, see leases.py
    # Starts since the last end; of those that did not end, the ones that only the step can have ended …
    attempts = models.PositiveSmallIntegerField(default=0)
    # … and the ones in which the whole worker went, maybe stopped by somebody (see leases.py).
    interruptions = models.PositiveSmallIntegerField(default=0)

    # Of what the result was made; the same digest again means that there is nothing to do.
    input_digest = models.CharField(max_length=64, blank=True)
    result: Any = models.JSONField(null=True, blank=True)
    error = models.TextField(blank=True)
    seconds = models.FloatField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    # Painting only: which seed of the clip's recorded sequence is in use.
    seed_number = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("clip__number", "position")
        constraints = [models.UniqueConstraint(fields=["clip", "kind"], name="one_step_per_clip_and_kind")]
        indexes = [
            models.Index(fields=["run", "state", "queue"], name="step_by_run_and_state"),
            models.Index(fields=["state", "leased_until"], name="step_by_lease"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.clip}"


class TagDecision(models.Model):
    """What a researcher decided about a contested tag of a clip; used whenever its tags are redefined."""

    class Choice(models.TextChoices):
        KEEP = "keep", _("keep")
        REMOVE = "remove", _("remove")

    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="tag_decisions")
    tag = models.CharField(max_length=200)
    choice = models.CharField(max_length=10, choices=Choice)
    actor = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("clip__number", "tag")
        constraints = [models.UniqueConstraint(fields=["clip", "tag"], name="one_decision_per_clip_and_tag")]

    def __str__(self) -> str:
        return f"{self.clip}: {self.choice} {self.tag}"


class LooseFile(models.Model):
    """A stored file that no row owns: about to be written under a lease, or replaced and to be removed.

    Its name is written down before the file is, and struck off in the transaction that gives it an owner,
    so that a worker killed between the two leaves nothing behind that cannot be found.
    """

    name = models.CharField(max_length=200, unique=True)
    lease_token = models.CharField(max_length=32, blank=True)  # empty: nobody will ever own it
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name
