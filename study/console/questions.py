"""The page “Questions”: its forms, the set as participants see it, and as YAML."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from study.access import Right
from study.console.common import one_at_a_time, study_page
from study.console.forms.question_page import YamlForm
from study.console.forms.texts import own_name
from study.console.forms.versions import editing
from study.console.question_page import QuestionsPage, as_participants_see, place_of, set_of, titles
from study.errors import StudyError
from study.models import Study
from study.participants.questions import SHIPPED, shipped_question_set
from study.setup import question_editing
from study.texts import languages_of


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.LOOK, change=Right.EDIT)
@one_at_a_time
def study_questions(request: HttpRequest, study: Study) -> HttpResponse:
    """Both question sets, screening, quotas and groups of people; each form is saved by its own button."""
    page = QuestionsPage(study, request.user)
    save = request.POST.get("save", "")
    done = page.save(save, request) if request.method == "POST" else ""
    if done:
        messages.success(request, done)
        return redirect(f"{reverse('study_questions', args=[study.slug])}#{save}")
    return render(request, "study/questions.html", page.context(), status=page.status)


@require_POST
@study_page(Right.EDIT)
def questions_change(request: HttpRequest, study: Study, part: str) -> HttpResponse:
    """Move, copy or remove a question, or add a set that ships: `do` is the verb and what it is about."""
    verb, _colon, about = request.POST.get("do", "").partition(":")
    actor, target = request.user, about
    try:
        match verb:
            case "up" | "down":
                question_editing.move_question(study, part, about, -1 if verb == "up" else 1, actor=actor)
            case "copy":
                target = question_editing.copy_question(study, part, about, actor=actor)
                messages.success(request, _("The copy is below its original."))
            case "remove":
                question_editing.remove_question(study, part, about, actor=actor)
                messages.success(request, _("The question is removed."))
                target = ""
            case "set" if about in SHIPPED:
                question_editing.add_shipped_set(study, part, about, actor=actor)
                messages.success(request, _("The questions are added. Remove those that the analysis does not need."))
                target = ""
            case _:
                raise Http404
    except StudyError as error:
        messages.error(request, str(error))
    return redirect(place_of(study, part, target))


@require_safe
@study_page(Right.LOOK)
def questions_preview(request: HttpRequest, study: Study, part: str) -> HttpResponse:
    """A part's page as participants see it, in one of the study's languages."""
    languages = languages_of(study)
    chosen = request.GET.get("language", "")
    language = chosen if chosen in languages else languages[0]
    found = set_of(study, part)
    return render(
        request,
        "study/questions_preview.html",
        {
            "study": study,
            "part": part,
            "title_of_part": titles()[part],
            "languages": [(code, own_name(code)) for code in languages],
            "language": language,
            "preview": as_participants_see(found, [language])[0] if found else None,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.LOOK, change=Right.EDIT)
@one_at_a_time
def questions_yaml(request: HttpRequest, study: Study, part: str) -> HttpResponse:
    """A part's set as YAML, to read, write, paste or upload."""
    form = YamlForm(request.POST or None, request.FILES or None, initial={"text": getattr(study, f"questions_{part}")})
    form.editing = editing(study, request.user, "questions changed", part=part)
    if request.method == "POST" and form.is_valid():
        try:
            question_editing.import_questions(study, part, form.yaml(), actor=request.user)
            messages.success(request, _("The questions are saved."))
            return redirect(place_of(study, part))
        except StudyError as error:
            form.add_error("text", str(error))
    return render(
        request,
        "study/questions_yaml.html",
        {
            "study": study,
            "part": part,
            "title_of_part": titles()[part],
            "form": form,
            "example": shipped_question_set("musical_experience"),
        },
        status=form.refusal_status,
    )


@require_safe
@study_page(Right.LOOK)
def questions_file(request: HttpRequest, study: Study, part: str) -> HttpResponse:
    """A part's set as a file, as it is stored."""
    text = getattr(study, f"questions_{part}")
    response = HttpResponse(f"{text.rstrip()}\n", content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{study.slug}-questions-{part}.yaml"'
    return response
