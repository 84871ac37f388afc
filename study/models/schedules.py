"""When a study opens and closes by itself."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from study.models.studies import Study


class Schedule(models.Model):
    """The times at which a study is to open and to close; `study/setup/schedule.py` keeps them.

    A time that was kept, or that could not be, is emptied; `note` says why it could not be.
    """

    study = models.OneToOneField(Study, on_delete=models.CASCADE, related_name="schedule")
    opens_at = models.DateTimeField(null=True, blank=True)
    closes_at = models.DateTimeField(null=True, blank=True)
    # The study closes, too, once so many have finished as the plan's target says.
    closes_at_target = models.BooleanField(default=False)
    # In which the times were written; pages show them in it and in UTC.
    time_zone = models.CharField(max_length=64)
    # Digest of the plan that was looked at when the opening was scheduled: no other plan opens by itself.
    plan_digest = models.CharField(max_length=64, blank=True)
    # In whose name it opens and closes: nothing happens without their right at that time. None: their account is gone.
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    closes_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    note = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"schedule of {self.study_id}"

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to happen any more."""
        return self.opens_at is None and self.closes_at is None and not self.closes_at_target

    def opening_is_due(self) -> bool:
        return self.opens_at is not None and self.opens_at <= timezone.now()

    def closing_is_due(self) -> bool:
        """Whether its time has come; the target is looked at beside."""
        return self.closes_at is not None and self.closes_at <= timezone.now()
