"""Exports of other installations that are to be taken in: a worker checks each and makes its study."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from study.models.studies import Study
from study.models.work import BackgroundWork
from study.opaque_tokens import new_file_name


def import_path(instance: models.Model, filename: str) -> str:
    """A random path in a folder of its own, whose files all belong to imports."""
    return "imports/" + new_file_name("zip").rpartition("/")[2]


class StudyImport(BackgroundWork):
    """One uploaded export. There is no study before it is taken in whole; the file goes when the work has ended."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")

    UNFINISHED = (State.WAITING, State.RUNNING)

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="study_imports")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    language = models.CharField(max_length=10, blank=True)  # of the person who asked: its messages are written in it
    file = models.FileField(upload_to=import_path, max_length=200, blank=True)
    name = models.CharField(max_length=255)
    at_hand = models.CharField(max_length=200, blank=True)  # the file or step that it is at
    faults = models.JSONField(default=list, blank=True)  # what is wrong in the bundle, a sentence each
    notes = models.JSONField(default=list, blank=True)  # what did not come along, a sentence each
    study = models.ForeignKey(Study, null=True, blank=True, on_delete=models.CASCADE, related_name="imports")

    class Meta:
        ordering = ("-requested_at", "-pk")

    def __str__(self) -> str:
        return f"{self.name}: {self.state}"
