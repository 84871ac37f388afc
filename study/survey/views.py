"""The pages before and after the trials: consent, questions, sound check, instructions, review and thanks."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from study import texts
from study.instruments.of_study import instrument_of
from study.models import Participant
from study.participants.answers_table import device_of
from study.participants.completion import finish
from study.participants.consent_and_questions import (
    give_consent,
    save_answers_before,
    save_step,
    save_step_before_trials,
)
from study.participants.headphones import sound_order
from study.participants.quality import agreement_with_oneself, agreement_with_others
from study.participants.question_form import QuestionForm, is_screened_out
from study.participants.questions import load_question_set, localized
from study.participants.recruiting import return_url
from study.participants.visits import note_end, support_code
from study.survey.cookies import token_of
from study.survey.decorators import participant_page
from study.survey.forms import ConsentForm, SoundForm
from study.survey.next_page import next_url
from study.survey.question_facts import compares_choices, ways_to_answer
from study.survey.responses import posted, render_participant_page, see_other
from study.survey.trial_facts import page_facts, review_facts
from study.survey.trial_page import render_review


@require_safe
@participant_page
def resume(request: HttpRequest, participant: Participant) -> HttpResponse:
    """The page on which the participant continues."""
    return see_other(next_url(participant))


@require_http_methods(["GET", "HEAD", "POST"])
@participant_page
def consent(request: HttpRequest, participant: Participant) -> HttpResponse:
    form = ConsentForm(posted(request))
    if request.method == "POST" and form.is_valid():
        device, version = device_of(request.headers.get("User-Agent", "")), form.cleaned_data["version"]
        row = give_consent(participant, language=get_language() or "", device=device, version=version)
        if row.consented_at is not None:
            return see_other(next_url(row))
        participant = row
        form.add_error("agree", _("This text has changed just now. Please read it again."))
    status = 422 if form.is_bound else 200
    text = texts.consent(participant.study)
    return render_participant_page(request, participant, "consent", status, form=form, text=text)


def _go_on(request: HttpRequest, row: Participant) -> HttpResponse:
    """Lead to what is due, after a step that may have screened the participant out."""
    if row.status == Participant.Status.SCREENED_OUT:
        note_end(row, token_of(request, row))
    return see_other(next_url(row))


@require_http_methods(["GET", "HEAD", "POST"])
@participant_page
def questions(request: HttpRequest, participant: Participant, part: str) -> HttpResponse:
    """The question set before or after the trials."""
    study = participant.study
    question_set = load_question_set(study.questions_before if part == "before" else study.questions_after)
    form = QuestionForm(question_set, posted(request), answers=participant.answers.get(part))
    if request.method == "POST" and form.is_valid():
        answers = form.answers()
        if part == "before":
            row = save_answers_before(participant, answers, unsuitable=is_screened_out(question_set, answers))
        else:
            row = save_step(participant, part, answers)
        return _go_on(request, row)
    status = 422 if form.is_bound else 200
    return render_participant_page(
        request, participant, "questions", status, form=form, heading=localized(question_set.title)
    )


@require_http_methods(["GET", "HEAD", "POST"])
@participant_page
def sound(request: HttpRequest, participant: Participant) -> HttpResponse:
    """The sound check and the headphone screening. Whatever is answered, the participant may continue."""
    form = SoundForm(posted(request), sounds=sound_order(participant) if participant.study.headphone_check else [])
    if request.method == "POST" and form.is_valid():
        return _go_on(request, save_step_before_trials(participant, "sound", form.answers()))
    return render_participant_page(request, participant, "sound", 422 if form.is_bound else 200, form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@participant_page
def instructions(request: HttpRequest, participant: Participant) -> HttpResponse:
    if request.method == "POST":
        return _go_on(request, save_step_before_trials(participant, "instructions"))
    images = participant.study.conditions.count()
    text = texts.instructions(participant.study, images)
    ways = ways_to_answer(participant.study)
    return render_participant_page(request, participant, "instructions", text=text, ways=ways)


@require_http_methods(["GET", "HEAD", "POST"])
@participant_page
def review(request: HttpRequest, participant: Participant) -> HttpResponse:
    """All answers, which can still be changed; the button ends the survey."""
    if request.method == "POST":
        note_end(finish(participant), token_of(request, participant))
        return see_other(reverse("survey_thanks", args=[participant.handle]))
    return HttpResponse(render_review(page_facts(request, participant), review_facts(participant)))


@require_safe
@participant_page
def thanks(request: HttpRequest, participant: Participant) -> HttpResponse:
    feedback = _feedback(participant) if participant.study.feedback else []
    return render_participant_page(
        request, participant, "thanks", given_back=feedback, **_way_back(request, participant)
    )


def _way_back(request: HttpRequest, participant: Participant) -> dict[str, Any]:
    """The way back to the recruiting platform, and the support code of those whom it sent.

    Both are the same for everybody, also for who came under an id that had been used before: the completion code is no
    secret from anybody who finishes, so withholding it would protect nothing and tell that the id was used.
    """
    token = token_of(request, participant)
    visit = note_end(participant, token)  # again, in case that the server ended between finishing and noting it
    support = support_code(token) if visit is not None else ""
    return {"return_url": return_url(participant, visit.ids if visit else {}), "support": support}


def _feedback(participant: Participant) -> list[str]:
    """How consistent the participant's answers were and, if the study is no longer sealed, how many others agreed."""
    lines, is_of_pairs = [], instrument_of(participant.study).pair is not None
    same, twice = agreement_with_oneself(participant)
    if twice:
        lines.append((_pairs_again(twice) if is_of_pairs else _pieces_again(twice)) % {"n": same, "m": twice})
    if not compares_choices(participant.study):
        return lines
    if participant.study.is_sealed:
        lines.append(_("What others chose is shown here once the study is closed; return by your own link."))
    else:
        agreed, judged = agreement_with_others(participant)
        text = _pairs_as_others(judged) if is_of_pairs else _pieces_as_others(judged)
        lines.append(text % {"n": agreed, "m": judged})
    return lines


def _pieces_again(number: int) -> str:
    return ngettext(
        "One piece came twice; you chose the same 1st for %(n)d of %(m)d.",
        "%(m)d pieces came twice; you chose the same 1st for %(n)d of them.",
        number,
    )


def _pairs_again(number: int) -> str:
    return ngettext(
        "One pair came twice; you chose the same image for %(n)d of %(m)d.",
        "%(m)d pairs came twice; you chose the same image for %(n)d of them.",
        number,
    )


def _pieces_as_others(number: int) -> str:
    return ngettext(
        "For %(n)d of %(m)d piece, your 1st was the one that most people chose.",
        "For %(n)d of %(m)d pieces, your 1st was the one that most people chose.",
        number,
    )


def _pairs_as_others(number: int) -> str:
    return ngettext(
        "In %(n)d of %(m)d pair, you chose the image that most people chose.",
        "In %(n)d of %(m)d pairs, you chose the image that most people chose.",
        number,
    )


@require_safe
@participant_page
def screened_out(request: HttpRequest, participant: Participant) -> HttpResponse:
    text = texts.screened_out(participant.study)
    return render_participant_page(request, participant, "screened_out", text=text, **_way_back(request, participant))
