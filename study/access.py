"""Who may see which study: one place to ask, so that no view forgets."""

from typing import Any

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404

from study.models import Study


def studies_of(user: Any) -> QuerySet[Study]:
    """The studies that `user` owns or is a member of; operators see all."""
    if user.is_superuser:
        return Study.objects.all()
    return Study.objects.filter(Q(owner=user) | Q(members=user)).distinct()


def study_or_404(user: Any, slug: str) -> Study:
    """The study, or 404 also where it exists and is somebody else's: strangers learn nothing."""
    return get_object_or_404(studies_of(user), slug=slug)
