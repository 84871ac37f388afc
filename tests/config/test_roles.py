"""Each role in a study × each URL of it × what is sent there; and that a runner stays blind to images and results."""

import logging
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse

from analysis.study_results.analyses import build_analysis
from study.access import RIGHTS, Right
from study.models import ProblemReport, Role, Study
from study.models.log import record
from study.setup import sharing
from tests.analysis.answered_studies import closed_study
from tests.config.addresses import AUDIENCE, NEEDS, STUDY, VERBS, body, browser, named_addresses_of
from tests.config.test_access import FORM, all_rows
from tests.factories import UserFactory, make_study

pytestmark = pytest.mark.django_db

MEMBERS = (Role.EDITOR, Role.RUNNER, Role.READER)


@pytest.fixture
def world(settings: Any) -> SimpleNamespace:
    """A draft and a closed study with results, and somebody in each role."""
    settings.CELERY_TASK_ALWAYS_EAGER = False
    third = UserFactory(username="third")  # first of all: the addresses name this member
    people = {role: UserFactory(username=f"zz{role}") for role in Role}
    draft = make_study(clips=1, owner=people[Role.OWNER], slug="zither-draft", description="Which zither is best?")
    closed = closed_study(clips=1, people=2, owner=people[Role.OWNER], slug="zither-closed", description="The zither")
    for study in (draft, closed):
        study.memberships.create(user=third, role=Role.READER)
        for role in MEMBERS:
            study.memberships.create(user=people[role], role=role)
        study.files.create(kind="rules", name="own.yaml", digest="0" * 64, text="name: own", summary={"rules": 1})
        record(study, "repainted", clip="clip1.wav", reason="it shows a zither")
        record(study, "downloaded", actor=people[Role.EDITOR], file="own.yaml")  # as earlier versions wrote it
    ProblemReport.objects.create(study=closed, page="survey", text="no sound for me@example.org")
    for study in (draft, closed):
        study.api_tokens.create(
            user=study.owner, role="owner", name="zither", token_hash=study.slug, last_day="2100-01-01"
        )
        job = study.jobs.create(kind="table", arguments={"name": "ballots.csv"})
        job.files.create(is_result=True, name="ballots.csv", file="jobs/zither.csv")
    return SimpleNamespace(people=people, third=third, draft=draft, closed=closed)


def test_every_url_of_a_study_states_the_right_that_it_needs() -> None:
    rows = {f"{name} {verb}" for name in AUDIENCE[STUDY] for verb in VERBS.get(name, ())} | {*AUDIENCE[STUDY]}
    assert NEEDS.keys() <= rows, "in NEEDS, but no longer a URL"
    missing = {name for name in AUDIENCE[STUDY] if name not in NEEDS and not _verbs_listed(name)}
    assert missing == set(), "new URLs: state in NEEDS what they need"


def _verbs_listed(name: str) -> bool:
    return bool(VERBS.get(name)) and all(f"{name} {verb}" in NEEDS for verb in VERBS[name])


def test_each_role_may_do_at_each_url_what_the_table_says_and_nothing_else(
    world: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, logger="django.request")  # each refusal is logged with its traceback
    clients = {role: browser(world.people[role]) for role in Role}
    before = all_rows()
    for role, client in clients.items():
        for study, tries_forbidden in ((world.closed, True), (world.draft, False)):
            for row, address in named_addresses_of(study):
                for method, right in zip(("get", "post"), NEEDS[row], strict=True):
                    allowed = right is None or right in RIGHTS[role]
                    # What all roles or most may do is tried once, by those to whom the most is forbidden.
                    if allowed == tries_forbidden or (allowed and role in (Role.OWNER, Role.EDITOR)):
                        continue
                    with transaction.atomic():
                        response = getattr(client, method)(address, FORM if method == "post" else None)
                        transaction.set_rollback(True)
                    if allowed:
                        assert response.status_code != 403, (role, method, address)
                    elif response.status_code != 405 and not (row == "study_result_file" and role == Role.READER):
                        assert response.status_code == 403, (role, method, address)
                        assert f"owner, {study.owner.username}" in response.text, (role, method, address)
    assert all_rows() == before


def test_a_runner_sees_nothing_of_images_conditions_and_results_even_after_closing(world: SimpleNamespace) -> None:
    client = browser(world.people[Role.RUNNER])
    editor = browser(world.people[Role.EDITOR])
    secret = [word for row in world.closed.conditions.all() for word in (row.key, row.label, row.sealed_label)]
    secret += ["zither is best", "The zither", "it shows a zither", "clip1", "own.yaml"]
    seen = said = ""
    for study in (world.draft, world.closed):
        for row, address in named_addresses_of(study):
            if NEEDS[row][0] not in RIGHTS[Role.RUNNER]:
                continue  # refused, by the test above
            response = client.get(address)
            page = body(response)
            assert not page.startswith((b"\x89PNG", b"RIFF", b"\xff\xd8", b"ID3", b"\xff\xfb")), address
            seen += page.decode(errors="replace")
        said += "".join(
            body(editor.get(reverse(name, args=[study.slug]))).decode()
            for name in ("study_overview", "study_clips", "study_log", "generation_files")
        )
    seen += body(client.get("/console/")).decode()
    for word in secret:
        assert word not in seen, word
    # The control: an editor reads all these words on a few pages, but the labels that nobody reads any more.
    labels = {row.sealed_label for row in world.closed.conditions.all()}
    assert [word for word in secret if word not in labels and word not in said] == []


def test_the_download_of_a_researchers_own_file_is_logged_without_its_name(world: SimpleNamespace) -> None:
    file = world.draft.files.get()
    answer = browser(world.people[Role.EDITOR]).get(reverse("generation_file", args=[world.draft.slug, file.pk]))
    assert "own.yaml" in answer.headers["Content-Disposition"]
    entry = world.draft.log.last()
    assert (entry.action, entry.data) == ("downloaded", {"file": "rules 00000000"})


def test_a_runner_does_the_work_of_running(world: SimpleNamespace) -> None:
    study = world.closed
    Study.objects.filter(pk=study.pk).update(status=Study.Status.OPEN, closed_at=None)
    client = browser(world.people[Role.RUNNER])
    for name in ("study_links", "study_payment"):
        page = client.get(reverse(name, args=[study.slug])).text
        assert "The owner or an editor chooses it in the plan." in page
        assert reverse("study_plan", args=[study.slug]) not in page
    assert "no sound for me@example.org" in client.get(reverse("study_monitor", args=[study.slug])).text
    page = client.get(reverse("study_open", args=[study.slug])).text
    assert "Pause the study" in page
    assert "Close the study" not in page
    assert f"Its owner closes it: {study.owner.username}" in page
    client.post(reverse("study_move", args=[study.slug, "pause"]), {"reason": "lunch"})
    study.refresh_from_db()
    assert study.status == Study.Status.PAUSED
    assert "To the plan" not in client.get(reverse("study_links", args=[study.slug])).text


def test_a_reader_reads_forms_that_are_out_of_use_and_no_personal_data(world: SimpleNamespace) -> None:
    client = browser(world.people[Role.READER])
    build_analysis(world.closed)
    page = client.get(reverse("study_plan", args=[world.draft.slug])).text
    assert '<fieldset class="read-only" disabled>' in page
    assert "You can read this page and change nothing on it" in page
    results = client.get(reverse("study_results", args=[world.closed.slug])).text
    assert "ballots.csv" not in results
    assert "scores.csv" in results
    for name, status in (
        ("codebook.csv", 200),
        *((f"{table}.csv", 403) for table in ("ballots", "answers", "participants")),
    ):
        assert client.get(reverse("study_result_file", args=[world.closed.slug, name])).status_code == status
    world.closed.jobs.create(kind="report", arguments={"language": "en"})
    listed = client.get(reverse("study_jobs", args=[world.closed.slug])).text
    assert "Report (English)" in listed
    assert "ballots.csv" not in listed
    assert "example.org" not in client.get(reverse("study_monitor", args=[world.closed.slug])).text
    assert "read-only" not in browser(world.people[Role.EDITOR]).get(reverse("study_plan", args=["zither-draft"])).text


def test_a_study_is_passed_on_only_when_its_new_owner_accepts(world: SimpleNamespace) -> None:
    study, editor, reader = world.draft, world.people[Role.EDITOR], world.people[Role.READER]
    owner = browser(world.people[Role.OWNER])
    owner.post(reverse("ownership_offer", args=[study.slug]), {"name": reader.username})
    owner.post(reverse("ownership_offer", args=[study.slug]), {"name": editor.username})
    for user, answer in ((reader, "no longer"), (world.third, "not offered")):
        page = browser(user).post(reverse("ownership_answer", args=[study.slug]), {"accept": "1"}, follow=True).text
        assert "not offered to you any more" in page, answer
    assert "passes this study on to you" in browser(editor).get(reverse("study_members", args=[study.slug])).text
    browser(editor).post(reverse("ownership_answer", args=[study.slug]), {"accept": "1"})
    study.refresh_from_db()
    assert study.owner == editor
    assert study.memberships.get(user=world.people[Role.OWNER]).role == Role.EDITOR
    assert not study.memberships.filter(user=editor).exists()
    assert [entry.action for entry in study.log.order_by("-number")[:2]] == ["ownership passed on", "ownership offered"]
    assert owner.post(reverse("study_delete", args=[study.slug]), {"title": study.title}).status_code == 403


def test_a_member_declines_and_leaves_and_a_role_changes(world: SimpleNamespace) -> None:
    study, reader = world.draft, world.people[Role.READER]
    sharing.offer_ownership(study, reader, actor=study.owner)
    client = browser(reader)
    client.post(reverse("ownership_answer", args=[study.slug]), {"decline": "1"})
    assert not study.memberships.filter(offered_ownership=True).exists()
    owner = browser(study.owner)
    owner.post(reverse("member_role", args=[study.slug, reader.pk]), {"role": "runner"})
    assert study.memberships.get(user=reader).role == Role.RUNNER
    owner.post(reverse("member_role", args=[study.slug, reader.pk]), {"role": "owner"})
    assert study.memberships.get(user=reader).role == Role.RUNNER
    client.post(reverse("member_remove", args=[study.slug, reader.pk]))
    assert client.get(reverse("study_overview", args=[study.slug])).status_code == 404


def test_the_rights_of_roles_grow_from_runner_and_reader_to_owner() -> None:
    assert RIGHTS[Role.OWNER] == set(Right)
    assert RIGHTS[Role.EDITOR] == set(Right) - {Right.OWN}
    assert RIGHTS[Role.RUNNER] | RIGHTS[Role.READER] < RIGHTS[Role.EDITOR]
    assert not RIGHTS[Role.RUNNER] & {Right.LOOK, Right.RESULTS, Right.DATA}
