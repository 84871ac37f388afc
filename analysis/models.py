"""An analysis of a study's ballots, stored with its plan and the versions of the software; links that share it."""

import json
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from study.models import Study
from study.models.work import BackgroundWork
from study.opaque_tokens import new_file_name


class OrderedJSONField(models.JSONField):
    """JSON whose objects keep the order of their keys, stored as text: PostgreSQL's `jsonb` sorts keys by length.

    Conditions and factors have a stated order, which reports and exports follow. Its contents cannot be queried.
    """

    def get_internal_type(self) -> str:
        return "TextField"

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False, allow_nan=False)


class Analysis(BackgroundWork):
    """One run of the statistics over a study's ballots; the results show the newest that is ready."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")

    UNFINISHED = (State.WAITING, State.RUNNING)

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="analyses")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    # SHA-256 of the ballot table as CSV: another digest means that answers have changed since.
    ballots_digest = models.CharField(max_length=64, blank=True)
    # `table_state` of the study before the table was read; empty if an earlier version analysed it.
    table_state = models.CharField(max_length=64, blank=True)
    # `Study.erasures` when the ballots were read: somebody who has withdrawn since is in the result.
    erasures = models.PositiveIntegerField(default=0)
    plan_digest = models.CharField(max_length=64, blank=True)
    plan = OrderedJSONField(default=dict, blank=True)  # as `analyses.plan_of` returns it
    versions = OrderedJSONField(default=dict, blank=True)
    flow = OrderedJSONField(default=dict, blank=True)  # people at each stage, as `participant_flow` counts them
    result = OrderedJSONField(null=True, blank=True)

    class Meta:
        ordering = ("-requested_at", "-pk")
        verbose_name_plural = "analyses"

    def __str__(self) -> str:
        return f"{self.study}: {self.get_state_display()}"


def picture_path(instance: models.Model, filename: str) -> str:
    """A random path in a folder of its own, whose files are all pictures of interfaces."""
    return "interface/" + new_file_name("png").rpartition("/")[2]


class InterfacePicture(models.Model):
    """A picture of a participants' page of a study, taken from its pages, or the researcher's own (`page` is empty).

    It shows a trial's images in an order that is stored nowhere, and names no condition.
    """

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="interface_pictures")
    page = models.CharField(max_length=20, blank=True)
    device = models.CharField(max_length=10, blank=True)
    language = models.CharField(max_length=10, blank=True)
    caption = models.CharField(max_length=300, blank=True)  # of the researcher's own
    image = models.FileField(upload_to=picture_path, max_length=200)  # PNG
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.caption or f"{self.page}, {self.device}, {self.language}"

    @property
    def is_own(self) -> bool:
        """Whether the researcher brought it."""
        return not self.page


class SharedReport(models.Model):
    """A link by which anybody who has it reads the report of one analysis, until its last day. Deleted: it is ended."""

    analysis = models.ForeignKey(Analysis, on_delete=models.CASCADE, related_name="shares")
    token_hash = models.CharField(max_length=64, unique=True)  # of the token in the link, which is stored nowhere
    note = models.CharField(max_length=200, blank=True)  # for whom it is, in the researcher's words
    shared_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    shared_at = models.DateTimeField(auto_now_add=True)
    last_day = models.DateField()
    last_opened_on = models.DateField(null=True, blank=True)  # the day alone

    class Meta:
        ordering = ("-shared_at", "-pk")

    def __str__(self) -> str:
        return f"{self.analysis.study_id}: until {self.last_day:%Y-%m-%d}"

    @property
    def has_ended(self) -> bool:
        """Whether its last day is over."""
        return timezone.localdate() > self.last_day


class Gallery(models.Model):
    """The public page of a study's clips, their images and how they fared; the row is there while it is switched on.

    Not part of the study's plan, which copies, templates and exports take along: no other study has a gallery by that.
    """

    study = models.OneToOneField(Study, on_delete=models.CASCADE, related_name="gallery")
    images = models.BooleanField(default=False)
    sounds = models.BooleanField(default=False)  # of clips whose sound may be published
    names = models.BooleanField(default=False)  # of the clips, as their files were called
    prompts = models.BooleanField(default=False)  # with the tags that the clips came with
    indexed = models.BooleanField(default=False)  # search engines may list it
    switched_on_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    switched_on_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "galleries"

    def __str__(self) -> str:
        return f"{self.study_id}: since {self.switched_on_at:%Y-%m-%d}"
