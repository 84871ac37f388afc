"""The page that builds one question of a trial."""

from string import ascii_uppercase
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_http_methods
from pydantic import TypeAdapter

from study.access import Right
from study.console.common import one_at_a_time, study_page
from study.console.forms.instrument import InstrumentBuilder
from study.console.forms.row_buttons import rearranged
from study.console.forms.texts import own_name
from study.console.forms.versions import VERSION
from study.console.instrument import place_of, say_lost_units
from study.digests import canonical_digest
from study.errors import StudyError
from study.instruments.of_study import instrument_of
from study.instruments.questions import Instrument, Pair, Pick, Question, Rate
from study.instruments.words import KIND_NAMES
from study.models import Study
from study.setup import instrument_editing
from study.setup.instrument_text import instrument_yaml
from study.setup.path_steps import conditions_of
from study.survey.question_facts import heading, instrument_facts
from study.texts import languages_of

_QUESTION: TypeAdapter[Question] = TypeAdapter(Question)


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.EDIT)
@one_at_a_time
def instrument_add(request: HttpRequest, study: Study, kind: str) -> HttpResponse:
    """Build a new question."""
    if kind not in KIND_NAMES:
        raise Http404
    return _build(request, study, kind, None)


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.EDIT)
@one_at_a_time
def instrument_edit(request: HttpRequest, study: Study, key: str) -> HttpResponse:
    """Change a question."""
    question = next((row for row in instrument_of(study).questions if row.key == key), None)
    if question is None:
        messages.error(request, _("This question is no longer there: somebody removed or renamed it."))
        return redirect(place_of(study))
    return _build(request, study, question.kind, question)


def _build(request: HttpRequest, study: Study, kind: str, question: Question | None) -> HttpResponse:
    instrument = instrument_of(study)
    shown_of: dict[str, Any] = {"question": question.model_dump(mode="json")} if question else {}
    if kind == "pair":
        shown_of["pairs_per_clip"] = instrument.pairs_per_clip
    stored_now = canonical_digest(shown_of)[:16] if question else ""
    data: QueryDict | None = request.POST or None
    go_on_in, button = "", request.POST.get("do", "")
    if data is not None and button != "save":
        data, go_on_in = rearranged(request.POST, button)
    builder = InstrumentBuilder(
        kind,
        languages_of(study),
        instrument,
        len(conditions_of(study)),
        instrument_editing.answer_keys(instrument, question.key if question else ""),
        question,
        data,
    )
    problem = stored = ""
    if data is not None and builder.is_valid and button == "save":
        if question is not None and request.POST.get(VERSION) != stored_now:
            problem = _("Somebody has changed this question since you opened it. It is now as shown here:")
            stored = instrument_yaml(_alone(question))
        else:
            problem = _save(request, study, builder)
            if not problem:
                return redirect(place_of(study, builder.built()["key"]))
    is_refused = button == "save" and data is not None
    return render(
        request,
        "study/instrument_question.html",
        {
            "study": study,
            "kind": KIND_NAMES[kind],
            "question": question,
            "builder": builder,
            "problem": problem,
            "stored": stored,
            "unsaved": data is not None,
            # Unless it is shown now, what somebody else has saved since is still to be asked about.
            "version": stored_now if data is None or stored else request.POST.get(VERSION, ""),
            "shows_errors": is_refused,
            "go_on_in": go_on_in,
            "previews": _previews(builder, study, data is not None),
        },
        status=(409 if stored else 400) if is_refused else 200,
    )


def _alone(question: Question) -> Instrument:
    return Instrument.model_construct(questions=[question])


def _save(request: HttpRequest, study: Study, builder: InstrumentBuilder) -> str:
    """Store the question of a valid form; return why it was refused."""
    try:
        if builder.question is None:
            lost = instrument_editing.add_question(study, builder.built(), whole=builder.whole(), actor=request.user)
            messages.success(request, _("The question is added."))
        else:
            lost = instrument_editing.replace_question(
                study,
                builder.question.key,
                builder.built(),
                renames=builder.renames(),
                whole=builder.whole(),
                actor=request.user,
            )
            messages.success(request, _("The question is saved."))
    except StudyError as error:
        return str(error)
    say_lost_units(request, lost)
    return ""


def _previews(builder: InstrumentBuilder, study: Study, is_sent: bool) -> list[dict[str, Any]]:
    """The question as participants see it, in each language; nothing as long as something is missing."""
    question = builder.question
    if is_sent:
        question = _QUESTION.validate_python(builder.built()) if builder.is_valid else None
    if question is None:
        return []
    letters = ascii_uppercase[: _images_asked_about(question, instrument_of(study), len(conditions_of(study)))]
    shown = []
    for code in languages_of(study):
        with override(code):
            facts = instrument_facts(study, _alone(question), letters, {})
            words = {"heading": heading(study, question), "letters": letters, "asked": facts}
            html = render_to_string("study/_instrument_preview.html", words)
            shown.append({"code": code, "name": own_name(code), "html": html})
    return shown


def _images_asked_about(question: Question, instrument: Instrument, images: int) -> int:
    """How many images the question shows: two of a pair, those chosen, or all."""
    if isinstance(question, Pair):
        return 2
    if isinstance(question, Rate) and question.of == "chosen" and instrument.choose is not None:
        return min(instrument.choose.ranks, images)
    return 2 if isinstance(question, Rate | Pick) and instrument.pair is not None else images
