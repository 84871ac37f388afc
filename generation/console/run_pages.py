"""The pages of the step “Generate”: the study's run with its live part, and the generation settings."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from generation.console.clip_views import clip_views
from generation.console.common import attempt, filtered_clips
from generation.console.settings_form import SettingsForm
from generation.errors import GenerationError
from generation.runs import lifecycle, spending
from generation.runs.conditions import painted_conditions
from generation.runs.progress import progress_of
from generation.runs.settings_changes import change_settings
from generation.settings_model import GenerationSettings, settings_of
from generation.study_files import is_own
from generation.writing import OpenAIOptions, WritingError
from study.access import Right
from study.console.common import one_at_a_time, redirect_after_save, study_page
from study.console.forms.versions import editing
from study.errors import StudyError
from study.models import Study

CLIPS_A_PAGE = 50


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
        "blinded": study.is_blinded,
        "conditions": range(study.conditions.count()),
        "ready_made": ready_made,
        "heard": heard,
        "is_done": bool(wanted) and done >= wanted,
        "left_out": study.clips.filter(included=False).count(),
    }


@require_safe
@study_page(Right.LOOK, change=Right.EDIT)
def generation_run(request: HttpRequest, study: Study) -> HttpResponse:
    """The page of the run."""
    context = _live_context(request, study)
    try:
        context["settings"] = settings_of(study)
    except GenerationError as error:
        messages.error(request, str(error))
        context["settings"] = GenerationSettings()
    context["rules"] = _name_of_rules(study, context["settings"].rules)
    if isinstance(context["settings"].writer, OpenAIOptions) and not context["ready_made"]:
        context["cost"] = _cost(study, context["settings"])
    return render(request, "generation/run.html", context)


def _name_of_rules(study: Study, rules: str) -> str:
    """Return the name of the rule set: that of the file for one of the study's own."""
    own = study.files.filter(digest=rules).values_list("name", flat=True).first()
    return own or (rules[:8] if is_own(rules) else rules)


def _cost(study: Study, settings: GenerationSettings) -> dict:
    """Return the language model's calls and tokens: the estimate of those to come, and those used so far."""
    writer = settings.writer
    assert isinstance(writer, OpenAIOptions)
    used = spending.used(study)
    cost: dict = {"used": used, "spent": used.cost(writer), "writer": writer}
    cost["priced"] = bool(writer.price_per_million_input_tokens or writer.price_per_million_output_tokens)
    if study.settings_can_change:
        try:
            cost["estimate"] = spending.estimate(study, settings)
        except WritingError as error:  # the prompt template does not exist
            cost["problem"] = str(error)
    return cost


@require_safe
@study_page(Right.LOOK, change=Right.EDIT)
def generation_live(request: HttpRequest, study: Study) -> HttpResponse:
    """The part of the page that changes during a run."""
    response = render(request, "generation/live.html", _live_context(request, study))
    response.headers["Cache-Control"] = "no-store"
    return response


@require_POST
@study_page(Right.EDIT)
def generation_start(request: HttpRequest, study: Study) -> HttpResponse:
    """Start a run over what is left to do."""
    notify = bool(request.POST.get("notify"))
    attempt(request, _("Generation has started."), lifecycle.start_run, study, notify=notify)
    return redirect("generation_run", study.slug)


@require_POST
@study_page(Right.EDIT)
def generation_cancel(request: HttpRequest, study: Study) -> HttpResponse:
    """Cancel the running run."""
    run = lifecycle.active_run(study)
    if run is not None:
        attempt(request, _("Cancelled. Finished steps are kept."), lifecycle.cancel_run, run)
    return redirect("generation_run", study.slug)


@require_POST
@study_page(Right.EDIT)
def generation_retry(request: HttpRequest, study: Study) -> HttpResponse:
    """Do the failed steps again."""
    attempt(request, _("The failed steps are tried again."), lifecycle.retry_failed, study)
    return redirect("generation_run", study.slug)


@study_page(Right.LOOK, change=Right.EDIT)
@one_at_a_time
def generation_settings(request: HttpRequest, study: Study) -> HttpResponse:
    """Tag source, rules, tagger, writer and painter."""
    try:
        current = settings_of(study)
    except GenerationError as error:
        messages.error(request, str(error))
        current = GenerationSettings()
    editable = study.settings_can_change and lifecycle.active_run(study) is None
    form = SettingsForm(
        request.POST if request.method == "POST" else None,
        current=current,
        keep_unchanged=study.include_unchanged_clips,
        files=study.files.defer("text", "summary"),
        as_the_seed=request.GET.get("preset") == "seed",
    )
    form.editing = editing(study, request.user, "generation settings changed")
    if form.is_bound:
        try:
            lifecycle.lock_settings(study)
        except StudyError as error:
            form.add_error(None, str(error))
    if form.is_valid():
        keep_unchanged = form.cleaned_data["keep_unchanged"]
        change_settings(study, form.cleaned_data["settings"], keep_unchanged=keep_unchanged, actor=request.user)
        saved = _("Saved. The next run repeats only the steps that depend on your changes.")
        return redirect_after_save(request, study, "generation_run", saved, form=form)
    return render(
        request,
        "generation/settings.html",
        {"study": study, "form": form, "editable": editable, "preset": request.GET.get("preset") == "seed"},
        status=409 if form.conflicts or (form.is_bound and not editable) else 422 if form.errors else 200,
    )
