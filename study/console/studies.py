"""Studies: the list; the description and conditions of one, its copy and its end."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from study.access import Access, Right, role_of, studies_of
from study.console.common import condition_rows, one_at_a_time, redirect_after_save, study_page
from study.console.deleted import tell_deleted
from study.console.forms.describe import ConditionsForm, DescribeForm
from study.console.forms.versions import editing
from study.design.conditions import ConditionPreset
from study.errors import StudyError
from study.models import Clip, Participant, Study
from study.setup import drafting, sharing
from study.setup.copying import copy_study


@require_safe
@login_required
def study_list(request: HttpRequest) -> HttpResponse:
    """List the studies that the signed-in researcher may see."""
    completed = Participant.objects.filter(
        Q(kind=Participant.Kind.REAL) | Q(kind=Participant.Kind.SIMULATED, study__simulated=True),
        study=OuterRef("pk"),
        stage=OuterRef("stage"),
        status=Participant.Status.COMPLETED,
    )
    # Each counted by itself: clips joined with participants would be millions of rows.
    studies: QuerySet[Any] = (
        sharing.with_archived(studies_of(request.user))
        .filter(rehearsal_of=None)  # those are listed on the page of their study
        .select_related("owner")
        .annotate(
            clip_count=_count_of(Clip.objects.filter(study=OuterRef("pk"))),
            completed=_count_of(completed),
        )
        .order_by("-created_at")
    )
    rows: list[Any] = list(studies)
    for study in rows:
        study.access = Access(study, role_of(request.user, study))
    return render(
        request,
        "study/study_list.html",
        {
            "studies": [study for study in rows if study.last_filed != "archived"],
            "archived": [study for study in rows if study.last_filed == "archived"],
        },
    )


def _count_of(rows: QuerySet[Any]) -> Coalesce:
    """The number of these rows of a study, in a query of studies."""
    return Coalesce(Subquery(rows.order_by().values("study").annotate(n=Count("pk")).values("n")), 0)


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.LOOK, change=Right.EDIT)
@one_at_a_time
def study_describe(request: HttpRequest, study: Study) -> HttpResponse:
    """Edit title, description, languages and texts; and the conditions, in a form of their own."""
    presets = tuple(ConditionPreset(row.key, row.label, row.levels) for row in study.conditions.all())
    posts_conditions = request.method == "POST" and "design" in request.POST
    form = DescribeForm(request.POST if request.method == "POST" and not posts_conditions else None, study=study)
    conditions = ConditionsForm(request.POST if posts_conditions else None, presets=presets)
    form.editing = editing(study, request.user, "described")
    conditions.editing = editing(study, request.user, "conditions changed")
    sent = conditions if posts_conditions else form
    if sent.is_valid():
        try:
            if posts_conditions:
                drafting.replace_conditions(study, conditions.cleaned_data["presets"], actor=request.user)
                message = _("The conditions are saved.")
            else:
                drafting.describe_study(
                    study,
                    title=form.cleaned_data["title"],
                    description=form.cleaned_data["description"],
                    languages=form.cleaned_data["languages"],
                    texts=form.texts(),
                    responsible=form.responsible(),
                    actor=request.user,
                )
                message = _("Saved.")
        except StudyError as error:
            sent.add_error(None, str(error))
        else:
            return redirect_after_save(request, study, "study_describe", message, step="describe", form=sent)
    return render(
        request,
        "study/describe.html",
        {
            "study": study,
            "form": form,
            "conditions_form": conditions,
            "conditions": condition_rows(study),
            "sealed": study.is_blinded,
        },
        status=sent.refusal_status,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.OWN)
def study_delete(request: HttpRequest, study: Study) -> HttpResponse:
    """Delete a draft, after its title was typed."""
    problem = ""
    if request.method == "POST":
        if request.POST.get("title", "").strip() != study.title.strip():
            problem = _("That is not the study's title. Nothing was deleted.")
        else:
            try:
                deletion = drafting.delete_draft(study, actor=request.user)
            except StudyError as error:
                problem = str(error)
            else:
                tell_deleted(request, _("“%(title)s” is deleted.") % {"title": study.title}, deletion)
                return redirect("study_list")
    return render(request, "study/delete.html", {"study": study, "problem": problem}, status=400 if problem else 200)


@require_POST
@study_page(Right.EDIT)
def study_archive(request: HttpRequest, study: Study) -> HttpResponse:
    """Archive a closed study, or restore it."""
    try:
        if request.POST.get("restore"):
            sharing.restore_study(study, actor=request.user)
            messages.success(request, _("“%(title)s” is back from the archive.") % {"title": study.title})
        else:
            sharing.archive_study(study, actor=request.user)
            messages.success(request, _("“%(title)s” is in the archive, below.") % {"title": study.title})
    except StudyError as error:
        messages.error(request, str(error))
        return redirect(study)
    return redirect("study_list")


@require_POST
@study_page(Right.EDIT)
def study_copy(request: HttpRequest, study: Study) -> HttpResponse:
    """Copy the study to a draft without participants."""
    title = _("%(title)s (copy)") % {"title": study.title[:180]}
    try:
        copy = copy_study(study, title=title, owner=request.user)
    except StudyError as error:
        messages.error(request, str(error))
        return redirect(study)
    messages.success(request, _("This is the copy: your own draft, with its own seed."))
    if copy.ethics == Study.Ethics.APPROVED:
        messages.warning(request, _("The copy names the same ethics approval. Check that it covers this study too."))
    return redirect("study_describe", copy.slug)
