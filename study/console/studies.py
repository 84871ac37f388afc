"""Studies: the list, a new one, its overview and texts, who works on it, its log and its end."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from study.access import studies_of
from study.console.common import condition_rows, conditions_are_sealed, study_page
from study.console.forms.describe import ConditionsForm, CreateStudyForm, DescribeForm
from study.design.conditions import ConditionPreset
from study.errors import StudyError
from study.models import Participant, Study
from study.setup import drafting, sharing
from study.setup.copying import copy_study
from study.setup.lifecycle import create_study
from study.setup.path_steps import Group, Progress, images_progress, progress_of, steps_of


@require_safe
@login_required
def study_list(request: HttpRequest) -> HttpResponse:
    """All studies that the signed-in researcher may see."""
    real = Q(participants__kind=Participant.Kind.REAL) | Q(
        participants__kind=Participant.Kind.SIMULATED, simulated=True
    )
    studies: QuerySet[Any] = (
        sharing.with_archived(studies_of(request.user))
        .select_related("owner")
        .annotate(
            clip_count=Count("clips", distinct=True),
            completed=Count("participants", filter=real & Q(participants__status="completed"), distinct=True),
        )
        .order_by("-created_at")
    )
    rows: list[Any] = list(studies)
    return render(
        request,
        "study/study_list.html",
        {
            "studies": [study for study in rows if study.last_filed != "archived"],
            "archived": [study for study in rows if study.last_filed == "archived"],
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def study_create(request: HttpRequest) -> HttpResponse:
    """A new draft."""
    form = CreateStudyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        study = create_study(title=form.cleaned_data["title"], owner=request.user, presets=form.cleaned_data["presets"])
        messages.success(request, _("The study is there. Say now what participants read, or start with the clips."))
        return redirect("study_describe", study.slug)
    return render(request, "study/study_create.html", {"form": form}, status=400 if form.errors else 200)


@require_safe
@study_page
def study_overview(request: HttpRequest, study: Study) -> HttpResponse:
    """One study: what is done, what comes next, one thing to do."""
    steps = _setup_rows(study)
    return render(
        request,
        "study/overview.html",
        {
            "study": study,
            "steps": steps,
            "next": _what_comes_next(study, steps),
            "conditions": condition_rows(study),
            "sealed": conditions_are_sealed(study),
            "archived": sharing.is_archived(study),
            "completed": study.participants.filter(
                kind=Participant.Kind.SIMULATED if study.simulated else Participant.Kind.REAL,
                status=Participant.Status.COMPLETED,
            ).count(),
            "clip_count": study.clips.filter(included=True).count(),
            "recent": study.log.select_related("actor").order_by("-pk")[:5],
        },
    )


def _words(key: str) -> str:
    """What a step is for; a step of another app without words here has none."""
    return {
        "describe": _("Say what participants read: the question, the consent, the instructions."),
        "clips": _("Upload the music that people will hear."),
        "tags": _("Import the original tags; clips without any have theirs predicted."),
        "generate": _("Make the images of every clip."),
        "review": _("Look at every clip's images and settle what is contested."),
        "plan": _("Fix weights, people and checks before the first answer."),
        "power": _("How many people and clips it takes to find an effect."),
        "early_stop": _("Whether the study may end before its target, by a rule fixed now."),
        "reporting": _("What the report's checklists ask and only you know."),
        "upload": _("Upload the images that were made elsewhere."),
        "preview": _("Take the survey yourself, as a participant sees it."),
        "open": _("Let participants in. From then on the plan is fixed."),
    }.get(key, "")


def _setup_rows(study: Study) -> list[dict[str, Any]]:
    rows = []
    for step in steps_of(Group.SETUP, study):
        try:
            url = reverse(step.url_name, args=[study.slug])
        except NoReverseMatch:
            continue
        progress = progress_of(step, study)
        rows.append(
            {
                "key": step.key,
                "title": step.title,
                "url": url,
                "progress": progress,
                "words": _words(step.key),
                "optional": step.optional,
            }
        )
    return rows


def _what_comes_next(study: Study, steps: list[dict[str, Any]]) -> dict[str, Any]:
    """The one thing to do now: its title, words, link and button."""
    if study.status in Study.TAKES_ANSWERS:
        if study.status == Study.Status.PAUSED:
            return {
                "title": _("The study is paused"),
                "url": reverse("study_open", args=[study.slug]),
                "words": _("Nobody new comes in; people in the middle may finish."),
                "button": _("Resume or close"),
            }
        return {
            "title": _("The study is open"),
            "url": reverse("study_links", args=[study.slug]),
            "words": _("Hand out the link and watch the answers come in."),
            "button": _("Share the link"),
            "more_url": reverse("study_monitor", args=[study.slug]),
            "more": _("See how it is going"),
        }
    if study.status == Study.Status.CLOSED:
        return _next_after_closing(study)
    painted = images_progress(study) is not Progress.TODO
    left = [
        row
        for row in steps
        if row["progress"] not in (None, Progress.DONE)
        and not row["optional"]
        and not (row["key"] == "tags" and painted)
    ]
    if not left:
        return {"title": _("All is done"), "words": "", "url": steps[-1]["url"], "button": steps[-1]["title"]}
    row = left[0]
    without_tags = left[1] if row["key"] == "tags" and len(left) > 1 else None
    return {
        "title": row["title"],
        "words": row["words"],
        "url": row["url"],
        "button": _("Go on with: %(step)s") % {"step": row["title"]},
        "more_url": without_tags["url"] if without_tags else "",
        "more": _("Go on without tags") if without_tags else "",
    }


def _next_after_closing(study: Study) -> dict[str, Any]:
    results = next(iter(steps_of(Group.RESULTS, study)), None)
    url = reverse("study_monitor", args=[study.slug])
    if results is not None:
        url = reverse(results.url_name, args=[study.slug])
    if study.is_sealed:
        return {
            "title": _("The study is closed, and still sealed"),
            "url": reverse("study_monitor", args=[study.slug]),
            "words": _("People in the middle may finish first; then the results open."),
            "button": _("See how it went"),
        }
    return {
        "title": _("The study is closed"),
        "words": _("The seal is broken: results by condition are open."),
        "url": url,
        "button": _("Read the results"),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@study_page
def study_describe(request: HttpRequest, study: Study) -> HttpResponse:
    """Title, description, languages, texts; and the conditions, on a form of their own."""
    presets = tuple(ConditionPreset(row.key, row.label, row.levels) for row in study.conditions.all())
    about_conditions = request.method == "POST" and "design" in request.POST
    form = DescribeForm(request.POST if request.method == "POST" and not about_conditions else None, study=study)
    conditions = ConditionsForm(request.POST if about_conditions else None, presets=presets)
    if request.method == "POST":
        try:
            if about_conditions and conditions.is_valid():
                drafting.replace_conditions(study, conditions.cleaned_data["presets"], actor=request.user)
                messages.success(request, _("The conditions are saved."))
                return redirect("study_describe", study.slug)
            if not about_conditions and form.is_valid():
                drafting.describe_study(
                    study,
                    title=form.cleaned_data["title"],
                    description=form.cleaned_data["description"],
                    languages=form.cleaned_data["languages"],
                    texts=form.texts(),
                    actor=request.user,
                )
                messages.success(request, _("Saved."))
                return redirect("study_describe", study.slug)
        except StudyError as error:
            messages.error(request, str(error))
            return redirect("study_describe", study.slug)
    return render(
        request,
        "study/describe.html",
        {
            "study": study,
            "form": form,
            "conditions_form": conditions,
            "conditions": condition_rows(study),
            "sealed": conditions_are_sealed(study),
        },
        status=400 if form.errors or conditions.errors else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@study_page
def study_members(request: HttpRequest, study: Study) -> HttpResponse:
    """Who works on the study; share it with a colleague."""
    if request.method == "POST":
        try:
            user = sharing.share_study(study, request.POST.get("name", ""), actor=request.user)
            messages.success(request, _("%(name)s can work on this study now.") % {"name": user.get_username()})
        except StudyError as error:
            messages.error(request, str(error))
        return redirect("study_members", study.slug)
    members = study.members.order_by("username")
    return render(request, "study/members.html", {"study": study, "members": members})


@require_POST
@study_page
def member_remove(request: HttpRequest, study: Study, user_id: int) -> HttpResponse:
    """Ends a colleague's access."""
    user = get_object_or_404(get_user_model(), pk=user_id, studies=study)
    try:
        sharing.unshare_study(study, user, actor=request.user)
    except StudyError as error:
        messages.error(request, str(error))
        return redirect("study_members", study.slug)
    messages.success(request, _("%(name)s no longer works on this study.") % {"name": user.get_username()})
    return redirect("study_list") if user == request.user else redirect("study_members", study.slug)


@require_safe
@study_page
def study_log(request: HttpRequest, study: Study) -> HttpResponse:
    """What was done to the study, by whom, when and why; newest first."""
    entries = study.log.select_related("actor").order_by("-pk")
    page = Paginator(entries, 100).get_page(request.GET.get("page"))
    return render(request, "study/log.html", {"study": study, "page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@study_page
def study_delete(request: HttpRequest, study: Study) -> HttpResponse:
    """Throws a draft away, after its title is typed."""
    problem = ""
    if request.method == "POST":
        if request.POST.get("title", "").strip() != study.title.strip():
            problem = _("That is not the study's title. Nothing was deleted.")
        elif request.user.pk != study.owner_id and not request.user.is_superuser:
            problem = _("Only the study's owner can delete it.")
        else:
            try:
                drafting.delete_draft(study)
            except StudyError as error:
                problem = str(error)
            else:
                messages.success(request, _("“%(title)s” is deleted.") % {"title": study.title})
                return redirect("study_list")
    return render(request, "study/delete.html", {"study": study, "problem": problem}, status=400 if problem else 200)


@require_POST
@study_page
def study_archive(request: HttpRequest, study: Study) -> HttpResponse:
    """Puts a closed study away, or brings it back."""
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
@study_page
def study_copy(request: HttpRequest, study: Study) -> HttpResponse:
    """A draft like this one, without its people."""
    title = _("%(title)s (copy)") % {"title": study.title[:180]}
    copy = copy_study(study, title=title, owner=request.user)
    messages.success(request, _("This is the copy, a draft of your own with a seed of its own."))
    return redirect("study_describe", copy.slug)
