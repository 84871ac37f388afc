"""What is kept for a time only is erased when that is over, once, and counted in the log."""

import io
import os
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.utils import timezone

from study.ballots.table import ballot_rows
from study.models import Event, LogEntry, ProblemReport, Study
from study.participants.exclusion_rules import refresh_unfinished
from study.participants.retention import ERASED, enforce_retention
from study.setup.lifecycle import close_study
from tests.factories import make_open_study
from tests.study.visits import Visit

pytestmark = pytest.mark.django_db
IDS = "platform ids 2, support codes 2, problem reports 1"


def test_each_thing_goes_when_its_time_is_over_and_results_stay(settings, tmp_path) -> None:
    settings.DATA_DIR = tmp_path
    study = make_open_study(clips=2, recruitment_platform="prolific", keep_ids_days=30)
    done, stopped = Visit(study, "?PROLIFIC_PID=ada00").to_trials(), Visit(study, "?PROLIFIC_PID=ben00")
    done.post("events/", {"events": '[{"kind": "hidden", "trial": 1}]'})
    done.post("problem/", {"text": "no sound", "page": "trial 1"})
    done.finish()
    stopped.post("consent/", {"agree": "on"})
    close_study(study)
    now = timezone.now()

    def later(days: float) -> dict[str, str]:
        return {row.study.slug if row.study else "": str(row) for row in enforce_retention(now=now + timedelta(days))}

    assert later(30) == {}  # from the end of the grace period, an hour after closing
    assert str(enforce_retention(now=now + timedelta(31), dry_run=True)[0]) == IDS
    assert study.platform_visits.count() == 2
    assert later(31) == {study.slug: IDS}
    assert not study.platform_visits.exists()
    assert not ProblemReport.objects.exists()
    assert later(31) == {}
    assert Event.objects.exists()
    assert later(366) == {study.slug: "events 1, answers of people without ballots 1"}
    assert not Event.objects.exists()
    assert stopped.participant.answers == {}
    assert done.participant.answers
    assert len(ballot_rows(study, sealed=False)) == 2
    assert [entry.data for entry in LogEntry.objects.filter(action=ERASED, study=study)] == [
        {"what": IDS},
        {"what": "events 1, answers of people without ballots 1"},
    ]


def test_flags_stay_as_the_erased_events_gave_them() -> None:
    study = make_open_study(clips=2)
    visit = Visit(study).to_trials()
    visit.answer(1)  # and stops
    trial = visit.participant.trials.get(number=1)
    visit.participant.events.create(trial=trial, kind="hidden")
    close_study(study)
    enforce_retention(now=timezone.now() + timedelta(366))
    assert not Event.objects.exists()
    study.refresh_from_db()
    refresh_unfinished(study)
    assert "left_tab" in visit.participant.flag_kinds
    Study.objects.update(events_erased_at=None)  # the control: judged anew without the events
    refresh_unfinished(Study.objects.get())
    assert "left_tab" not in visit.participant.flag_kinds


def test_sign_ins_sessions_and_forgotten_files_of_the_installation_go(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path)
    old, now = timezone.now() - timedelta(days=8), timezone.now()
    AccessAttempt.objects.create(username="typed-password", failures_since_start=1, ip_address=None)
    AccessAttempt.objects.update(attempt_time=old)
    AccessAttempt.objects.create(username="today", failures_since_start=1, ip_address=None, user_agent="b")
    Session.objects.create(session_key="a" * 32, session_data="", expire_date=old)
    Session.objects.create(session_key="b" * 32, session_data="", expire_date=now + timedelta(days=1))
    for name, at in (("old.part", old), ("new.part", now), ("old.txt", old)):
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (at.timestamp(), at.timestamp()))
    out = io.StringIO()
    call_command("enforce_retention", "--dry-run", stdout=out)
    assert "installation: failed sign-ins 1, sessions 1, files 1\nNothing was erased" in out.getvalue()
    call_command("enforce_retention", stdout=out)
    assert [row.username for row in AccessAttempt.objects.all()] == ["today"]
    assert Session.objects.count() == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.part", "old.txt"]
    assert LogEntry.objects.get(study=None, action=ERASED).data["what"].startswith("failed sign-ins 1")
