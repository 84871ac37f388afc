"""The page “Publish”: facts, findings, the deposit and its check, and the command that does the same."""

import json
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from analysis.study_results.analyses import build_analysis
from config.deposits.console import jobs as deposit_jobs
from config.deposits.console.choices import Choice, decide
from config.deposits.console.jobs import KINDS
from config.deposits.facts import KEY, facts_from, publication_facts, save_publication_facts
from config.deposits.persons import Finding
from config.deposits.reproduction.reproducing import Reproduction
from study.errors import StudyError
from study.jobs.work import run_job
from study.models import Job, Role, Study
from study.setup.copying import copy_study
from study.setup.plan_parts import parts_in
from tests.analysis.answered_studies import closed_study
from tests.config.addresses import body, browser
from tests.config.test_console_commands import run
from tests.factories import UserFactory, make_open_study, make_study

pytestmark = pytest.mark.django_db
QUESTIONS = """
title: {en: About you}
questions:
  - {key: city, type: text, text: {en: "Where do you live?"}, required: false}
"""
KIM = {"family": "Kim", "given": "Mina", "orcid": "0000-0002-1825-0097", "affiliation": "SNU"}
CITY = Finding(
    where="participants.csv: column before_city",
    what="Few people live in some of these places.",
    rows=3,
    example="Se…",
    blocks=True,
    accept_as="participants.csv:before_city",
)
# What a program finds in a study of four people, each of whom the others are too few to hide.
TOGETHER = "participants.csv:language+consent_language+device"
TITLE = Finding(where="study: title", what="A name.", rows=0, example="", blocks=False, accept_as="study: title")


def page_of(study: Study) -> str:
    return reverse("study_publish", args=[study.slug])


def facts_form(client: Client, study: Study, **values: str) -> Any:
    sent = {"version": "1.0.0", "creators-0-family": "Kim", "related-0-relation": "IsSupplementTo"}
    return client.post(page_of(study), sent | values)


def ask(client: Client, study: Study, what: str) -> Job:
    """Press the button, and do what it asks of a worker."""
    reply = client.post(reverse("deposit_work", args=[study.slug, what]))
    assert reply.status_code == 302
    job = study.jobs.filter(kind=KINDS[what]).first()
    assert job is not None
    if job.state == Job.State.WAITING:
        run_job(job.pk)
        job.refresh_from_db()
    return job


@pytest.fixture
def closed() -> Study:
    study = closed_study(
        people=4, clips=2, owner=UserFactory(username="mina"), licence="CC-BY-4.0", questions_before=QUESTIONS
    )
    build_analysis(study)
    return study


def test_facts_are_filled_in_before_closing_and_every_fault_is_named_beside_its_field() -> None:
    study = make_open_study(clips=3, owner=UserFactory())
    study.clips.filter(number__gt=1).update(licence="CC-BY-4.0", sound_may_be_published=True)
    study.clips.filter(number=3).update(included=False)
    client = browser(study.owner)
    shown = client.get(page_of(study)).text
    assert "Sounds that the deposit will hold: 1 of 2 clips." in shown, "a clip that is left out is not in it"
    assert "Name at least one creator" in shown
    assert "It can be made once the study is closed and its results are open." in shown
    assert "Look through the data" not in shown

    refused = facts_form(
        client,
        study,
        **{"creators-0-family": "", "creators-0-given": "Mina", "creators-1-family": "Lee"},
        **{"creators-1-orcid": "0000-0002-1825-0098", "related-0-identifier": "my paper", "address": "zenodo"},
        version="!",
    )
    assert refused.status_code == 400
    errors = refused.context["form"].errors
    assert set(errors) == {"creators-0-family", "creators-1-orcid", "related-0-identifier", "address", "version"}
    assert 'value="my paper"' in refused.text, "what was typed stays"

    more = facts_form(client, study, do="add-creators")
    assert more.status_code == 200
    assert re.findall(r"<input[^>]* autofocus[^>]*>", more.text) == re.findall(
        r'<input[^>]*name="creators-1-family"[^>]*>', more.text
    ), "one goes on typing in the new row"
    assert KEY not in Study.objects.get(pk=study.pk).plan, "a row more saves nothing"
    typed = {f"creators-{n}-family": name for n, name in enumerate(["Kim", "Lee", "Park"])}
    less = facts_form(client, study, do="remove-creators-1", **typed).context["form"]
    assert "autofocus" in less["creators-1-family"].field.widget.attrs
    assert [row[0].value() for row in less.creators()] == ["Kim", "Park", ""]

    values = {"creators-0-given": "Mina", "creators-0-orcid": "https://orcid.org/0000-0002-1825-0097"}
    values |= {"creators-0-affiliation": "SNU", "keywords": "music\nimages\n\nmusic", "related-0-identifier": "10.1/x"}
    assert facts_form(client, study, **values | {"related-0-identifier": "10.1234/x"}).status_code == 302
    stored = Study.objects.get(pk=study.pk).plan[KEY]
    assert stored["creators"] == [KIM]
    assert stored["keywords"] == ["music", "images"]
    assert stored["related"] == [{"relation": "IsSupplementTo", "identifier": "10.1234/x"}]
    assert study.log.filter(action="publication facts saved").count() == 1
    assert 'value="0000-0002-1825-0097"' in client.get(page_of(study)).text


def test_findings_are_decided_one_by_one_and_looked_for_again_only_when_data_change(
    closed: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[Study] = []

    def found_in(study: Study) -> list[Finding]:
        looked.append(study)
        return [TITLE, CITY]

    monkeypatch.setattr(deposit_jobs, "found_in", found_in)
    client = browser(closed.owner)
    assert ask(client, closed, "findings").state == Job.State.READY
    shown = client.get(page_of(closed)).text
    assert shown.index("column before_city") < shown.index("study: title"), "what blocks comes first"
    assert "to decide" in shown
    assert "Decide about 1 finding" in shown
    sent = {f"choice {CITY.accept_as}": "leave-out", f"choice {TITLE.accept_as}": "keep", "choice other": "keep"}
    assert client.post(reverse("publication_choices", args=[closed.slug]), sent).status_code == 302
    closed.refresh_from_db()
    facts = publication_facts(closed)
    assert (facts.left_out, facts.kept) == ((CITY.accept_as,), (TITLE.accept_as,))
    shown = client.get(page_of(closed)).text
    assert "to decide" not in shown
    assert "Few people live" in shown, "what is decided is still shown"
    ask(client, closed, "findings")
    assert len(looked) == 1, "a decision changes no finding"
    assert publication_facts(looked[0]).left_out == ()

    with pytest.raises(StudyError, match="cannot be left out"):
        decide(closed, {TITLE.accept_as: Choice.LEAVE_OUT})
    decide(closed, {CITY.accept_as: Choice.OPEN, "stimuli.csv:prompt": Choice.LEAVE_OUT})
    assert publication_facts(closed).left_out == ("stimuli.csv:prompt",)
    reader = UserFactory()
    closed.memberships.create(user=reader, role=Role.READER)
    assert "before_city" not in browser(reader).get(page_of(closed)).text, "a reader gets no data about people"


def test_the_deposit_is_made_checked_and_out_of_date_when_something_changes(
    closed: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser(closed.owner)
    refused = client.post(reverse("deposit_work", args=[closed.slug, "deposit"]), follow=True)
    assert "Name at least one creator" in refused.text
    assert not closed.jobs.exists()
    known = {"creators": [KIM], "kept": [TOGETHER]}
    save_publication_facts(closed, facts_from(known))
    assert (
        "There is no deposit"
        in client.post(reverse("deposit_work", args=[closed.slug, "reproduction"]), follow=True).text
    )

    name = "results/report-en.html"
    in_report = Finding(where=name, what="This looks like a name.", rows=1, example="", blocks=True, accept_as=name)
    monkeypatch.setattr("config.deposits.writing.findings_in_texts", lambda *_of: [in_report])
    assert ask(client, closed, "deposit").state == Job.State.FAILED
    assert "This looks like a name." in client.get(page_of(closed)).text, "only the written deposit shows it"
    client.post(reverse("publication_choices", args=[closed.slug]), {f"choice {name}": "keep"})
    job = ask(client, closed, "deposit")
    assert (job.state, job.error) == (Job.State.READY, "")
    file = job.results.get()
    assert file.name == f"{closed.slug}-deposit.zip"
    with file.file.open("rb") as stored, zipfile.ZipFile(stored) as archive:
        names = [info.filename for info in archive.infolist()]
    listed = {row["name"]: row["files"] for row in job.outcome["contents"]}
    assert sum(listed.values()) == len(names)
    assert listed["ballots.csv" if "ballots.csv" in names else "data/"] >= 1
    shown = client.get(page_of(closed)).text
    assert file.digest in shown
    assert reverse("job_file", args=[closed.slug, job.pk, file.pk]) in shown

    found = Reproduction(
        title=closed.title,
        checked=("a",),
        unchecked=(),
        differences=(),
        faults=(),
        versions={},
        digests={},
        at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
    )
    read: list[Path] = []
    monkeypatch.setattr("config.deposits.reproduction.reproducing.reproduce", lambda path: read.append(path) or found)
    monkeypatch.setattr(
        "config.deposits.reproduction.reproducing.badge_page", lambda _found: "<!doctype html><p>reproduced"
    )
    checked = ask(client, closed, "reproduction")
    assert (checked.state, checked.error) == (Job.State.READY, "")
    assert checked.outcome["reproduced"] is True
    assert "the analysis is the same" in client.get(page_of(closed)).text
    badge = client.get(reverse("deposit_badge", args=[closed.slug]))
    assert b"<p>reproduced" in body(badge)
    assert "default-src 'none'" in badge["Content-Security-Policy"]

    assert ask(client, closed, "deposit").pk == job.pk, "nothing has changed: neither download nor check"
    save_publication_facts(closed, facts_from(known | {"publisher": "Zenodo"}))
    shown = client.get(page_of(closed)).text
    assert "Something has changed since the deposit was made" in shown
    assert "the analysis is the same" not in shown
    assert client.get(reverse("deposit_badge", args=[closed.slug])).status_code in (302, 404)


def test_commands_do_what_the_page_does(closed: Study, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    path.write_text(json.dumps({"creators": [KIM]}))
    run("publication", "facts", closed.slug, "--from", str(path), "--as", "mina")
    run("publication", "facts", closed.slug, "publisher=Zenodo", "keywords=music; images", "--as", "mina")
    shown = run("publication", "facts", closed.slug, "--as", "mina")
    assert shown == {
        "values": {
            "creators": [KIM],
            "keywords": ["music", "images"],
            "publisher": "Zenodo",
            "version": "1.0.0",
        },
        "missing": [],
    }
    assert (
        "no ORCID"
        in run(
            "publication",
            "facts",
            closed.slug,
            "--from",
            _written(tmp_path, {"creators": [KIM | {"orcid": "1"}]}),
            "--as",
            "mina",
        )["error"]
    )
    assert (
        "no facts of a publication: editor"
        in run("publication", "facts", closed.slug, "editor=x", "--as", "mina")["error"]
    )
    for module in ("config.management.commands.publication", "config.deposits.console.jobs"):
        monkeypatch.setattr(f"{module}.found_in", lambda _study: [CITY])
    run("publication", "choose", closed.slug, "--leave-out", CITY.accept_as, "--as", "mina")
    (found,) = run("publication", "findings", closed.slug, "--as", "mina")["findings"]
    assert (found["key"], found["choice"]) == (CITY.accept_as, "leave-out")
    assert (
        "There is no finding 'x'" in run("publication", "choose", closed.slug, "--keep", "x", "--as", "mina")["error"]
    )
    asked = run("publication", "ask", closed.slug, "deposit", "--as", "mina")
    assert asked["job"] == closed.jobs.get().pk


def _written(folder: Path, content: Any) -> str:
    path = folder / "other.json"
    path.write_text(json.dumps(content))
    return str(path)


def test_a_copy_takes_who_made_it_along_and_an_export_is_checked() -> None:
    study = make_study(clips=1)
    stored = {"creators": [KIM], "address": "https://doi.org/10.1234/x", "version": "2.0.0", "kept": ["study: title"]}
    related = [{"relation": "Cites", "identifier": "10.1234/y"}]
    save_publication_facts(study, facts_from(stored | {"related": related, "left_out": ["participants.csv:city"]}))
    copied = copy_study(study, title="Again", owner=study.owner)
    assert copied.plan[KEY] == {"creators": [KIM], "left_out": ["participants.csv:city"]}
    (part,) = parts_in(study.plan)
    part.check(study.plan[KEY])
    for strange in ([], {"creators": [{"family": 1}]}, {"editor": "x"}, {"version": ""}):
        with pytest.raises(StudyError):
            part.check(strange)
