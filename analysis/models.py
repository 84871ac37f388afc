"""An analysis of a study's ballots, stored with its plan and the versions of the software."""

import json
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from study.models import Study
from study.models.work import BackgroundWork


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
