"""Blinding audits of a study: their progress and their results."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from study.models.studies import Study

# A running audit without a sign of life for SILENT was killed; a waiting one that no worker took within PATIENCE is
# given up, so that no study opens when nobody expects it any more.
SILENT, PATIENCE = timedelta(minutes=3), timedelta(minutes=15)


class BlindingAudit(models.Model):
    """One audit of what participants are shown, identified by a fingerprint of that content."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        PASSED = "passed", _("passed")
        LEAKS = "leaks", _("leaks found")
        FAILED = "failed", _("failed")

    GOING = (State.WAITING, State.RUNNING)

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="blinding_audits")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    fingerprint = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    people = models.PositiveIntegerField(default=0)
    people_done = models.PositiveIntegerField(default=0)
    images = models.PositiveIntegerField(default=0)
    channels = models.PositiveIntegerField(default=0)
    leaks = models.JSONField(default=list, blank=True)  # the channels that reveal conditions, worst first
    problem = models.TextField(blank=True)  # why it could not be finished
    # If the study is to open once the audit has passed: the digest of the plan that the researcher confirmed.
    opens_plan = models.CharField(max_length=64, blank=True)
    asked_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    # The last sign of life: while it waits, the last message to workers; while it runs, the last heartbeat.
    moved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-asked_at", "-pk")

    def __str__(self) -> str:
        return f"{self.study_id}: {self.state}"

    @property
    def is_going(self) -> bool:
        """Whether the audit is waiting or running and has not been given up."""
        if self.state == self.State.WAITING:
            return timezone.now() - self.asked_at < PATIENCE
        return self.state == self.State.RUNNING and timezone.now() - self.moved_at < SILENT
