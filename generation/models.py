"""Generation runs, the steps of each clip with their results, and what the researcher decided on tags and images."""

from typing import Any, ClassVar

from django.conf import settings as django_settings
from django.db import models
from django.db.models import OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from study.models import Clip, Study
from study.setup.paintings import RepaintReason


class StudyGeneration(models.Model):
    """The generation settings of a study, as `generation.settings_model.GenerationSettings` reads them."""

    study = models.OneToOneField(Study, on_delete=models.CASCADE, related_name="generation")
    settings: Any = models.JSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return f"settings of {self.study}"


class StudyFile(models.Model):
    """A rule file or a table of predictions that a researcher uploaded for a study; its content never changes.

    The settings name it by its digest, so that a changed file is another file.
    """

    class Kind(models.TextChoices):
        RULES = "rules", _("rule file")
        PREDICTIONS = "predictions", _("table of predictions")

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="files")
    kind = models.CharField(max_length=12, choices=Kind)
    name = models.CharField(max_length=120)
    # SHA-256 of the text as UTF-8: that of the file, unless it was in another encoding or had a byte order mark.
    digest = models.CharField(max_length=64)
    text = models.TextField()
    # What the file holds, counted when it was uploaded, for the page that lists it.
    summary: Any = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("kind", "name", "at")
        constraints = [
            models.UniqueConstraint(fields=["study", "kind", "digest"], name="one_file_per_study_kind_and_digest")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.digest[:8]})"


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
    # Why the run stopped: an error that every clip would meet (a rejected key, missing weights).
    message = models.TextField(blank=True)
    # Counted when the run ended: images, steps, failed steps, and the sentence writer's calls and tokens.
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
    """One call to a language model's service.

    The row is created before the call with the most tokens that the call may take; when the service has answered, it
    gets the service's own count.
    """

    run = models.ForeignKey(GenerationRun, on_delete=models.CASCADE, related_name="sentence_calls")
    input_tokens = models.PositiveIntegerField()
    output_tokens = models.PositiveIntegerField()
    under_way = models.BooleanField(default=False)
    # The lease of the step that makes the call.
    lease_token = models.CharField(max_length=32, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.input_tokens} + {self.output_tokens}"


class ClipStepQuerySet(models.QuerySet["ClipStep"]):
    """Queries on the leases of steps."""

    def held_under(self, token: str | OuterRef) -> "ClipStepQuerySet":
        """Return the steps that a worker holds under this lease token, until the look-out frees an expired lease.

        Not by the time alone: after a clock was set forward, a worker that lives renews its lease and saves its files.
        """
        return self.filter(lease_token=token, state=ClipStep.State.RUNNING)


class ClipStep(models.Model):
    """One of the four steps of one clip. The row, not a message, determines what is left to do.

    A worker does a step under a lease: a token, and a time until which no other worker may have the step. The outcome
    is saved only by the holder of the token, so a step is done once however many messages name it.
    """

    class Kind(models.TextChoices):
        LISTEN = "listen", _("listening")
        REDEFINE = "redefine", _("redefining tags")
        WRITE = "write", _("writing sentences")
        PAINT = "paint", _("painting")

    class State(models.TextChoices):
        BLOCKED = "later", _("after the step before it")
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        SKIPPED = "skipped", _("not needed")

    # The life cycle: BLOCKED → WAITING → RUNNING → DONE or FAILED; any of them → SKIPPED.
    UNFINISHED = (State.BLOCKED, State.WAITING, State.RUNNING)
    # With nothing left to do: a copy of the study has these alone.
    COMPLETE = (State.DONE, State.SKIPPED)
    # A run without an active step is over: what is BLOCKED then comes after a failed step.
    ACTIVE = (State.WAITING, State.RUNNING)
    ORDER = (Kind.LISTEN, Kind.REDEFINE, Kind.WRITE, Kind.PAINT)
    # Fields of a step that is to be done anew: no message under way, no start and no fault counted.
    NO_WAITS: ClassVar[dict[str, Any]] = {"not_before": None, "waiting_since": None, "waits": 0, "waits_alone": 0}
    UNTRIED: ClassVar[dict[str, Any]] = NO_WAITS | {"queued_at": None, "attempts": 0, "interruptions": 0, "error": ""}

    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="steps")
    kind = models.CharField(max_length=10, choices=Kind)
    run = models.ForeignKey(GenerationRun, on_delete=models.CASCADE, related_name="steps")
    # The place of the kind in ORDER, from 1.
    position = models.PositiveSmallIntegerField()
    queue = models.CharField(max_length=10, default="cpu")
    state = models.CharField(max_length=10, choices=State, default=State.BLOCKED)
    # When a message that names the step was last sent.
    queued_at = models.DateTimeField(null=True, blank=True)

    lease_token = models.CharField(max_length=32, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    # Machine, process and worker (see runs/processes.py).
    lease_holder = models.CharField(max_length=120, blank=True)
    # Starts since the step last ended that may be its own fault: the pool process died while its worker lived, or the
    # database refused the result. A step that is being done counts as one start.
    attempts = models.PositiveSmallIntegerField(default=0)
    # Times that the whole worker ended during the step, maybe because somebody stopped it.
    interruptions = models.PositiveSmallIntegerField(default=0)
    # While a service does not answer (see runs/waiting.py): no try before this time; since when it is away; how often
    # this step was the one that asks, and in vain while the service answered others. `error` says why.
    not_before = models.DateTimeField(null=True, blank=True)
    waiting_since = models.DateTimeField(null=True, blank=True)
    waits = models.PositiveSmallIntegerField(default=0)
    waits_alone = models.PositiveSmallIntegerField(default=0)

    # Digest of the inputs from which the result was made; the same digest again means that there is nothing to do.
    input_digest = models.CharField(max_length=64, blank=True)
    result: Any = models.JSONField(null=True, blank=True)
    error = models.TextField(blank=True)
    seconds = models.FloatField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    # Painting only: the seed in use, as a number in the clip's recorded sequence.
    seed_number = models.PositiveIntegerField(default=0)

    objects = ClipStepQuerySet.as_manager()

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
    """A researcher's decision about a contested tag of a clip; applied whenever the clip's tags are redefined."""

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


class ReviewDecision(models.Model):
    """A decision in the review of a clip's images. A row is added for each, and only ever marked as undone.

    The last row of a clip that is not undone holds. An approval holds for the images that it names: once they are
    painted again or replaced, the clip is undecided.
    """

    class Kind(models.TextChoices):
        APPROVED = "approved", _("approved")
        REOPENED = "reopened", _("back to undecided")
        REPAINTED = "repainted", _("sent to be painted again")
        LEFT_OUT = "left out", _("left out")

    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="review_decisions")
    kind = models.CharField(max_length=10, choices=Kind)
    # The images that were judged (see runs/review_state.py); empty if no version of Earsight has recorded it.
    version = models.CharField(max_length=32, blank=True)
    # Of images that are painted again.
    reason = models.CharField(max_length=20, choices=RepaintReason, blank=True)
    note = models.CharField(max_length=200, blank=True)
    # Keys of the conditions whose image was the reason. No page and no log entry shows them while a study is sealed.
    named: Any = models.JSONField(default=list, blank=True)
    # The step before the images were sent to be painted again, so that this can be undone until painting begins.
    step_before: Any = models.JSONField(default=dict, blank=True)
    # The same for decisions that were made, and are undone, together.
    batch = models.CharField(max_length=32)
    actor = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)
    undone = models.BooleanField(default=False)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.clip}: {self.kind}"


class LooseFile(models.Model):
    """A stored file that no other row refers to: about to be written, or replaced and to be deleted.

    The row is created before the file is written and deleted in the transaction that gives the file an owner, so that
    every file of a killed worker can be found (see runs/orphan_files.py).
    """

    name = models.CharField(max_length=200, unique=True)
    # Empty if no row will ever own the file.
    lease_token = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name
