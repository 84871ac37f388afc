"""The trial page, the answers it sends, and its events."""

import json

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from study.ballots.casting import Answer, AnswerRefused, cast_ballot, load_trial
from study.errors import NotAllowedNow
from study.http import wants_json
from study.models import Participant, Trial
from study.participants.completion import answered_by_number
from study.participants.enrolment import note_presence
from study.participants.events import save_events
from study.survey.cookies import find_participant, has_cookie_of
from study.survey.decorators import participant_page, survey_page
from study.survey.forms import read_answer
from study.survey.next_page import first_unanswered, is_reachable, next_url, url_before_trials
from study.survey.responses import choose_language, see_other
from study.survey.trial_facts import page_facts, trial_facts, trial_url
from study.survey.trial_page import render_trial
from study.survey.visit_ends import stop_if_over


@require_http_methods(["GET", "HEAD", "POST"])
def trial(request: HttpRequest, handle: str, number: int) -> HttpResponse:
    """GET shows a clip with its images; POST takes the answer, from the form or from the page's script."""
    view = _take_answer if request.method == "POST" else _show_trial
    return view(request, handle=handle, number=number)


@participant_page
def _show_trial(request: HttpRequest, participant: Participant, number: int) -> HttpResponse:
    trials = participant.trials.select_related("clip", "ballot").defer("clip__imported_tags")
    trial = trials.filter(number=number).first()
    if trial is None:
        raise Http404
    answered = answered_by_number(participant)
    if url_before_trials(participant) or not is_reachable(answered, trial):
        return see_other(next_url(participant, answered))
    return HttpResponse(render_trial(page_facts(request, participant), trial_facts(trial, answered)))


@survey_page
def _take_answer(request: HttpRequest, handle: str, number: int) -> HttpResponse:
    """Store an answer. The most frequent request: one query reads the trial with its participant and study."""
    trial = load_trial(participant__handle=handle, number=number)
    if trial is None or not has_cookie_of(request, trial.participant):
        find_participant(request, handle)  # raises the error of an unknown participant
        raise Http404
    participant = trial.participant
    choose_language(request, participant.study)
    stop_if_over(participant)
    try:
        _cast(trial, read_answer(request.POST))
    except AnswerRefused as error:
        if wants_json(request):
            return JsonResponse({"saved": False, "error": str(error)}, status=422)
        facts = trial_facts(trial, answered_by_number(participant), chosen=request.POST, error=str(error))
        return HttpResponse(render_trial(page_facts(request, participant), facts), status=422)
    except NotAllowedNow as error:
        if wants_json(request):
            return JsonResponse({"saved": False, "error": str(error), "final": True}, status=409)
        return see_other(next_url(participant))
    url = _url_after_answer(trial, back="back" in request.POST)
    if wants_json(request):
        return JsonResponse({"saved": True, "next": url})
    return see_other(url or next_url(participant))


def _cast(trial: Trial, answer: Answer | None) -> None:
    """Cast the ballot; `answer` is None if the request could not be read."""
    if answer is None:
        raise AnswerRefused(_("This answer could not be read. Please choose again."))
    if trial.participant.consented_at is None:
        raise NotAllowedNow(_("Please agree to take part first."))
    cast_ballot(trial, answer)


def _url_after_answer(trial: Trial, *, back: bool) -> str:
    """The previous trial if the participant goes back, else the next unanswered trial or what follows the trials."""
    answered = answered_by_number(trial.participant)
    if back:
        return trial_url(trial, trial.number - 1, answered)
    unanswered = first_unanswered(answered, after=trial.number)
    if unanswered is None:
        return next_url(trial.participant, answered)
    return trial_url(trial, unanswered, answered)


@require_POST
@participant_page
def events(request: HttpRequest, participant: Participant) -> HttpResponse:
    """Store events of a trial. Malformed ones are dropped: no answer depends on them."""
    try:
        sent = json.loads(request.POST.get("events", "[]"))
    except (ValueError, RecursionError):
        sent = []
    save_events(participant, sent)
    note_presence(participant)
    return HttpResponse(status=204)
