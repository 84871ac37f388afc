"""The pages “Recently deleted”: of a study, and of the studies that somebody has deleted."""

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from study.access import Right
from study.console.common import study_page
from study.errors import StudyError
from study.models import Deletion, Study
from study.models.trash import KEPT_FOR
from study.setup import trash

MOST_DIGITS = 18


def tell_deleted(request: HttpRequest, text: str, deletion: Deletion) -> None:
    """Say that something is deleted, with a button beside it that brings it back."""
    study = deletion.study
    address = reverse("study_deleted", args=[study.slug]) if study else reverse("deleted_studies")
    # The page's template makes a form of it.
    messages.success(request, text, extra_tags=f"undo {address} {deletion.pk}")


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.LOOK, change=Right.EDIT)
def study_deleted(request: HttpRequest, study: Study) -> HttpResponse:
    """List what was deleted in the study within a day; bring one of it back."""
    if request.method == "POST":
        clips = study.deletions.filter(pk=_chosen(request), kind=Deletion.Kind.CLIPS).exists()
        try:
            said = trash.restore_in_study(study, _chosen(request), actor=request.user)
        except StudyError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("It is back, as it was."))
            for text in said:
                messages.warning(request, text)
            return redirect("study_clips" if clips else "study_deleted", study.slug)
        return redirect("study_deleted", study.slug)
    return render(request, "study/deleted.html", {"study": study, "deletions": _until(trash.recently_deleted(study))})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def deleted_studies(request: HttpRequest) -> HttpResponse:
    """List the drafts that the signed-in researcher has deleted within a day; bring one back."""
    if request.method == "POST":
        try:
            study, said = trash.restore_study(request.user, _chosen(request))
        except StudyError as error:
            messages.error(request, str(error))
            return redirect("deleted_studies")
        messages.success(request, _("“%(title)s” is back.") % {"title": study.title})
        for text in said:
            messages.warning(request, text)
        return redirect(study)
    return render(request, "study/deleted_studies.html", {"deletions": _until(trash.deleted_studies(request.user))})


def _chosen(request: HttpRequest) -> int:
    text = request.POST.get("deletion", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS else 0


def _until(deletions: QuerySet[Deletion]) -> list[tuple[Deletion, datetime]]:
    """Return deletions, each with the time until which it can be undone."""
    return [(row, row.at + KEPT_FOR) for row in deletions]
