"""Tokens by which a person's scripts read one study."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from study.models.members import Role
from study.models.studies import Study


class ApiToken(models.Model):
    """A token for one person and one study; only its hash is stored. Deleted: it is ended."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="api_tokens")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    # Of its person when it was made. With another role it is good for nothing: a script never comes to read more.
    role = models.CharField(max_length=10, choices=Role)
    name = models.CharField(max_length=80)  # where it is used, in the person's words
    token_hash = models.CharField(max_length=64, unique=True)
    made_on = models.DateField(default=timezone.localdate)
    last_day = models.DateField()
    last_used_on = models.DateField(null=True, blank=True)  # the day alone

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"token {self.pk} of {self.study_id}"

    @property
    def has_ended(self) -> bool:
        """Whether its last day is over."""
        return timezone.localdate() > self.last_day
