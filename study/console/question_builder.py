"""The page that builds one question."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from study.access import Right
from study.console.common import one_at_a_time, study_page
from study.console.forms.questions import BUILT, QuestionBuilder, kind_of
from study.console.forms.row_buttons import rearranged
from study.console.forms.versions import VERSION
from study.console.question_page import alone, as_participants_see, place_of, questions_in, set_of, titles
from study.digests import canonical_digest
from study.errors import StudyError
from study.models import Study
from study.participants.question_writing import is_own_layout, question_set_yaml
from study.participants.questions import Question
from study.setup import question_editing
from study.texts import languages_of


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.EDIT)
@one_at_a_time
def question_add(request: HttpRequest, study: Study, part: str, kind: str) -> HttpResponse:
    """Build a new question."""
    if kind not in BUILT:
        raise Http404
    return _build(request, study, part, kind, None)


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.EDIT)
@one_at_a_time
def question_edit(request: HttpRequest, study: Study, part: str, key: str) -> HttpResponse:
    """Change a question."""
    question = next((row for row in questions_in(set_of(study, part)) if row.key == key), None)
    if question is None:
        messages.error(request, _("This question is no longer there: somebody removed or renamed it."))
        return redirect(place_of(study, part))
    return _build(request, study, part, kind_of(question), question)


def _build(request: HttpRequest, study: Study, part: str, kind: str, question: Question | None) -> HttpResponse:
    found = set_of(study, part)
    others = [row for row in questions_in(found) if question is None or row.key != question.key]
    stored_now = canonical_digest(question.model_dump(mode="json"))[:16] if question else ""
    data: QueryDict | None = request.POST or None
    go_on_in, button = "", request.POST.get("do", "")
    if data is not None and button != "save":
        data, go_on_in = rearranged(request.POST, button)
    builder = QuestionBuilder(kind, languages_of(study), others, question, data, screens=part == "before")
    problem = stored = ""
    if data is not None and builder.is_valid and button == "save":
        if question is not None and request.POST.get(VERSION) != stored_now:
            problem = _("Somebody has changed this question since you opened it. It is now as shown here:")
            stored = question_set_yaml(alone(question))
        else:
            problem = _save(request, study, part, builder)
            if not problem:
                return redirect(place_of(study, part, builder.built().key))
    is_refused = button == "save" and data is not None
    # Unless it is shown now, what somebody else has saved since is still to be asked about.
    version = stored_now if data is None or stored else request.POST.get(VERSION, "")
    return render(
        request,
        "study/question.html",
        {
            "study": study,
            "part": part,
            "title_of_part": titles()[part],
            "kind": BUILT[kind],
            "question": question,
            "builder": builder,
            "problem": problem,
            "stored": stored,
            "unsaved": data is not None,
            "version": version,
            "shows_errors": is_refused,
            "go_on_in": go_on_in,
            "is_by_hand": found is not None and not is_own_layout(getattr(study, f"questions_{part}")),
            "previews": _previews(builder, study, data is not None),
        },
        status=(409 if stored else 400) if is_refused else 200,
    )


def _save(request: HttpRequest, study: Study, part: str, builder: QuestionBuilder) -> str:
    """Store the question of a valid form; return why it was refused."""
    new, old = builder.built(), builder.question
    try:
        if old is None:
            question_editing.add_question(study, part, new, actor=request.user)
            messages.success(request, _("The question is added."))
            return ""
        renames = builder.renames(part, new)
        if question_editing.replace_question(study, part, old.key, new, renames=renames, actor=request.user):
            messages.success(request, _("The question is saved; quotas, groups and rules use its new names."))
        else:
            messages.success(request, _("The question is saved."))
    except StudyError as error:
        return str(error)
    return ""


def _previews(builder: QuestionBuilder, study: Study, is_sent: bool) -> list[dict[str, Any]]:
    """The question as participants see it, in each language; nothing as long as something is missing."""
    question = builder.question
    if is_sent:
        question = builder.built() if builder.is_valid else None
    return as_participants_see(alone(question), languages_of(study)) if question else []
