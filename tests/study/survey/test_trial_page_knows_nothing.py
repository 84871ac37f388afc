"""What renders the trial page and the review gets plain values: nothing in its reach tells how an image was made."""

import ast
import dataclasses
import inspect
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.template import engines
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils.safestring import SafeString

from study.models import Clip, Condition, Stimulus, Trial
from study.participants.completion import answered_by_number
from study.survey import page_facts, trial_page
from study.survey.trial_facts import page_facts as collect_page
from study.survey.trial_facts import review_facts, trial_facts
from tests.factories import make_open_study
from tests.study.visits import Visit

PLAIN = (str, int, float, bool, type(None), SafeString)
MARK = "planted7381"


def not_plain(value: object, place: str = "") -> Iterator[str]:
    """The places of everything that is no plain value: from any other object, attributes may lead further."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        if not type(value).__dataclass_params__.frozen:
            yield f"{place} can change"
        for field in dataclasses.fields(value):
            yield from not_plain(getattr(value, field.name), f"{place}.{field.name}")
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from not_plain(item, f"{place}[{index}]")
    elif type(value) not in PLAIN:
        yield f"{place} is a {type(value).__name__}"


@pytest.fixture
def visit(db):
    """A study that names its conditions, prompts, clips and files by a mark, and has large ids."""
    study = make_open_study(clips=2, practice_trial=False, allow_none_fits=True)
    for row in study.conditions.all():
        mark = f"{MARK}{row.number}"
        Condition.objects.filter(pk=row.pk).update(key=mark, label=f"{mark} label", sealed_label=f"{mark}s")
    for clip in study.clips.all():
        Clip.objects.filter(pk=clip.pk).update(name=f"{MARK}{clip.number}.wav")
    for number, stimulus in enumerate(Stimulus.objects.order_by("pk"), start=1):
        old = stimulus.pk
        stimulus.pk = None
        Stimulus.objects.filter(pk=old).delete()
        stimulus.id = 738_100_000 + number
        stimulus.provenance, stimulus.painter = {"prompt": f"{MARK} prompt"}, MARK
        stimulus.save(force_insert=True)
    return Visit(study).to_trials()


def shown(visit, monkeypatch):
    """The values from which the trial page, refused and stored, and the review are rendered."""
    contexts = []
    original = trial_page.render_to_string
    monkeypatch.setattr(
        trial_page, "render_to_string", lambda name, context: contexts.append(context) or original(name, context)
    )
    pages = [visit.get("trial/1/"), visit.answer(1, first="A", second="A")]
    visit.answer_all()
    pages += [visit.get("trial/1/"), visit.get("review/")]
    assert [page.status_code for page in pages] == [200, 422, 200, 200]
    assert len(contexts) == len(pages)
    return pages, contexts


def test_the_renderer_gets_plain_values_only(visit, monkeypatch):
    _, contexts = shown(visit, monkeypatch)
    for context in contexts:
        assert [fault for name, value in context.items() for fault in not_plain(value, name)] == []


def test_no_condition_prompt_clip_or_id_reaches_it(visit, monkeypatch):
    pages, contexts = shown(visit, monkeypatch)
    for page, context in zip(pages, contexts, strict=True):
        for text in (repr(context), page.content.decode(), str(page.headers)):
            assert MARK not in text
            assert "7381000" not in text


def test_the_checks_would_notice_a_row_and_a_mark(visit):
    trial = Trial.objects.select_related("clip", "participant__study").filter(participant=visit.participant).first()
    facts = trial_facts(trial, answered_by_number(visit.participant))
    assert list(not_plain(facts)) == []
    leaky = dataclasses.replace(facts, question=trial.clip)
    assert list(not_plain(leaky)) == [".question is a Clip"]
    stimulus = Stimulus.objects.select_related("condition").first()
    assert MARK in repr(dataclasses.replace(facts, question=stimulus.condition.key))
    assert "7381000" in repr(dataclasses.replace(facts, answered=stimulus.pk))
    assert list(not_plain(trial.position_order)) == [" is a list"]


def test_the_renderer_s_modules_import_nothing_of_ours():
    """The import contract in pyproject.toml holds it too, through other modules as well."""
    for module in (trial_page, page_facts):
        tree = ast.parse(inspect.getsource(module))
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert imported <= {"dataclasses", "typing", "django.template.loader", "study.survey.page_facts"}
        assert not any(isinstance(node, ast.Import) for node in ast.walk(tree))


def test_every_name_that_the_templates_use_is_there(visit, monkeypatch):
    """A missing value would be left out without a word, as a template does."""
    monkeypatch.setattr(engines["django"].engine, "string_if_invalid", "missing: %s")
    request = RequestFactory().get("/")
    request.COOKIES[settings.PARTICIPANT_COOKIE_NAME] = visit.token
    participant = visit.participant
    visit.answer_all()
    trial = participant.trials.select_related("clip", "ballot").get(number=1)
    page = collect_page(request, participant)
    for text in (
        trial_page.render_trial(page, trial_facts(trial, answered_by_number(participant))),
        trial_page.render_review(page, review_facts(participant)),
    ):
        assert "missing:" not in text
    assert "missing: audio" in render_to_string("survey/trial.html", trial_page.page_context(page))
