"""Times of schedules in tests."""

from datetime import datetime, timedelta

from django.utils import timezone

from study.models import Schedule, Study


def soon(minutes: int) -> datetime:
    return timezone.now() + timedelta(minutes=minutes)


def passes(study: Study, minutes: int) -> None:
    """Let time pass: the stored times come nearer."""
    for row in Schedule.objects.filter(study=study):
        for name in ("opens_at", "closes_at"):
            if at := getattr(row, name):
                setattr(row, name, at - timedelta(minutes=minutes))
        row.save()
