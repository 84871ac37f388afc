"""Simulated people who answer through the real survey, page by page, over HTTP.

They press the buttons that the pages have; what they prefer comes from a stated model:
utility = worth of the condition + a person's own taste for it + the luck of the clip's image + Gumbel noise,
and the two best are chosen (Plackett–Luce).
"""

import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import unescape
from http.cookiejar import CookieJar
from math import inf
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

import numpy as np
from django.conf import settings
from django.http.request import validate_host
from django.test import Client
from django.urls import reverse

from study.design import LETTERS
from study.errors import NotAllowedNow, StudyError
from study.models import Participant, Stimulus, Study, Trial
from study.participants.links import create_personal_links
from study.participants.questions import Choice, Number, load_question_set


@dataclass(frozen=True)
class PreferenceModel:
    """What simulated people like.

    `worth` is the utility of each condition by key; where it is None, redefined tags and sentences are worth
    `redefined` and `sentence` more, and conditions without such factors are all alike. `person_sd` and
    `clip_sd` are the standard deviations of the person × condition and clip × condition effects.
    """

    worth: Mapping[str, float] | None = None
    redefined: float = 0.9
    sentence: float = 0.3
    person_sd: float = 0.6
    clip_sd: float = 0.4

    def worth_of(self, condition: Any) -> float:
        if self.worth is not None:
            return float(self.worth.get(condition.key, 0.0))
        levels = condition.levels
        return self.redefined * (levels.get("tags") == "redefined") + self.sentence * (levels.get("form") == "sentence")


@dataclass(frozen=True)
class Page:
    """A page as it came back, after redirects."""

    status: int
    path: str
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Transport(Protocol):
    """A browser's bare bones: cookies, GET, POST, redirects."""

    def get(self, path: str) -> Page: ...

    def post(self, path: str, data: Mapping[str, str]) -> Page: ...


def own_host() -> str:
    """A host name that this installation answers to."""
    named = urlsplit(settings.BASE_URL).hostname or "localhost"
    if validate_host(named, settings.ALLOWED_HOSTS):
        return named
    return next((host for host in settings.ALLOWED_HOSTS if host[:1] not in "*."), "localhost")


class InProcess:
    """The real survey without a server: Django's own client."""

    def __init__(self, headers: Mapping[str, str] | None = None) -> None:
        self.client = Client(SERVER_NAME=own_host(), headers=dict(headers or {}))

    def _page(self, response: Any, path: str) -> Page:
        final = response.redirect_chain[-1][0] if response.redirect_chain else path
        text = response.content.decode("utf-8", "replace")
        return Page(response.status_code, urlsplit(final).path, text, dict(response.headers))

    def get(self, path: str) -> Page:
        return self._page(self.client.get(path, follow=True), path)

    def post(self, path: str, data: Mapping[str, str]) -> Page:
        return self._page(self.client.post(path, dict(data), follow=True), path)


class OverHttp:
    """The survey of a running server."""

    def __init__(self, base: str, timeout: float = 30.0) -> None:
        if not base.startswith(("http://", "https://")):
            raise ValueError(f"{base!r} is no web address; give one that starts with http:// or https://.")
        self.base, self.timeout = base, timeout
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def _open(self, request: urllib.request.Request) -> Page:
        try:
            with self.opener.open(request, timeout=self.timeout) as response:
                body, status, url = response.read(), response.status, response.url
                headers = dict(response.headers)
        except urllib.error.HTTPError as error:
            body, status, url, headers = error.read(), error.code, error.url, dict(error.headers)
        return Page(status, urlsplit(url).path, body.decode("utf-8", "replace"), headers)

    def get(self, path: str) -> Page:
        return self._open(urllib.request.Request(urljoin(self.base, path)))  # noqa: S310

    def post(self, path: str, data: Mapping[str, str]) -> Page:
        body = urllib.parse.urlencode(dict(data)).encode()
        url = urljoin(self.base, path)
        return self._open(urllib.request.Request(url, data=body, headers={"Referer": url}))  # noqa: S310


class SurveyBroken(StudyError):
    """The survey did not lead on as it should."""


_HIDDEN = re.compile(r"<input[^>]*type=\"hidden\"[^>]*>")


def hidden_fields(text: str) -> dict[str, str]:
    """The values that a page's last form sends along; the first form is the language switch."""
    main = text.partition('id="content"')[2] or text
    fields = {}
    for tag in _HIDDEN.findall(main):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value:
            fields[name.group(1)] = unescape(value.group(1))
    return fields


Chooser = Callable[[Page], dict[str, str]]


def walk(
    transport: Transport,
    way_in: str,
    choose: Chooser,
    *,
    stop_after: int | None = None,
    answers: Mapping[str, str] | None = None,
    on_page: Callable[[Page], None] | None = None,
) -> Page:
    """Goes through the survey from its link to the thanks page, or until `stop_after` ballots.

    Args:
        answers: what to say to questions beside the trials, by key; others get any answer.

    Raises:
        SurveyBroken: a page answers with an error or leads nowhere.
    """
    page = transport.get(way_in)
    key = hidden_fields(page.text)
    if page.status != 200:
        raise SurveyBroken(f"The link answered {page.status}: {_heading(page.text)}")
    page = transport.post(way_in, key)
    ballots = 0
    for _ in range(2000):
        if page.status != 200:
            raise SurveyBroken(f"{_masked(page.path)} answered {page.status}: {_heading(page.text)}")
        if on_page is not None:
            on_page(page)
        step = page.path.strip("/").split("/")[2] if page.path.count("/") > 3 else ""
        if step in ("thanks", "not-this-time"):
            return page
        data = hidden_fields(page.text)
        if step == "trial":
            if stop_after is not None and ballots >= stop_after:
                return page
            ballots += 1
            data |= choose(page)
        elif step == "consent":
            data["agree"] = "on"
        elif step == "sound":
            data["heard"] = "yes"
        elif step == "questions":
            asked = _any_answers(page.text)
            data |= asked | {key: value for key, value in (answers or {}).items() if key in asked}
        elif step not in ("instructions", "review"):
            raise SurveyBroken(f"The survey led to {_masked(page.path)}, where no way leads on.")
        page = transport.post(page.path, data)
    raise SurveyBroken("The survey did not end after 2,000 pages.")


def _heading(text: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", text, re.S)
    return unescape(found.group(1)).strip() if found else "no heading"


def _masked(path: str) -> str:
    return re.sub(r"^/q/[^/]+", "/q/…", path)


def _any_answers(text: str) -> dict[str, str]:
    """The first choice of each question that offers some; a number where one is asked for."""
    answers: dict[str, str] = {}
    for name, value in re.findall(r'<input type="radio" name="([^"]+)" value="([^"]*)"', text):
        answers.setdefault(name, unescape(value))
    for name in re.findall(r'<input type="number" name="([^"]+)"', text):
        answers[name] = "1"
    for name in re.findall(r'<input type="text" name="([^"]+)"[^>]*required', text):
        answers[name] = "simulated"
    for name in re.findall(r'<textarea name="([^"]+)"[^>]*required', text):
        answers[name] = "simulated"
    return answers


def suitable_answers(study: Study) -> dict[str, str]:
    """For each question that not every answer suits: one of somebody who may go on."""
    full = {(quota["question"], quota["answer"]) for quota in study.quotas}
    suitable = {}
    for source in filter(str.strip, (study.questions_before, study.questions_after)):
        for question in load_question_set(source).questions:
            if isinstance(question, Choice):
                open_to = [option.key for option in question.options if not option.screen_out]
                unlimited = [key for key in open_to if (question.key, key) not in full]
                suitable[question.key] = next(iter([*unlimited, *open_to]), question.options[0].key)
            elif isinstance(question, Number):
                low, high = (-inf if question.min is None else question.min), question.max
                suitable[question.key] = f"{max(low, 1.0 if high is None else min(1.0, high)):g}"
    return suitable


class _World:
    """The drawn effects of one study: worths of stimuli, and each person's tastes."""

    def __init__(self, study: Study, model: PreferenceModel, rng: np.random.Generator) -> None:
        self.study, self.model, self.rng = study, model, rng
        self.conditions = list(study.conditions.order_by("number"))
        rows = Stimulus.objects.filter(clip__study=study).select_related("condition").order_by("pk")
        self.worth = {row.pk: model.worth_of(row.condition) + model.clip_sd * rng.standard_normal() for row in rows}
        self.condition_of = {row.pk: row.condition_id for row in rows}

    def person(self) -> Chooser:
        """A person with tastes of their own."""
        draws = self.rng.standard_normal(len(self.conditions)) * self.model.person_sd
        tastes = dict(zip((condition.pk for condition in self.conditions), draws, strict=True))
        pace = float(self.rng.lognormal(np.log(18), 0.3))

        def choose(page: Page) -> dict[str, str]:
            _, handle, _, number = page.path.strip("/").split("/")
            trial = Trial.objects.get(participant__handle=handle, number=int(number))
            seconds = f"{max(4.0, pace * self.rng.lognormal(0, 0.25)):.1f}"
            timing = {"seconds": seconds, "listened": f"{float(seconds) * 0.7:.1f}"}
            if trial.expected:
                return timing | trial.expected
            noise = self.rng.gumbel(size=len(trial.position_order))
            utility = [
                self.worth[pk] + tastes[self.condition_of[pk]] + noise[place]
                for place, pk in enumerate(trial.position_order)
            ]
            best = np.argsort(utility)[::-1]
            return timing | {"first": LETTERS[best[0]], "second": LETTERS[best[1]]}

        return choose


def simulate_participants(
    study: Study,
    n: int,
    rng: np.random.Generator,
    *,
    model: PreferenceModel | None = None,
    drop_out: float = 0.0,
    base_url: str = "",
    on_done: Callable[[int], None] | None = None,
) -> list[Participant]:
    """Lets `n` simulated people answer the study through its pages.

    In a study that is marked as simulated they come by the open link and are of kind `simulated`; in any other
    they come by pilots' links and are of kind `pilot`, so that they never mix with real people.

    Args:
        rng: draws tastes and choices.
        drop_out: the share that leaves somewhere in the middle.
        base_url: a running server; empty is in this process.
        on_done: told the number of people after each.

    Returns:
        The participants, in order.

    Raises:
        NotAllowedNow: the study does not take answers.
        SurveyBroken: a page failed on the way.
    """
    if study.status != Study.Status.OPEN and (study.simulated or study.status != Study.Status.DRAFT):
        raise NotAllowedNow(f"The study is {study.status}; open it before simulated people can answer.")
    world = _World(study, model or PreferenceModel(), rng)
    if study.simulated:
        ways_in = [reverse("survey_welcome", args=[study.open_link_token])] * n
    else:
        made = create_personal_links(study, n, kind=Participant.Kind.PILOT) if n else []
        ways_in = [urlsplit(url).path for _, url in made]
    people, answers = [], suitable_answers(study)
    for index, way_in in enumerate(ways_in):
        transport: Transport = OverHttp(base_url) if base_url else InProcess()
        leaves = int(rng.integers(0, max(1, len(world.worth) // len(world.conditions))))
        stop_after = leaves if rng.random() < drop_out else None
        page = walk(transport, way_in, world.person(), stop_after=stop_after, answers=answers)
        people.append(Participant.objects.get(handle=page.path.strip("/").split("/")[1]))
        if on_done is not None:
            on_done(index + 1)
    return people
