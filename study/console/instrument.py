"""The page “Questions in each trial”: the questions in order, presets, the plan's main question, and all as YAML."""

import json
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from study.access import Right
from study.console.common import hold_for_next_page, one_at_a_time, study_page, take_held
from study.console.forms.instrument import MainQuestionForm
from study.console.forms.question_page import YamlForm
from study.console.forms.texts import own_name
from study.console.forms.versions import editing
from study.errors import StudyError
from study.instruments.of_study import instrument_of, is_classic, points_of
from study.instruments.presets import PRESETS
from study.instruments.questions import CLASSIC, Choose, Instrument, Question
from study.instruments.reading import InstrumentRefused
from study.instruments.words import KIND_NAMES, PRESET_WORDS, asked, details, is_optional, texts_missing
from study.models import Participant, Study
from study.participants.enrolment import design_of, main_clips
from study.participants.expected_time import expected_minutes
from study.setup import instrument_editing
from study.setup.instrument_text import instrument_yaml, read_instrument
from study.texts import languages_of
from study.texts import question as question_of
from study.web.http import sent_json

_BEFORE = "instrument before"  # in the session, to undo a change


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.LOOK, change=Right.EDIT)
@one_at_a_time
def study_instrument(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the questions in order; name the plan's main question."""
    instrument, broken = readable_instrument(study)
    form = MainQuestionForm(
        request.POST or None,
        instrument=instrument,
        of_study=question_of(study),
        can_change=study.settings_can_change,
    )
    form.editing = editing(study, request.user, instrument_editing.SAVED, change="main")
    if request.method == "POST" and form.is_valid():
        try:
            lost = instrument_editing.name_primary(study, form.cleaned_data["primary"], actor=request.user)
            say_lost_units(request, lost)
            messages.success(request, _("The main question is saved."))
            return redirect(f"{reverse('study_instrument', args=[study.slug])}#main")
        except StudyError as error:
            form.add_error(None, str(error))
    return render(
        request,
        "study/instrument.html",
        {
            "study": study,
            "form": form,
            "broken": broken,
            "rows": asked_rows(study, instrument),
            "is_classic": is_classic(study),
            "kinds": _kinds_to_add(instrument),
            "presets": [(name, *PRESET_WORDS[name]) for name in PRESETS],
            "trials": trials_of_a_person(study),
            "expected_minutes": None if broken else expected_minutes(study),
            "pilots": study.settings_can_change and study.participants.filter(trials__isnull=False).exists(),
            "before": take_held(request, study, _BEFORE) if study.settings_can_change else None,
            "version": instrument_editing.version_of(study),
        },
        status=form.refusal_status,
    )


def readable_instrument(study: Study) -> tuple[Instrument, str]:
    """Return the instrument, or the seed's with what is wrong with the stored one."""
    try:
        return instrument_of(study), ""
    except InstrumentRefused as error:
        return CLASSIC, str(error)


def asked_rows(study: Study, instrument: Instrument) -> list[dict[str, Any]]:
    """Return the questions in order as pages show them."""
    primary, languages = instrument.primary_key, languages_of(study)
    return [
        {
            "question": question,
            "kind": KIND_NAMES[question.kind],
            "text": asked(question, question_of(study)),
            "details": list(details(question)),
            "points": points_in_words(study, question),
            "optional": is_optional(question),
            "is_main": primary == question.key or primary in {scale.key for scale in getattr(question, "scales", ())},
            "missing": [(own_name(code), n) for code, n in texts_missing(question, languages).items()],
        }
        for question in instrument.questions
    ]


def points_in_words(study: Study, question: Question) -> str:
    """The points of each choice, of a question that chooses images."""
    return ", ".join(f"{each:g}" for each in points_of(study, question)) if isinstance(question, Choose) else ""


def _kinds_to_add(instrument: Instrument) -> dict[str, Any]:
    """The kinds of question that can be added: one choice among the images is enough."""
    has_choice = instrument.choose is not None or instrument.pair is not None
    return {kind: name for kind, name in KIND_NAMES.items() if not (has_choice and kind in ("choose", "pair"))}


def trials_of_a_person(study: Study) -> int | None:
    """How many trials each participant answers; None without clips, or while the numbers of a draft do not agree."""
    clips = main_clips(study).count()
    try:
        return design_of(study, Participant.Kind.REAL, clips).trials if clips else None
    except (ValueError, InstrumentRefused):
        return None


@require_POST
@study_page(Right.EDIT)
@one_at_a_time
def instrument_change(request: HttpRequest, study: Study) -> HttpResponse:
    """Move or remove a question, start from a preset, or undo that: `do` is the verb and what it is about."""
    verb, _colon, about = request.POST.get("do", "").partition(":")
    actor, target, before = request.user, about, dict(study.instrument)
    try:
        match verb:
            case "up" | "down":
                lost = instrument_editing.move_question(study, about, -1 if verb == "up" else 1, actor=actor)
            case "remove":
                lost = instrument_editing.remove_question(study, about, actor=actor)
                messages.success(request, _("The question is removed."))
                target = ""
            case "preset" if about in PRESETS:
                lost = instrument_editing.use_preset(study, about, actor=actor)
                messages.success(
                    request, _("The questions are those of “%(name)s”.") % {"name": PRESET_WORDS[about][0]}
                )
                target = ""
            case "undo":
                lost = _undo(request, study)
                messages.success(request, _("The questions are as they were before."))
                target = ""
            case _:
                raise Http404
    except StudyError as error:
        messages.error(request, str(error))
    else:
        say_lost_units(request, lost)
        if verb in ("remove", "preset"):
            hold_for_next_page(request, study, _BEFORE, json.dumps(before))
    return redirect(place_of(study, target))


def say_lost_units(request: HttpRequest, lost: bool) -> None:
    """Say that the smallest difference that matters has left the plan, if it has."""
    if lost:
        messages.warning(
            request,
            _(
                "The smallest difference that matters left the plan, because the main question is counted in other "
                "units now. Write it anew on the page “Analysis rules”."
            ),
        )


def _undo(request: HttpRequest, study: Study) -> bool:
    """Save the questions that the page held from before, unless they have changed since.

    Raises:
        StudyError: they have changed, or what was sent is no instrument.
    """
    if request.POST.get("version") != instrument_editing.version_of(study):
        raise StudyError(_("Somebody has changed the questions since, so this was not undone. Look at them again."))
    try:
        before = sent_json(request.POST.get("before", ""))
    except ValueError:
        before = None
    if not isinstance(before, dict):
        raise StudyError(_("This can no longer be undone. Nothing was changed."))
    return instrument_editing.set_instrument(study, before, change="undone", actor=request.user)


def place_of(study: Study, key: str = "") -> str:
    """The address of a question on the page."""
    return reverse("study_instrument", args=[study.slug]) + (f"#asked-{key}" if key else "")


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.LOOK, change=Right.EDIT)
@one_at_a_time
def instrument_yaml_page(request: HttpRequest, study: Study) -> HttpResponse:
    """The questions as YAML, to read, write, paste or upload."""
    text = instrument_yaml(readable_instrument(study)[0]).strip()
    form = YamlForm(request.POST or None, request.FILES or None, initial={"text": text})
    form.fields["text"].label = _("Questions in YAML")
    form.fields["text"].help_text = _("Empty: a first and a second choice.")
    form.editing = editing(study, request.user, instrument_editing.SAVED)
    if request.method == "POST" and form.is_valid():
        try:
            instrument_editing.set_instrument(
                study, read_instrument(form.yaml()), change="imported", actor=request.user
            )
            messages.success(request, _("The questions are saved."))
            return redirect(place_of(study))
        except StudyError as error:
            form.add_error("text", str(error))
    return render(
        request, "study/instrument_yaml.html", {"study": study, "form": form, "text": text}, status=form.refusal_status
    )


@require_safe
@study_page(Right.LOOK)
def instrument_file(request: HttpRequest, study: Study) -> HttpResponse:
    """The questions as a file of YAML."""
    response = HttpResponse(instrument_yaml(instrument_of(study)), content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{study.slug}-trial-questions.yaml"'
    return response
