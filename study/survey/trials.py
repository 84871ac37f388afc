"""The trial page, the answers it sends, and its events."""

from functools import partial

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from study.ballots.casting import Answer, AnswerRefused, cast_ballot, load_trial
from study.errors import NotAllowedNow
from study.models import Ballot, LateAnswer, Participant, Trial
from study.participants.completion import answered_by_number
from study.participants.enrolment import note_presence
from study.participants.events import save_events
from study.participants.server_record import note_page_sent
from study.participants.stages import Stage, stage_outside_trials
from study.survey.cookies import find_participant, has_cookie_of
from study.survey.decorators import participant_page, survey_page, to_what_is_due
from study.survey.forms import read_answer
from study.survey.next_page import first_unanswered, is_reachable, next_url
from study.survey.responses import after_sending, choose_language, see_other
from study.survey.trial_facts import page_facts, trial_facts, trial_url
from study.survey.trial_page import render_trial
from study.survey.visit_ends import stop_if_over
from study.web.http import sent_json, wants_json


@require_http_methods(["GET", "HEAD", "POST"])
def trial(request: HttpRequest, handle: str, number: int) -> HttpResponse:
    """GET shows a clip with its images; POST takes the answer, from the form or from the page's script."""
    view = _take_answer if request.method == "POST" else _show_trial
    return view(request, handle=handle, number=number)


@participant_page
def _show_trial(request: HttpRequest, participant: Participant, number: int) -> HttpResponse:
    trials = participant.trials.select_related("clip", "ballot").defer("clip__imported_tags", "clip__file_outline")
    trial = trials.filter(number=number).first()
    if trial is None:
        raise Http404
    answered = answered_by_number(participant)
    if not is_reachable(answered, trial):
        return see_other(next_url(participant, answered))
    response = HttpResponse(render_trial(page_facts(request, participant), trial_facts(trial, answered)))
    if request.method == "GET":
        after_sending(response, partial(note_page_sent, trial, timezone.now()))
    return response


@survey_page
def _take_answer(request: HttpRequest, handle: str, number: int) -> HttpResponse:
    """Store an answer. The most frequent request: one query reads the trial with its participant and study."""
    trial = load_trial(participant__handle=handle, number=number)
    if trial is None or not has_cookie_of(request, trial.participant):
        find_participant(request, handle)  # raises the error of an unknown participant
        raise Http404
    participant = trial.participant
    choose_language(request, participant.study)
    answered = answered_by_number(participant)
    # After the end `cast_ballot` decides, because a repetition of a stored answer is still confirmed.
    if stage_outside_trials(participant) not in (None, Stage.COMPLETED) or not is_reachable(answered, trial):
        return to_what_is_due(request, participant)
    try:
        stored = _cast(trial, read_answer(request.POST))
    except AnswerRefused as error:
        if wants_json(request):
            return JsonResponse({"saved": False, "error": str(error)}, status=422)
        facts = trial_facts(trial, answered, chosen=request.POST, error=str(error))
        return HttpResponse(render_trial(page_facts(request, participant), facts), status=422)
    except NotAllowedNow as error:
        stop_if_over(participant)
        if wants_json(request):
            return JsonResponse({"saved": False, "error": str(error), "final": True}, status=409)
        return see_other(next_url(participant))
    if isinstance(stored, LateAnswer):
        url = reverse("survey_resume", args=[handle])
    else:
        url = _url_after_answer(trial, answered | {number: True}, back="back" in request.POST)
    if wants_json(request):
        return JsonResponse({"saved": True, "next": url})
    return see_other(url or next_url(participant))


def _cast(trial: Trial, answer: Answer | None) -> Ballot | LateAnswer:
    """Cast the ballot; `answer` is None if the request could not be read."""
    if answer is None:
        stop_if_over(trial.participant)
        raise AnswerRefused(_("This answer could not be read. Please choose again."))
    return cast_ballot(trial, answer)


def _url_after_answer(trial: Trial, answered: dict[int, bool], *, back: bool) -> str:
    """The previous trial if the participant goes back, else the next unanswered trial or what follows the trials."""
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
        sent = sent_json(request.POST.get("events", "[]"))
    except ValueError:
        sent = []
    save_events(participant, sent)
    note_presence(participant)
    return HttpResponse(status=204)
