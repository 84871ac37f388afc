"""How many answers each clip has, counted as they are given."""

from django.db import models

from study.models.participants import ParticipantKind
from study.models.stimuli import Clip
from study.models.studies import StudyStage


class ClipAnswers(models.Model):
    """The main answers of people of one kind and stage to one clip: `study/ballots/clip_answers.py` counts them.

    A table of its own, so that saving a clip never writes an old number back.
    """

    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="answer_counts")
    kind = models.CharField(max_length=10, choices=ParticipantKind)
    stage = models.CharField(max_length=10, choices=StudyStage, default=StudyStage.MAIN)
    answered = models.PositiveIntegerField(default=0)  # each person's first showing of the clip
    repeated = models.PositiveIntegerField(default=0)  # its hidden repeats

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clip", "kind", "stage"], name="clip_answers_once")]

    def __str__(self) -> str:
        return f"{self.clip_id} {self.kind} {self.stage}: {self.answered}"
