"""The way through the survey, but for the trials: in, consent, questions, sound check, instructions, out."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from study import texts
from study.ballots.permission import takes_answers
from study.design import LETTERS
from study.errors import NotAllowedNow
from study.models import InviteLink, Participant, Study
from study.participants.enrolment import check_open_to, design_of, enrol, main_clips, person_with
from study.participants.links import full_url, link_of
from study.participants.progress import answer_before, answered_by_number, finish, give_consent, note_step
from study.participants.quality import agreement_with_oneself, agreement_with_others
from study.participants.questions import load_question_set, said
from study.participants.recruiting import ids_from, known_person, way_back
from study.participants.tokens import accept_token, offer_token, token_hash
from study.survey.flow import next_url
from study.survey.forms import ConsentForm, QuestionForm
from study.survey.forms import screened_out as is_screened_out
from study.survey.visitors import (
    COOKIE,
    COOKIE_OF_WAY_IN,
    VisitEnds,
    begun_elsewhere,
    choose_language,
    not_open,
    participant_page,
    posted,
    see_other,
    set_cookie,
    survey_page,
    to_own_page,
    unknown_link,
)


def render_participant_page(
    request: HttpRequest, participant: Participant, template: str, status: int = 200, **context: Any
) -> HttpResponse:
    """A participant's page, with what all of them need."""
    context |= {
        "participant": participant,
        "study": participant.study,
        "languages": texts.languages_of(participant.study),
        "own_link": full_url(reverse("survey_personal", args=[request.COOKIES.get(COOKIE, "")])),
        "language_url": reverse("survey_language", args=[participant.handle]),
    }
    return render(request, f"survey/{template}.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@survey_page
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """The open link. Looking changes nothing; the button makes a person with a link of their own."""
    study = Study.objects.filter(open_link_token=token).first()
    if study is None:
        raise unknown_link(request)
    return _let_in(request, study, link=None, token=None)


@require_http_methods(["GET", "HEAD", "POST"])
@survey_page
def join(request: HttpRequest, token: str) -> HttpResponse:
    """A link made for one person, which resumes, or for several, which works like the open link."""
    link = link_of(token)
    if link is None:
        raise unknown_link(request)
    return _let_in(request, link.study, link=link, token=token if link.cap == 1 else None)


def _let_in(request: HttpRequest, study: Study, *, link: InviteLink | None, token: str | None) -> HttpResponse:
    choose_language(request, study)
    remembered = token or request.COOKIES.get(COOKIE_OF_WAY_IN, "")
    known = person_with(remembered, study) if remembered else None
    if known is not None and token is not None:
        return to_own_page(known, token)
    # Who began already may always see the page that leads on; somebody new only while the study takes people.
    going_on = known is not None and (known.status != Participant.Status.STARTED or takes_answers(known))
    if not going_on:
        _check_open(study, link)
    if request.method == "POST":
        if known is not None and "resume" in request.POST:
            return to_own_page(known, remembered)
        return _enrol(request, study, link, token)
    return _welcome_page(request, study, known)


def _check_open(study: Study, link: InviteLink | None) -> None:
    try:
        check_open_to(study, link)
    except NotAllowedNow as error:
        raise _closed_to_new(study, error) from error


def _closed_to_new(study: Study, error: NotAllowedNow) -> VisitEnds:
    end = not_open(study)
    if study.status == Study.Status.OPEN:
        end.state, end.heading, end.text = "full", str(error), ""
    return end


def _enrol(request: HttpRequest, study: Study, link: InviteLink | None, token: str | None) -> HttpResponse:
    token = token or accept_token(request.POST.get("key", ""))
    if token is None:  # a page left open for more than a day: show a fresh one
        return see_other(request.get_full_path())
    ids = ids_from(study, request.GET)
    before = known_person(study, ids)
    if before is not None and before.token_hash != token_hash(token):
        raise begun_elsewhere(study)
    try:
        participant, token = enrol(
            study,
            token=token,
            link=link,
            language=request.LANGUAGE_CODE,
            recruitment=ids,
            bot=bool(request.POST.get("website")),  # a field that people do not see
        )
    except NotAllowedNow as error:  # full or closed since the page was shown
        raise _closed_to_new(study, error) from error
    response = to_own_page(participant, token)
    # Beside the person's own pages, the way in knows them too, so that the link offers to go on.
    set_cookie(response, token, request.path, COOKIE_OF_WAY_IN)
    return response


def _welcome_page(request: HttpRequest, study: Study, known: Participant | None) -> HttpResponse:
    clips = main_clips(study).values_list("survey_duration", "duration")
    heard = design_of(study, Participant.Kind.REAL, len(clips)).trials
    seconds = sum(min(played or whole, 30) + 15 for played, whole in clips)
    minutes = max(1, round(seconds / len(clips) * heard / 60) + 1)
    context = {
        "study": study,
        "known": known,
        "key": offer_token(),
        "pieces": heard,
        "minutes": minutes,
        "images": study.conditions.count(),
        "languages": texts.languages_of(study),
        "language_url": reverse("survey_site_language"),
    }
    return render(request, "survey/welcome.html", context)


@require_safe
@survey_page
def personal(request: HttpRequest, token: str) -> HttpResponse:
    """A person's own link: exchanged for a cookie, so that the token leaves no trace in referrers."""
    participant = Participant.objects.filter(token_hash=token_hash(token)).first()
    if participant is None:
        raise unknown_link(request)
    return to_own_page(participant, token)


@require_safe
@participant_page
def resume(request: HttpRequest, participant: Participant) -> HttpResponse:
    """Where the person left off."""
    return see_other(next_url(participant))


@require_http_methods(["GET", "HEAD", "POST"])
@participant_page
def consent(request: HttpRequest, participant: Participant) -> HttpResponse:
    form = ConsentForm(posted(request))
    if request.method == "POST" and form.is_valid():
        return see_other(next_url(give_consent(participant)))
    status = 422 if form.is_bound else 200
    text = texts.consent(participant.study)
    return render_participant_page(request, participant, "consent", status, form=form, text=text)


@require_http_methods(["GET", "HEAD", "POST"])
@participant_page
def questions(request: HttpRequest, participant: Participant, part: str) -> HttpResponse:
    """The question set before or after the trials."""
    study = participant.study
    source = {"before": study.questions_before, "after": study.questions_after}.get(part, "").strip()
    if not source or participant.status != Participant.Status.STARTED:
        return see_other(next_url(participant))
    question_set = load_question_set(source)
    form = QuestionForm(question_set, posted(request), initial=participant.answers.get(part) or {})
    if request.method == "POST" and form.is_valid():
        answers = form.answers()
        if part == "before":
            answer_before(participant, answers, unsuitable=is_screened_out(question_set, answers))
        else:
            note_step(participant, part, answers)
        participant.refresh_from_db()
        return see_other(next_url(participant))
    status = 422 if form.is_bound else 200
    return render_participant_page(
        request, participant, "questions", status, form=form, heading=said(question_set.title)
    )


@require_http_methods(["GET", "HEAD", "POST"])
@participant_page
def sound(request: HttpRequest, participant: Participant) -> HttpResponse:
    """Can the person hear? What they say is kept, and bars nobody."""
    if request.method == "POST":
        heard = request.POST.get("heard", "")[:10]
        headphones = request.POST.get("quietest", "")[:3]
        said_so = {"heard": heard} | ({"quietest": headphones} if headphones else {})
        return see_other(next_url(note_step(participant, "sound", said_so)))
    return render_participant_page(request, participant, "sound")


@require_http_methods(["GET", "HEAD", "POST"])
@participant_page
def instructions(request: HttpRequest, participant: Participant) -> HttpResponse:
    if request.method == "POST":
        return see_other(next_url(note_step(participant, "instructions")))
    images = participant.study.conditions.count()
    text = texts.instructions(participant.study, images)
    return render_participant_page(request, participant, "instructions", text=text)


@require_http_methods(["GET", "HEAD", "POST"])
@participant_page
def review(request: HttpRequest, participant: Participant) -> HttpResponse:
    """All answers, still to be changed; the button ends the survey."""
    if participant.status == Participant.Status.COMPLETED:
        return see_other(next_url(participant))
    after_is_due = participant.study.questions_after.strip() and "after" not in participant.answers
    if not all(answered_by_number(participant).values()) or after_is_due:
        return see_other(next_url(participant))
    if request.method == "POST":
        finish(participant)
        return see_other(reverse("survey_thanks", args=[participant.handle]))
    trials = participant.trials.exclude(number=0).select_related("ballot").order_by("number")
    return render_participant_page(request, participant, "review", answered=[_answered(trial) for trial in trials])


def _answered(trial: Any) -> dict[str, Any]:
    places = {stimulus: LETTERS[place] for place, stimulus in enumerate(trial.position_order)}
    return {
        "trial": trial,
        "first": places.get(trial.ballot.first_id, ""),
        "second": places.get(trial.ballot.second_id, ""),
        "none_fits": trial.ballot.none_fits,
    }


@require_safe
@participant_page
def thanks(request: HttpRequest, participant: Participant) -> HttpResponse:
    if participant.status != Participant.Status.COMPLETED:
        return see_other(next_url(participant))
    given_back = _given_back(participant) if participant.study.feedback else []
    return render_participant_page(
        request, participant, "thanks", way_back=way_back(participant), given_back=given_back
    )


def _given_back(participant: Participant) -> list[str]:
    """Where the researcher allows it: how consistent one was, and, once the seal is broken, what others chose."""
    lines = []
    same, twice = agreement_with_oneself(participant)
    if twice:
        text = ngettext(
            "One piece came twice; you gave the same 1st to %(n)d of %(m)d.",
            "%(m)d pieces came twice; you gave the same 1st to %(n)d of them.",
            twice,
        )
        lines.append(text % {"n": same, "m": twice})
    if participant.study.is_sealed:
        lines.append(_("What others chose will stand here once the study is closed; your own link brings you back."))
    else:
        many, judged = agreement_with_others(participant)
        text = ngettext(
            "For %(n)d of %(m)d piece, your 1st was the one that most people chose.",
            "For %(n)d of %(m)d pieces, your 1st was the one that most people chose.",
            judged,
        )
        lines.append(text % {"n": many, "m": judged})
    return lines


@require_safe
@participant_page
def screened_out(request: HttpRequest, participant: Participant) -> HttpResponse:
    if participant.status != Participant.Status.SCREENED_OUT:
        return see_other(next_url(participant))
    return render_participant_page(request, participant, "screened_out", way_back=way_back(participant))
