"""The step “Generate”: the run, live, and its settings."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from generation.console.forms import SettingsForm
from generation.console.presenting import clip_views, is_blinded
from generation.errors import GenerationError
from generation.models import ClipStep
from generation.runs import lifecycle, spending
from generation.runs.conditions import painted_conditions
from generation.runs.progress import progress_of, undecided
from generation.settings_model import GenerationSettings, settings_of, store_settings
from generation.writing import OpenAIOptions, WritingError
from study.access import study_or_404
from study.errors import StudyError
from study.models import Clip, Study
from study.models.studies import record

CLIPS_A_PAGE = 50


def filtered_clips(study: Study, show: str) -> QuerySet[Clip]:
    """The study's clips: all, those to decide, those that failed, or those left out."""
    if show == "decide":
        return study.clips.filter(pk__in={clip_id for clip_id, _tag in undecided(study)})
    if show == "failed":
        return study.clips.filter(steps__state=ClipStep.State.FAILED).distinct()
    if show == "left-out":
        return study.clips.filter(included=False)
    return study.clips.all()


def _live_context(request: HttpRequest, study: Study) -> dict:
    show = request.GET.get("show", "all")
    page = Paginator(filtered_clips(study, show), CLIPS_A_PAGE).get_page(request.GET.get("page"))
    progress = progress_of(study)
    ready_made = not painted_conditions(study)
    included = study.clips.filter(included=True)
    heard = included.exclude(survey_audio="").count()
    done, wanted = (heard, included.count()) if ready_made else (progress.images_ready, progress.images_wanted)
    return {
        "study": study,
        "progress": progress,
        "page": page,
        "rows": clip_views(page.object_list, study),
        "show": show,
        "blinded": is_blinded(study),
        "conditions": range(study.conditions.count()),
        "ready_made": ready_made,
        "heard": heard,
        "is_done": bool(wanted) and done >= wanted,
        "left_out": study.clips.filter(included=False).count(),
    }


@require_safe
@login_required
def generation_run(request: HttpRequest, slug: str) -> HttpResponse:
    """The whole page."""
    study = study_or_404(request.user, slug)
    context = _live_context(request, study)
    try:
        context["settings"] = settings_of(study)
    except GenerationError as error:
        messages.error(request, str(error))
        context["settings"] = GenerationSettings()
    if isinstance(context["settings"].writer, OpenAIOptions) and not context["ready_made"]:
        context["cost"] = _cost(study, context["settings"])
    return render(request, "generation/run.html", context)


def _cost(study: Study, settings: GenerationSettings) -> dict:
    """The language model's calls and tokens: what is still to come, and what was used so far."""
    writer = settings.writer
    assert isinstance(writer, OpenAIOptions)
    used = spending.used(study)
    cost: dict = {"used": used, "spent": used.cost(writer), "writer": writer}
    cost["priced"] = bool(writer.price_per_million_input_tokens or writer.price_per_million_output_tokens)
    if study.settings_can_change:
        try:
            cost["estimate"] = spending.estimate(study, settings)
        except WritingError as error:  # a template that is not there
            cost["problem"] = str(error)
    return cost


@require_safe
@login_required
def generation_live(request: HttpRequest, slug: str) -> HttpResponse:
    """The part of the page that changes while a run goes."""
    study = study_or_404(request.user, slug)
    response = render(request, "generation/live.html", _live_context(request, study))
    response.headers["Cache-Control"] = "no-store"
    return response


def attempt(request: HttpRequest, done: str, verb, *args, **kwargs) -> None:
    """Call a verb of generation or of the study, and show its success or its refusal."""
    try:
        verb(*args, actor=request.user, **kwargs)
    except StudyError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)


@require_POST
@login_required
def generation_start(request: HttpRequest, slug: str) -> HttpResponse:
    """Starts a run over what is left to do."""
    study = study_or_404(request.user, slug)
    notify = bool(request.POST.get("notify"))
    attempt(request, _("Generation has started."), lifecycle.start_run, study, notify=notify)
    return redirect("generation_run", slug)


@require_POST
@login_required
def generation_cancel(request: HttpRequest, slug: str) -> HttpResponse:
    """Ends the run that is going."""
    study = study_or_404(request.user, slug)
    run = lifecycle.active_run(study)
    if run is not None:
        attempt(request, _("Cancelled. What is made stays."), lifecycle.cancel_run, run)
    return redirect("generation_run", slug)


@require_POST
@login_required
def generation_retry(request: HttpRequest, slug: str) -> HttpResponse:
    """Does the failed steps again."""
    study = study_or_404(request.user, slug)
    attempt(request, _("What failed is tried again."), lifecycle.retry_failed, study)
    return redirect("generation_run", slug)


@login_required
def generation_settings(request: HttpRequest, slug: str) -> HttpResponse:
    """Tag source, rules, tagger, writer and painter."""
    study = study_or_404(request.user, slug)
    try:
        current = settings_of(study)
    except GenerationError as error:
        messages.error(request, str(error))
        current = GenerationSettings()
    editable = study.settings_can_change and lifecycle.active_run(study) is None
    form = SettingsForm(
        request.POST if request.method == "POST" and editable else None,
        current=current,
        keep_unchanged=study.include_unchanged_clips,
    )
    if form.is_bound and form.is_valid():
        chosen = form.cleaned_data["settings"]
        store_settings(study, chosen)
        Study.objects.filter(pk=study.pk).update(include_unchanged_clips=form.cleaned_data["keep_unchanged"])
        record(study, "generation settings changed", actor=request.user, settings=chosen.model_dump(mode="json"))
        messages.success(request, _("Saved. The next run makes again only what depends on what you changed."))
        return redirect("generation_run", slug)
    return render(
        request,
        "generation/settings.html",
        {"study": study, "form": form, "editable": editable},
        status=422 if form.is_bound else 200,
    )


def clip_or_404(study: Study, number: int) -> Clip:
    """The study's clip of that number."""
    return get_object_or_404(study.clips, number=number)
