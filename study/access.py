"""Which studies a user may see. Every view of a study gets it from here."""

from typing import Any

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404

from study.models import Study


def studies_of(user: Any) -> QuerySet[Study]:
    """Return the studies that `user` owns or is a member of; operators see all."""
    if user.is_superuser:
        return Study.objects.all()
    return Study.objects.filter(Q(owner=user) | Q(members=user)).distinct()


def study_or_404(user: Any, slug: str) -> Study:
    """Return the study, or raise 404, also for a study of others: strangers must not learn that it exists."""
    return get_object_or_404(studies_of(user), slug=slug)
