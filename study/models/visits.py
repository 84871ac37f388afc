"""The people whom a recruiting platform sends, apart from the participants that they become.

Nothing here leads to a participant, and nothing at a participant leads here: no key, no time, no order. Only the
participant's token joins them, which the person's browser and own link hold and no table does. So row numbers are
random (SQLite stores and dumps rows by them), nothing is counted, and there are no times: in a quiet study the hour
alone would match. `study/participants/visits.py` has the verbs.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from study.models.studies import Study
from study.opaque_tokens import new_row_number


class PlatformVisit(models.Model):
    """A person of a recruiting platform in one study, with the ids by which they are paid."""

    class State(models.TextChoices):
        BEGAN = "began", _("began")
        FINISHED = "finished", _("finished")
        SCREENED_OUT = "screened_out", _("screened out")
        PAID = "paid", _("paid")

    id = models.BigAutoField(primary_key=True, default=new_row_number)
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="platform_visits")
    # Digest of the platform's person under the server's key: it stays after the ids, until the study's ids are due to
    # be erased, so that an id counts once. Random for pilots, who may come again.
    person = models.CharField(max_length=64)
    ids = models.JSONField(default=dict, blank=True)  # by the platform's parameters; empty once erased
    state = models.CharField(max_length=12, choices=State, default=State.BEGAN)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "person"], name="platform_visit_once")]

    def __str__(self) -> str:
        return f"visit {self.pk}"


class VisitKey(models.Model):
    """By which a browser finds its visit: a digest of the support code that follows from the participant's token.

    Each visit has some, of which all but one are decoys at first: an id that came again takes one over, so that the
    rows do not tell which id did.
    """

    id = models.BigAutoField(primary_key=True, default=new_row_number)
    visit = models.ForeignKey(PlatformVisit, on_delete=models.CASCADE, related_name="keys")
    digest = models.CharField(max_length=64, unique=True)

    def __str__(self) -> str:
        return f"key {self.pk}"
