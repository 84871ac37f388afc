"""Jobs: work that is too large for a request, with its progress, the files it reads and those it makes."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from study.models.studies import Study
from study.models.work import BackgroundWork
from study.opaque_tokens import new_file_name


class Job(BackgroundWork):
    """One piece of work for a study, done by a worker: `kind` names the function, `arguments` are what it gets."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")
        EXPIRED = "expired", _("erased")

    UNFINISHED = (State.WAITING, State.RUNNING)

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=40)
    arguments = models.JSONField(default=dict, blank=True)
    # Digest of kind, arguments and the state of the data they are about: a job with the same key gives the same files.
    key = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    language = models.CharField(max_length=10, blank=True)  # of the person who asked: its messages are written in it
    # How much is done, of how much (0: not known yet), and the file or step at hand.
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    at_hand = models.CharField(max_length=200, blank=True)
    faults = models.JSONField(default=list, blank=True)  # what was wrong in the files that came in, a sentence each
    outcome = models.JSONField(default=dict, blank=True)  # what the kind tells beside its files

    class Meta:
        ordering = ("-requested_at", "-pk")
        indexes = [models.Index(fields=["study", "key"], name="job_by_key")]

    def __str__(self) -> str:
        return f"{self.study_id}: {self.kind}, {self.state}"

    @property
    def inputs(self) -> Any:
        """The files that the job reads."""
        return self.files.filter(is_result=False)

    @property
    def results(self) -> Any:
        """The files that the job made."""
        return self.files.filter(is_result=True)


def job_path(instance: models.Model, filename: str) -> str:
    """A random path in a folder of its own, whose files all belong to jobs."""
    suffix = filename.rpartition(".")[2].lower()[:5] if "." in filename else "bin"
    return "jobs/" + new_file_name(suffix).rpartition("/")[2]


class JobFile(models.Model):
    """A file that a job reads (as it was uploaded), or one that it made, to be downloaded."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="files")
    is_result = models.BooleanField(default=False)
    file = models.FileField(upload_to=job_path, max_length=200)
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=120, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)  # SHA-256 of what was made

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.name
