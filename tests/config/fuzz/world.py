"""The world that is fuzzed: a study in each state, a participant at each stage, and a browser for each role.

Everything has a title, a name or a token by which a response that should not hold it is recognised.
"""

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.test import Client
from django.urls import Resolver404, get_resolver, resolve, reverse
from django.utils import timezone

from analysis.study_results.analyses import build_analysis
from analysis.study_results.gallery import switch_on
from analysis.study_results.shared_reports import share_report
from generation.settings_model import GenerationSettings, store_settings
from study.models import InviteLink, Participant, ProblemReport, Study
from study.participants.links import create_personal_links
from tests.analysis.answered_studies import answered_study, close
from tests.config.addresses import (
    ANYBODY,
    AUDIENCE,
    LINK,
    RECEIPT,
    addresses_of,
    browser,
    participant_addresses,
    url_names,
)
from tests.factories import StudyFactory, UserFactory, make_open_study, make_study
from tests.generation.studies import SMALL, add_clips, generate
from tests.study.visits import Visit

QUESTIONS = """
title: {en: About you}
questions:
  - key: age
    type: choice
    text: {en: "How old are you?"}
    options:
      - {key: minor, text: {en: under 18}, screen_out: true}
      - {key: adult, text: {en: 18 or more}}
  - {key: hours, type: number, text: {en: Hours of music a day}, min: 0, max: 24, required: false}
  - {key: importance, type: scale, text: {en: "How important is music?"}, from: 1, to: 7, required: false}
  - {key: instrument, type: text, text: {en: Your instrument}, max_length: 80, required: false}
  - key: hears
    type: several
    text: {en: "What do you hear?"}
    options:
      - {key: jazz, text: {en: jazz}}
      - {key: none_of_these, text: {en: none of these}, alone: true}
  - key: agrees
    type: matrix
    text: {en: "How far do you agree?"}
    rows:
      - {key: sings, text: {en: I sing.}}
"""
ANSWERS = {"age": "adult", "hours": "2.5", "importance": "4", "instrument": "viola", "hears": "jazz"}
ANSWERS |= {"agrees_sings": "3"}
CLIPS = 2
RESEARCHERS = ("owner", "member", "stranger", "operator")
# Whoever may work on the studies of the world; the stranger has a study of their own.
INSIDERS = frozenset({"owner", "member", "operator"})
# A key or label of a condition of a study that is sealed begins with this.
SEALED_MARK = "zqsealed"
TITLE_MARK = "Zither"
SECRET = "c" * 32  # the browsers' CSRF secret


@dataclass(frozen=True)
class Role:
    """Who sends a request: a name, and the cookies of their browser."""

    name: str
    cookies: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def is_insider(self) -> bool:
        return self.name in INSIDERS


@dataclass(frozen=True)
class Address:
    """A URL of the project as it exists in the world: its name, its path, and the state of its study."""

    name: str
    path: str
    state: str = ""


@dataclass
class World:
    """Roles, and the addresses of the studies and participants by the name of the URL."""

    roles: dict[str, Role]
    visits: dict[str, str]  # the role of the participant whose pages lie under this path
    addresses: dict[str, list[Address]]
    studies: dict[str, int]  # primary key by state
    own_slugs: frozenset[str]  # of the stranger

    def roles_of(self, address: Address) -> Sequence[Role]:
        """The roles that may use an address, or all if anybody may."""
        if role := self.holder_of(address.path):
            return [self.roles[role]]
        if address.path.startswith("/console/") and not is_for_anybody(address.path):
            return [self.roles[name] for name in sorted(INSIDERS)]
        return list(self.roles.values())

    def holder_of(self, path: str) -> str:
        """The role of the participant whose page this is; empty for other pages."""
        return next((role for base, role in self.visits.items() if path.startswith(base)), "")


def marked(study: Study, mark: str) -> Study:
    """Rename the study's conditions, so that each text that names one is recognised."""
    for condition in study.conditions.all():
        condition.key, condition.label = f"{mark}{condition.number}", f"{mark.capitalize()} label {condition.number}"
        condition.save(update_fields=["key", "label"])
    return study


def _people_at_each_stage(study: Study) -> Iterator[tuple[str, Visit]]:
    """Lead people to each stage of the visit, by the forms of the pages."""
    steps: list[tuple[str, Callable[[Visit], object]]] = [
        ("consent", lambda visit: None),
        ("questions before", lambda visit: visit.post("consent/", {"agree": "on"})),
        ("sound", lambda visit: visit.post("questions/before/", ANSWERS)),
        ("instructions", lambda visit: visit.post("sound/", {"heard": "no"})),
        ("trials", lambda visit: visit.post("instructions/")),
        ("half", lambda visit: visit.answer(0) and visit.answer(1)),
        ("questions after", lambda visit: visit.answer_all()),
        ("review", lambda visit: visit.post("questions/after/", ANSWERS)),
        ("completed", lambda visit: visit.post("review/")),
    ]
    for last in range(len(steps)):
        visit = Visit(study)
        for _name, step in steps[: last + 1]:
            step(visit)
        yield steps[last][0], visit
    visit = Visit(study)
    visit.post("consent/", {"agree": "on"})
    visit.post("questions/before/", ANSWERS | {"age": "minor"})
    yield "screened out", visit
    visit = Visit(study)
    visit.post("withdraw/")
    yield "withdrawn", visit


def build_world() -> World:
    """Make the studies and people in the database. Call it in a transaction that is rolled back at the end."""
    owner, member, stranger = (UserFactory(username=name) for name in ("owner", "member", "stranger"))
    operator = UserFactory(username="operator", is_superuser=True)
    common = {"owner": owner, "question": {"en": "Which image fits?"}}
    asked = {
        "questions_before": QUESTIONS,
        "questions_after": QUESTIONS,
        "sound_check": True,
        "headphone_check": True,
        "practice_trial": True,
        "ask_reason": True,
        "ask_familiarity": True,
        "allow_none_fits": True,
        "second_choice_required": False,
        "feedback": True,
    }
    studies: dict[str, Study] = {}
    empty = StudyFactory(conditions=4, slug="zither-empty", **common)
    studies["empty"] = empty
    studies["generated"] = StudyFactory(conditions=4, slug="zither-generated", **common)
    store_settings(studies["generated"], GenerationSettings(painter=SMALL))
    add_clips(studies["generated"], CLIPS, tags=("vocal", "no vocals", "classical", "classic", "unheard-of", "slow"))
    generate(studies["generated"])
    studies["draft"] = make_study(clips=CLIPS, slug="zither-draft", **common, **asked)
    for state in ("open", "paused", "grace"):
        study = make_open_study(clips=CLIPS + 1, slug=f"zither-{state}", **common, **asked)
        practice = study.clips.order_by("-number").first()
        assert practice is not None
        practice.is_practice = True
        practice.save(update_fields=["is_practice"])
        studies[state] = marked(study, f"{SEALED_MARK}{state}")
    visits = dict(_people_at_each_stage(studies["open"]))
    for state in ("paused", "grace"):
        visits[f"trials {state}"] = dict(_people_at_each_stage(studies[state]))["half"]
    visits["pilot"] = _pilot_of(studies["draft"])
    studies["closed"] = close(answered_study(clips=CLIPS, people=3, slug="zither-closed", **common))
    visits["completed closed"] = _visit_of(studies["closed"])
    build_analysis(studies["closed"])
    switch_on(studies["closed"], actor=owner, images=True, names=True, prompts=True)
    _share, report = share_report(studies["closed"], timezone.localdate() + timedelta(days=9), actor=owner)
    studies["no results"] = close(answered_study(clips=1, people=1, slug="zither-no-results", **common))
    _settle(studies, member)
    theirs = make_study(clips=1, owner=stranger, title="Stranger's own", slug="strangers-own")
    roles = {"anonymous": Role("anonymous", (("csrftoken", SECRET),))}
    for user in (owner, member, stranger, operator):
        session = browser(user).cookies["earsight_session"].value
        roles[user.username] = Role(user.username, (("csrftoken", SECRET), ("earsight_session", session)))
    for stage, visit in visits.items():
        roles[stage] = Role(stage, (("csrftoken", SECRET), (settings.PARTICIPANT_COOKIE_NAME, visit.token)))
    return World(
        roles=roles,
        visits={visit.base: stage for stage, visit in visits.items()},
        addresses=_addresses(studies, visits, report),
        studies={state: study.pk for state, study in studies.items()},
        own_slugs=frozenset({theirs.slug}),
    )


def _pilot_of(study: Study) -> Visit:
    """A pilot in a draft: the console's preview makes the link."""
    [(_label, link)] = create_personal_links(study, 1, kind=Participant.Kind.PILOT)
    client = Client()
    landed = client.post(urlsplit(link).path, {"key": ""})
    assert landed.status_code == 303, landed.content
    visit = Visit.__new__(Visit)
    visit.client, visit.base, visit.token = client, landed.headers["Location"], urlsplit(link).path.split("/")[2]
    return visit


def _visit_of(study: Study) -> Visit:
    """Somebody who finished a study that has been closed since."""
    Study.objects.filter(pk=study.pk).update(status=Study.Status.OPEN)
    study.refresh_from_db()
    visit = Visit(study).to_trials()
    visit.finish()
    close(study)
    return visit


def _settle(studies: dict[str, Study], member: Any) -> None:
    """Give each study its title, its status, a member, and rows that its pages show."""
    now = timezone.now()
    for state, study in studies.items():
        fields: dict[str, Any] = {"title": f"{TITLE_MARK} {state}"}
        if state == "paused":
            fields["status"] = Study.Status.PAUSED
        elif state == "grace":
            fields |= {"status": Study.Status.CLOSED, "closed_at": now - timedelta(minutes=5)}
        Study.objects.filter(pk=study.pk).update(**fields)
        study.refresh_from_db()
        study.members.add(member)
        study.files.create(kind="rules", name="Zither.yaml", digest="0" * 64, text="name: Zither", summary={"rules": 1})
        ProblemReport.objects.create(study=study, page="survey", text="no sound")
        InviteLink.objects.create(study=study, token_hash=secrets.token_hex(32), label="class", cap=30)
        if not study.clips.exists():
            add_clips(study, 1)


def name_at(path: str) -> str:
    """The name of the URL that a path belongs to; empty if there is none."""
    try:
        return resolve(unquote(path)).view_name
    except Resolver404:
        return ""


def is_for_anybody(path: str) -> bool:
    """Whether the page may be seen without signing in."""
    return name_at(path) in {*AUDIENCE[ANYBODY], *AUDIENCE[LINK], *AUDIENCE[RECEIPT]}


def _addresses(studies: dict[str, Study], visits: dict[str, Visit], report: str) -> dict[str, list[Address]]:
    """Each URL of the project by its name: in each state of a study, for each participant, and the others."""
    found: dict[str, list[Address]] = {name: [] for name in url_names()}

    def add(path: str, state: str = "") -> None:
        name = name_at(path)
        if path not in {address.path for address in found[name]}:
            found[name].append(Address(name, path, state))

    for state, study in studies.items():
        if study.clips.filter(stimuli__isnull=False).exists():
            for path in addresses_of(study):
                add(path, state)
        else:
            for path in addresses_of(studies["draft"], slug=study.slug):
                add(path, state)
        add(f"/s/{study.open_link_token}/", state)
    for stage, visit in visits.items():
        if visit.participant.trials.exists():
            for path in participant_addresses(visit):
                add(path, stage)
        else:
            for name in ("survey_resume", "survey_consent", "survey_problem", "survey_withdraw_own", "survey_language"):
                add(reverse(name, args=[visit.participant.handle]), stage)
        add(f"/p/{visit.token}/", stage)
    for cap, state in ((1, "open"), (30, "open"), (1, "draft"), (1, "grace")):
        kind = Participant.Kind.PILOT if state == "draft" else Participant.Kind.REAL
        for _label, link in create_personal_links(studies[state], 1, cap, kind=kind):
            add(urlsplit(link).path, state)
    for name in ("", "report-en.pdf", "figures/en/points.svg"):
        add(urlsplit(report).path + name, "closed")
    for name in ("", "1/redefined_tags.webp", "1/sound.mp3"):
        add(f"/gallery/{studies['closed'].slug}/{name}", "closed")
    for name in found:
        if not found[name]:
            found[name].append(Address(name, _made_up(name)))
    return found


def _made_up(name: str) -> str:
    """A path of the URL with this name, whose arguments, if it has any, name nothing that exists."""
    [(pattern, arguments), *_others] = get_resolver().reverse_dict.getlist(name)[0][0]
    return "/" + pattern % dict.fromkeys(arguments, "1")
