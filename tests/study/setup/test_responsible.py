"""The consent names who asks: before a study opens, in every language, and for good once people have agreed."""

import hashlib
import json
import re
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from analysis.study_results.checklists import filled_checklists
from config.bundles.write import _study
from config.demo.responsible import say_that_it_is_a_demo
from study import texts
from study.blinding_audit.verdicts import fingerprint
from study.models import Study
from study.setup import preflight
from study.setup.copying import copy_study
from study.setup.drafting import describe_study
from study.setup.lifecycle import create_study, open_study
from study.setup.path_steps import Progress, progress_of, step_named
from study.setup.responsible import names_of_last_study
from tests.factories import RESPONSIBLE, UserFactory, make_open_study, make_study
from tests.study.visits import Visit

NOBODY = dict.fromkeys(texts.RESPONSIBLE, "")
APPROVED = RESPONSIBLE | {
    "ethics": "approved",
    "ethics_board": "Board 12",
    "ethics_number": "2026-34",
    "ethics_reason": "",
}


def consent(study: Study, language: str) -> str:
    with translation.override(language):
        return texts.consent(study)


def blocking(study: Study) -> str:
    return " ".join(row.message for row in preflight.run(study) if row.level is preflight.Level.BLOCKS)


def said(study: Study) -> str:
    return " ".join(row.message for row in preflight.run(study))


def described(study: Study) -> Progress | None:
    step = step_named("describe")
    assert step is not None
    return progress_of(step, study)


@pytest.mark.django_db
def test_a_new_study_takes_over_who_answers_but_not_the_words_of_a_demo() -> None:
    owner = UserFactory()
    say_that_it_is_a_demo(create_study(title="Demo", owner=owner))
    new = create_study(title="New", owner=owner)
    assert names_of_last_study(new) == {}
    Study.objects.filter(pk=new.pk).update(researcher="Mina Kim", institution="A university", contact="m@example.org")
    say_that_it_is_a_demo(create_study(title="Second demo", owner=owner))
    assert names_of_last_study(create_study(title="Newer", owner=owner))["researcher"] == "Mina Kim"


@pytest.mark.django_db
def test_the_words_of_a_demo_are_those_of_the_page() -> None:
    study = create_study(title="Demo", owner=UserFactory())
    say_that_it_is_a_demo(study)
    assert "by the person who runs this demo of Earsight, no institution." in consent(study, "en")
    assert not re.search(r"[a-z]{3}", consent(study, "ko").replace("Earsight", ""))
    with translation.override("ko"):
        page = render_to_string("survey/_contact.html", {"study": study})
        assert "demo" not in page + texts.responsible_people(study)
    study.institution = "yes"
    assert "책임자: 이 Earsight 데모를 실행하는 사람, yes." in consent(study, "ko"), "a researcher's words stay"


@pytest.mark.django_db
def test_a_new_study_is_described_and_may_open_once_the_consent_can_name_who_asks() -> None:
    study = create_study(title="New", owner=UserFactory())
    assert described(study) is Progress.TODO
    assert "the responsible researcher, the institution, a contact address, the ethics approval" in blocking(study)
    study.researcher = "Mina Kim"
    assert described(study) is Progress.PARTLY
    for name, value in (APPROVED | {"ethics_number": ""}).items():
        setattr(study, name, value)
    assert "the ethics approval" in blocking(study)
    study.ethics_number = "2026-34"
    assert described(study) is Progress.DONE
    assert "who asks" not in blocking(study)
    nobody = create_study(title="Rehearsal", owner=study.owner, simulated=True)
    assert "who asks" not in blocking(nobody)  # simulated people agree to nothing


def test_the_consent_names_them_in_every_language() -> None:
    study = Study(**APPROVED)
    for language in ("en", "ko"):
        text = consent(study, language)
        for name in ("Mina Kim", "University of Somewhere", "mina@example.org", "Board 12", "2026-34"):
            assert name in text
        assert "{" not in text
    assert "a test" in consent(Study(**RESPONSIBLE), "ko")


@pytest.mark.django_db
def test_a_study_that_opened_without_names_keeps_its_text_to_the_letter() -> None:
    own = make_open_study(clips=1, consent_text={"ko": "{name} {contact}에 적으세요."}, **NOBODY)
    migration = import_module("study.migrations.0022_who_answers_to_participants")
    migration.keep_texts(apps, None)
    own.refresh_from_db()
    assert hashlib.sha256(consent(own, "en").encode()).hexdigest()[:16] == "635659eb3d6c40b3"
    assert consent(own, "ko") == "{name} {contact}에 적으세요."
    assert hashlib.sha256(migration.SHIPPED["ko"].encode()).hexdigest()[:16] == "f5609af98ec4f870"


@pytest.mark.django_db
def test_an_own_text_may_name_them_and_nothing_else_in_braces(client: Any) -> None:
    study = make_study(clips=1)
    client.force_login(study.owner, backend="django.contrib.auth.backends.ModelBackend")
    url = reverse("study_describe", args=[study.slug])
    form = client.get(url).context["form"]
    sent = {name: form[name].value() or "" for name in form.fields}
    refused = client.post(url, sent | {"consent_text_en": "Ask {reseacher}."})
    assert refused.status_code == 400
    assert "{reseacher} stands for nothing here" in refused.text
    client.post(url, sent | {"consent_text_en": "Ask {researcher}. {ethics}"})
    study.refresh_from_db()
    assert consent(study, "en") == "Ask Mina Kim. No ethics board has approved this study: a test."
    assert study.consent_version == 2
    client.post(url, sent | {"title": "Another title", "consent_text_en": "Ask {researcher}. {ethics}"})
    study.refresh_from_db()
    assert study.consent_version == 2  # nobody reads the title
    client.post(url, sent | {"researcher": "Ada {contact}", "consent_text_en": "Ask {researcher}. {ethics}"})
    study.refresh_from_db()
    assert study.consent_version == 3
    assert consent(study, "en").startswith("Ask Ada {contact}.")  # an answer is no template
    without = {name: value for name, value in sent.items() if name not in texts.RESPONSIBLE}
    client.post(url, without)
    study.refresh_from_db()
    assert study.researcher == "Ada {contact}"  # a page of before sends no names and erases none
    assert "does not name who asks" not in said(study)
    Study.objects.filter(pk=study.pk).update(consent_text={"en": "Call {phone}."})
    study.refresh_from_db()
    assert "{phone}, which stands for nothing" in blocking(study)
    assert "does not name who asks" in said(study)


@pytest.mark.django_db
def test_a_copy_keeps_the_names_and_reminds_of_the_approval(client: Any) -> None:
    study = make_study(clips=1, **APPROVED)
    client.force_login(study.owner, backend="django.contrib.auth.backends.ModelBackend")
    page = client.post(reverse("study_copy", args=[study.slug]), follow=True)
    assert "Check that it covers this study too" in page.text
    copy = Study.objects.latest("pk")
    assert {name: getattr(copy, name) for name in texts.RESPONSIBLE} == APPROVED
    new = create_study(title="Next", owner=study.owner)
    form = client.get(reverse("study_describe", args=[new.slug])).context["form"]
    assert form["contact"].value() == "mina@example.org"
    assert not form["ethics"].value()  # an approval is of one study
    new.refresh_from_db()
    assert new.contact == ""


@pytest.mark.django_db
def test_people_agree_to_the_text_as_it_was_at_opening(monkeypatch: pytest.MonkeyPatch) -> None:
    study = open_study(make_study(clips=1, simulated=True, **APPROVED))
    agreed = consent(study, "ko")
    monkeypatch.setattr(texts, "_shipped_consent", lambda _study: ["A later version ships this."])
    assert consent(study, "ko") == agreed
    assert consent(make_study(clips=1), "ko") == "A later version ships this."
    assert consent(copy_study(study, title="Copy", owner=study.owner), "en") == "A later version ships this."
    exported = json.loads(b"".join(_study(study, None, [])))
    assert exported["consent"]["ko"] == agreed
    assert exported["responsible"]["ethics_board"] == "Board 12"
    old = json.loads(b"".join(_study(make_open_study(clips=1, **NOBODY), None, [])))
    assert not {"consent", "responsible"} & set(old)


@pytest.mark.django_db
def test_the_checklists_and_the_last_pages_name_them() -> None:
    study = make_open_study(clips=1, **APPROVED)
    filled = {entry.item.number: entry for _name, entries in filled_checklists(study) for entry in entries}
    assert "Board 12" in filled["37"].answer
    assert "mina@example.org" in filled["1.3.2"].answer
    visit = Visit(study).to_trials()
    visit.answer_all()
    visit.post("review/")
    assert "mina@example.org" in visit.get("thanks/").text
    receipt = visit.participant.receipt
    erased = visit.client.post("/withdraw/", {"receipt": receipt}, follow=True)
    assert "mina@example.org" in erased.text
    assert "mina@example.org" not in visit.client.get("/withdraw/?erased=1").text


@pytest.mark.django_db
def test_names_are_part_of_what_the_blinding_check_saw() -> None:
    study = make_study(clips=1, **NOBODY)
    before = fingerprint(study)
    describe_study(study, title="T", description="", languages=[], texts={}, responsible={"researcher": "Ada"})
    assert fingerprint(study) != before
