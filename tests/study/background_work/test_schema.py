"""A database of another version: nothing works on it in silence, and what waits is left to whoever knows it."""

from contextlib import suppress
from typing import Any

import pytest
from django.db import OperationalError, ProgrammingError
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from analysis.models import Analysis
from analysis.study_results import analyses
from analysis.tasks import run_analysis
from generation.models import ClipStep
from generation.runs import execution, lifecycle
from study.background_work import lookout, schema
from study.blinding_audit import audit
from study.models import Ballot, BlindingAudit
from tests.factories import make_open_study, make_study
from tests.generation.studies import add_clips
from tests.study.visits import Visit

pytestmark = pytest.mark.django_db
APPLIED = MigrationRecorder.Migration.objects


def make_older() -> None:
    """Let the database lack a change: it was not migrated, or is that of an older version."""
    APPLIED.filter(app="study").order_by("-pk").first().delete()
    schema.forget()


def make_newer() -> None:
    """Let the database have a change that is not known here."""
    APPLIED.create(app="study", name="9999_later", applied="2030-01-01T00:00Z")
    schema.forget()


def test_the_database_of_this_version_is_known_without_importing_its_changes() -> None:
    schema.forget()
    assert schema.difference() == ""


def test_a_foreign_table_of_changes_is_no_difference() -> None:
    APPLIED.create(app="another_program", name="0001_initial", applied="2030-01-01T00:00Z")
    schema.forget()
    assert schema.difference() == ""


def test_a_thread_that_forgets_the_answer_disturbs_no_other(monkeypatch: Any) -> None:
    def forget_meanwhile() -> float:
        schema.forget()  # between two looks at the answer
        return 0.0

    schema.forget()
    schema.difference()
    monkeypatch.setattr(schema.time, "monotonic", forget_meanwhile)
    assert schema.difference() == ""


def test_who_asks_for_this_moment_hears_that_the_database_is_away(monkeypatch: Any) -> None:
    schema.forget()
    assert schema.difference() == ""
    kept = schema._answer

    def away() -> set[tuple[str, str]]:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(schema, "_applied", away)
    with pytest.raises(OperationalError):
        schema.difference_now()
    assert schema._answer == kept
    assert schema.difference() == ""


@pytest.mark.parametrize(("change", "mend"), [(make_older, "migrate"), (make_newer, "9999_later")])
def test_a_page_says_503_and_comes_back_by_itself(change: Any, mend: str, caplog: Any, monkeypatch: Any) -> None:
    visit = Visit(make_open_study(clips=1)).to_trials()
    change()
    reply = visit.post("trial/1/", {"first": "A", "second": "B"}, accept="application/json")
    assert (reply.status_code, reply.json()["retry"]) == (503, True)
    assert mend in caplog.text
    page = visit.get("trial/1/")
    assert page.status_code == 503
    assert "being updated" in page.content.decode()
    assert not Ballot.objects.exists()
    monkeypatch.setattr(schema, "difference_now", lambda: "")  # it was migrated
    assert visit.get("trial/1/").status_code == 503  # the answer holds some seconds
    monkeypatch.setattr(schema.time, "monotonic", lambda: float("inf"))
    assert visit.get("trial/1/").status_code == 200


@pytest.mark.parametrize("known", [True, False])
def test_a_missing_column_is_no_error_page(known: bool, monkeypatch: Any) -> None:
    """The control: whoever does not compare versions gives an error page, which tells nobody what to do."""
    study = make_open_study(clips=1)
    client = Client(raise_request_exception=False)

    def fail(*_args: Any, **_more: Any) -> Any:
        raise ProgrammingError("column study_study.later does not exist")

    monkeypatch.setattr("django.db.models.query.QuerySet.get", fail)
    monkeypatch.setattr("django.db.models.query.QuerySet.first", fail)
    monkeypatch.setattr(schema, "difference_now", lambda: "The database lacks 1 change." if known else "")
    page = client.get(f"/s/{study.open_link_token}/")
    assert page.status_code == (503 if known else 500)


@pytest.mark.parametrize("change", [make_older, make_newer])
def test_a_worker_does_not_start_on_it_and_says_why_in_one_sentence(change: Any) -> None:
    change()
    with pytest.raises(SystemExit, match=r"The worker does not start. The database .*\."):
        lookout.refuse_another_version()


def test_a_worker_that_runs_meanwhile_stops_as_its_supervisor_would_stop_it(monkeypatch: Any, caplog: Any) -> None:
    killed: list[int] = []
    monkeypatch.setattr(lookout.os, "kill", lambda _pid, number: killed.append(number))
    monkeypatch.setattr(lookout, "look_out", lambda **_more: pytest.fail("it looked for work"))
    monkeypatch.setattr(lookout.connections, "close_all", lambda: None)
    make_newer()
    lookout._look_out_periodically([])
    assert killed == [lookout.signal.SIGTERM]
    assert "9999_later" in caplog.text


@pytest.mark.parametrize("protected", [True, False])
def test_a_task_that_reaches_an_old_worker_changes_nothing(protected: bool, monkeypatch: Any) -> None:
    study = make_study(clips=1)
    row = Analysis.objects.create(study=study)
    make_newer()
    if not protected:
        monkeypatch.setattr(schema, "difference", lambda: "")
    run_analysis(row.pk)
    row.refresh_from_db()
    assert (row.state == "waiting", row.attempts == 0) == (protected, protected)


def broken_by_the_version(*_args: Any, **_more: Any) -> Any:
    raise ProgrammingError("column later does not exist")


@pytest.mark.parametrize("protected", [True, False])
def test_work_that_meets_unknown_columns_half_way_waits_and_does_not_fail(
    protected: bool, monkeypatch: Any, tmp_path: Any
) -> None:
    if protected:
        monkeypatch.setattr(schema, "difference_now", lambda: "The database was changed by another version.")
    study = make_study(clips=0)
    add_clips(study, 1)
    lifecycle.start_run(study, wake=False)
    step = ClipStep.objects.filter(state="waiting").get()
    monkeypatch.setattr(execution, "_do_and_save", broken_by_the_version)
    execution.perform_step(step.pk)
    step.refresh_from_db()
    assert (step.state, step.attempts) == (("waiting", 0) if protected else ("failed", 0))

    analysis = Analysis.objects.create(study=study, state="running", attempts=1)
    monkeypatch.setattr(analyses, "_compute", broken_by_the_version)
    check = BlindingAudit.objects.create(study=study, state="running", actor=study.owner)
    monkeypatch.setattr(audit, "_delete_pilots_of_ended", broken_by_the_version)
    for work in (lambda: analyses.compute(analysis), lambda: audit.audit_study(study, audit=check)):
        with suppress(ProgrammingError):
            work()
    analysis.refresh_from_db()
    check.refresh_from_db()
    assert (analysis.state, check.state) == (("running", "running") if protected else ("failed", "failed"))
