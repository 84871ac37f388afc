"""Clips, conditions, and the stimulus of each clip under each condition."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from study.models.studies import Study
from study.opaque_tokens import new_file_name


def opaque_path(instance: models.Model, filename: str) -> str:
    """A random path for a stored file: only the suffix is kept, nothing of content, clip or condition."""
    suffix = filename.rpartition(".")[2].lower()[:5] if "." in filename else "bin"
    return new_file_name(suffix)


class Condition(models.Model):
    """One way of making images, with its factor levels."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="conditions")
    number = models.PositiveSmallIntegerField()
    key = models.SlugField(max_length=60)
    label = models.CharField(max_length=120)
    # Factor levels, {"tags": "redefined", "form": "sentence"}; empty without a factorial design.
    levels = models.JSONField(default=dict, blank=True)
    # The condition's name in results while the study is sealed.
    sealed_label = models.CharField(max_length=20)

    class Meta:
        ordering = ("number",)
        constraints = [
            models.UniqueConstraint(fields=["study", "key"], name="condition_key_once_per_study"),
            models.UniqueConstraint(fields=["study", "number"], name="condition_number_once_per_study"),
            models.UniqueConstraint(fields=["study", "sealed_label"], name="condition_sealed_label_once"),
        ]

    def __str__(self) -> str:
        return self.label


class Clip(models.Model):
    """One audio clip of a study."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="clips")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=255)  # the file's name as uploaded; never shown to participants
    audio = models.FileField(upload_to=opaque_path, max_length=200)
    audio_digest = models.CharField(max_length=64)  # SHA-256 of the uploaded file
    duration = models.FloatField(help_text="seconds")
    sample_rate = models.PositiveIntegerField()
    channels = models.PositiveSmallIntegerField(default=1)
    # What was odd in the file and is done about it: kinds with their numbers (study.audio_files.notes).
    audio_notes = models.JSONField(default=list, blank=True)
    # What the survey plays: level-matched MP3 without metadata, and the player's outline (0–1, about 60 bars).
    survey_audio = models.FileField(upload_to=opaque_path, max_length=200, blank=True)
    survey_duration = models.FloatField(null=True, blank=True, help_text="seconds")
    outline = models.JSONField(default=list, blank=True)
    # What is heard of the file: everything (None), or from here to there in milliseconds (study/setup/clip_editing.py).
    trim_start = models.PositiveIntegerField(null=True, blank=True, help_text="milliseconds")
    trim_end = models.PositiveIntegerField(null=True, blank=True, help_text="milliseconds")
    # The outline of the whole file, for choosing the excerpt; `outline` is that of what is heard.
    file_outline = models.JSONField(default=list, blank=True)
    imported_tags = models.JSONField(default=list, blank=True)
    included = models.BooleanField(default=True)
    exclusion_reason = models.CharField(max_length=200, blank=True)
    is_practice = models.BooleanField(default=False)
    # Of the sound, for a deposit of the study's data: an SPDX name or a short text (study/setup/clip_rights.py).
    licence = models.CharField(max_length=200, blank=True)
    sound_may_be_published = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("number",)
        constraints = [
            models.UniqueConstraint(fields=["study", "name"], name="clip_name_once_per_study"),
            models.UniqueConstraint(fields=["study", "number"], name="clip_number_once_per_study"),
            models.CheckConstraint(
                # Both are asked for: a comparison with NULL is NULL, which a constraint lets through.
                condition=models.Q(trim_start=None, trim_end=None)
                | models.Q(trim_start__isnull=False, trim_end__isnull=False, trim_start__lt=models.F("trim_end")),
                name="clip_trim_has_both_ends",
            ),
            models.CheckConstraint(
                condition=models.Q(sound_may_be_published=False) | ~models.Q(licence=""),
                name="published_sound_has_licence",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def excerpt(self) -> tuple[int, int] | None:
        """Start and end in the file of what is heard, in milliseconds; None if all of it is."""
        if self.trim_start is None or self.trim_end is None:
            return None
        return self.trim_start, self.trim_end

    @property
    def heard_seconds(self) -> float:
        """Length of what is heard of the file, in seconds."""
        return self.duration if self.excerpt is None else (self.excerpt[1] - self.excerpt[0]) / 1000


class Stimulus(models.Model):
    """The image of one clip under one condition, and whether it has been made."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")

    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="stimuli")
    condition = models.ForeignKey(Condition, on_delete=models.CASCADE, related_name="stimuli")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    image = models.FileField(upload_to=opaque_path, max_length=200, blank=True)
    preview = models.FileField(upload_to=opaque_path, max_length=200, blank=True)
    image_digest = models.CharField(max_length=64, blank=True)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    painter = models.CharField(max_length=40, blank=True)  # "sketch", "diffusers", "uploaded"
    provenance: Any = models.JSONField(default=dict, blank=True)
    error = models.TextField(blank=True)
    painted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("clip__number", "condition__number")
        verbose_name_plural = "stimuli"
        constraints = [
            models.UniqueConstraint(fields=["clip", "condition"], name="one_stimulus_per_clip_and_condition"),
        ]

    def __str__(self) -> str:
        return f"{self.clip} · {self.condition}"
