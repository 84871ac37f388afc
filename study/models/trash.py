"""What was deleted within the last day: its rows as text, and its files, which stay until then.

The rows themselves are gone, so that no query, count, plan or export can find them.
"""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from study.models.studies import Study

KEPT_FOR = timedelta(days=1)


class Deletion(models.Model):
    """One deletion that can be undone for a day; `study/setup/trash.py` has the verbs."""

    class Kind(models.TextChoices):
        CLIPS = "clips", _("clips")
        STUDY = "study", _("study")
        FILE = "file", _("file of the study")

    kind = models.CharField(max_length=10, choices=Kind)
    # None for a study: it is gone; `owner` says who may bring it back.
    study = models.ForeignKey(Study, null=True, on_delete=models.CASCADE, related_name="deletions")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="deleted_studies"
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    names = models.JSONField(default=list)  # of what was deleted, as pages show them
    rows = models.TextField()  # as `study/setup/trash_rows.py` writes them
    at = models.DateTimeField()

    class Meta:
        ordering = ("-at", "-pk")

    def __str__(self) -> str:
        return f"{self.kind} deleted {self.at:%Y-%m-%d %H:%M}"


class DeletedFile(models.Model):
    """A stored file of something deleted: it is kept as long as its row."""

    deletion = models.ForeignKey(Deletion, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=200, db_index=True)

    def __str__(self) -> str:
        return self.name
