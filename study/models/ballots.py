"""Ballots, their revisions, and answers that arrived too late to count."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from study.models.participants import Trial
from study.models.stimuli import Stimulus
from study.opaque_tokens import new_nonce


class Ballot(models.Model):
    """The answer to a trial: 1st and 2nd choice, or that no image fits, and what else the instrument asks."""

    trial = models.OneToOneField(Trial, on_delete=models.CASCADE, related_name="ballot")
    first = models.ForeignKey(Stimulus, null=True, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(Stimulus, null=True, on_delete=models.PROTECT, related_name="+")
    none_fits = models.BooleanField(default=False)
    # Further answers by question or scale, images by their ids (study/instruments/content.py).
    content = models.JSONField(default=dict, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    # How the reason came into its field, counted by the page's script: {"pastes", "inputs", "largest", "seconds"}; no
    # keys. None without script or reason.
    typing = models.JSONField(null=True, blank=True)
    knows_piece = models.BooleanField(null=True)
    # Made by the browser: a submission with the same key is a repetition of the same answer.
    submission_key = models.UUIDField(default=uuid.uuid4)
    answered_at = models.DateTimeField()  # may be earlier than it arrived, if the browser was offline
    received_at = models.DateTimeField(default=timezone.now, editable=False)
    # Which browser gave it, by a random name that each keeps for itself, and how many answers that one had given then.
    browser = models.CharField(max_length=36, blank=True)
    browser_count = models.PositiveBigIntegerField(null=True)
    seconds = models.FloatField(null=True)  # from showing the page to the answer
    listened_seconds = models.FloatField(null=True)
    nonce = models.CharField(max_length=32, default=new_nonce)
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(none_fits=True, first__isnull=True, second__isnull=True)
                | Q(none_fits=False, first__isnull=False)
                | (Q(none_fits=False, first__isnull=True, second__isnull=True) & ~Q(content={})),
                name="ballot_has_an_answer",
            ),
            models.CheckConstraint(
                condition=Q(second__isnull=True) | ~Q(second=F("first")), name="ballot_choices_differ"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.trial}: {self.first_id}, {self.second_id}"


class BallotRevision(models.Model):
    """An answer to a trial that was replaced by, or arrived after, one given later."""

    ballot = models.ForeignKey(Ballot, on_delete=models.CASCADE, related_name="revisions")
    content = models.JSONField()
    submission_key = models.UUIDField()
    browser = models.CharField(max_length=36, blank=True)
    browser_count = models.PositiveBigIntegerField(null=True)
    answered_at = models.DateTimeField()
    replaced_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("replaced_at", "pk")

    def __str__(self) -> str:
        return f"{self.ballot_id} before {self.replaced_at:%Y-%m-%d %H:%M:%S}"


class LateAnswer(models.Model):
    """An answer that was given in time but arrived when answers were no longer taken: kept, not counted."""

    trial = models.ForeignKey(Trial, on_delete=models.CASCADE, related_name="late_answers")
    content = models.JSONField()
    submission_key = models.UUIDField()
    answered_at = models.DateTimeField()
    received_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("received_at", "pk")
        constraints = [models.UniqueConstraint(fields=["trial", "submission_key"], name="late_answer_once")]

    def __str__(self) -> str:
        return f"{self.trial}, received {self.received_at:%Y-%m-%d %H:%M:%S}"
