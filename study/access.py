"""Which studies a user may see. Every view of a study gets it from here."""

import logging
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from study.models import Study

logger = logging.getLogger(__name__)


def studies_of(user: Any) -> QuerySet[Study]:
    """Return the studies that `user` owns or is a member of; operators see all."""
    if user.is_superuser:
        return Study.objects.all()
    return Study.objects.filter(Q(owner=user) | Q(members=user)).distinct()


def study_or_404(user: Any, slug: str) -> Study:
    """Return the study, or raise 404, also for a study of others: strangers must not learn that it exists.

    The log tells an operator who asked for what is not theirs.
    """
    try:
        return get_object_or_404(studies_of(user), slug=slug)
    except Http404:
        if Study.objects.filter(slug=slug).exists():
            logger.warning("The account %s asked for the study %s, which it has no access to.", user.pk, slug)
        raise
