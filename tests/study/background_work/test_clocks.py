"""A clock that is set an hour back or forward, while work waits, runs or was left by a worker that died.

"The clock was set back" is made by times in the future, which is the same: only differences count.
"""

import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from analysis.models import Analysis
from analysis.study_results import analyses, power_answers
from generation.library import tasks as library_tasks
from generation.models import ClipStep, GenerationRun
from generation.runs import leases, waiting, worker
from study.background_work import clocks, lookout, messages, signs_of_life
from study.background_work.clocks import ClockWatch
from study.ballots.permission import takes_answers
from study.blinding_audit import queueing, verdicts
from study.models import BlindingAudit, Participant, Study, Worker
from study.models.log import LogEntry
from study.participants.enrolment import enrol
from study.setup.lifecycle import close_study
from study.verification.verify import verify_study
from tests.config.addresses import browser
from tests.factories import make_open_study, make_study

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def sent(monkeypatch: Any, settings: Any) -> list[str]:
    sent: list[str] = []
    settings.GENERATION_LEASE_SECONDS = 60
    monkeypatch.setattr(messages, "send", lambda task, _arguments, **_more: sent.append(task) or True)
    monkeypatch.setattr(messages, "count_queued", lambda: 0)
    return sent


class Clock:
    """Time that passes, and a clock that can be set."""

    def __init__(self, monkeypatch: Any) -> None:
        self.passed, self.step = 1_000.0, 0.0
        monkeypatch.setattr(clocks.time, "monotonic", lambda: self.passed)

    def read(self) -> float:
        return 1_700_000_000 + self.passed + self.step


def test_after_a_clock_was_set_forward_live_work_has_time_to_show_that_it_lives(monkeypatch: Any) -> None:
    clock = Clock(monkeypatch)
    monkeypatch.setattr(lookout, "_clocks", ClockWatch({"clock": clock.read}))
    monkeypatch.setattr(lookout, "_looks", {"rows": lambda _starting: 1})
    assert lookout.look_out() == 1
    clock.passed += 30
    assert lookout.look_out() == 1
    clock.step = 3600
    assert lookout.look_out() == 0
    clock.passed += 30
    assert lookout.look_out() == 0
    clock.passed += 30
    assert lookout.look_out() == 1
    clock.step = 0  # set back: nothing that lives looks dead
    assert lookout.look_out() == 1


def test_without_the_watch_live_work_would_be_taken_for_dead(monkeypatch: Any) -> None:
    row = Analysis.objects.create(study=make_study(clips=1), state="running", attempts=1, alive_at=timezone.now())
    monkeypatch.setattr(timezone, "now", lambda: row.alive_at + HOUR)
    assert analyses.find_lost_analyses(False) == 1


def test_the_databases_clock_is_read() -> None:
    assert abs(clocks.database_time() - time.time()) < 5


def a_dead_analysis(study: Study) -> Callable[[], int]:
    row = Analysis.objects.create(study=study, state="running", attempts=1, alive_at=timezone.now() + HOUR)

    def later() -> int:
        Analysis.objects.filter(pk=row.pk, alive_at__lte=timezone.now()).update(alive_at=timezone.now() - HOUR)
        return analyses.find_lost_analyses(False)

    analyses.find_lost_analyses(False)
    return later


def a_dead_question(study: Study) -> Callable[[], int]:
    soon = (timezone.now() + HOUR).isoformat()
    power_answers._save(study.pk, state="running", asked_at=soon, alive_at=soon, sent_at=soon)

    def later() -> int:
        asked = Study.objects.get(pk=study.pk).plan["power"]
        if asked["alive_at"] < timezone.now().isoformat():
            power_answers._save(study.pk, alive_at=(timezone.now() - HOUR).isoformat())
        return power_answers.find_lost_questions(False)

    power_answers.find_lost_questions(False)
    return later


def a_dead_audit(study: Study) -> Callable[[], int]:
    row = BlindingAudit.objects.create(
        study=study, actor=study.owner, state="running", fingerprint=verdicts.fingerprint(study)
    )
    BlindingAudit.objects.update(moved_at=timezone.now() + HOUR, asked_at=timezone.now() + HOUR)

    def later() -> int:
        long_ago = timezone.now() - timedelta(minutes=5)
        BlindingAudit.objects.filter(pk=row.pk, moved_at__lte=timezone.now()).update(moved_at=long_ago)
        return queueing.find_lost_audits(False)

    queueing.find_lost_audits(False)
    return later


def a_dead_step(study: Study) -> Callable[[], int]:
    step = a_step(study)
    lease = leases.acquire(step.pk)
    assert lease is not None
    ClipStep.objects.update(leased_until=timezone.now() + HOUR, lease_holder="another-machine/boot/pid:[1]|1|1")

    def later() -> int:
        soon = timezone.now() + 2 * leases.lease_time()
        ClipStep.objects.filter(leased_until__lt=soon).update(leased_until=timezone.now() - timedelta(seconds=1))
        return worker.requeue_orphans()

    worker.requeue_orphans()
    return later


def a_lost_message(study: Study) -> Callable[[], int]:
    step = a_step(study)
    ClipStep.objects.filter(pk=step.pk).update(queued_at=timezone.now() + HOUR)

    def later() -> int:
        ClipStep.objects.filter(queued_at__lte=timezone.now()).update(queued_at=timezone.now() - timedelta(minutes=1))
        return worker.requeue_orphans()

    worker.requeue_orphans()
    return later


def a_step_that_waits_for_its_service(study: Study) -> Callable[[], int]:
    step, soon = a_step(study), timezone.now() + HOUR
    ClipStep.objects.filter(pk=step.pk).update(waiting_since=soon, not_before=soon, waits=1)
    worker.requeue_orphans()
    return lambda: ClipStep.objects.filter(not_before__lt=timezone.now() + 2 * waiting.FIRST_WAIT).count()


def a_dead_worker(_study: Study) -> Callable[[], int]:
    Worker.objects.create(
        kind="worker", host="another", pid=1, started_at=timezone.now(), seen_at=timezone.now() + HOUR
    )
    signs_of_life.note_life(Worker.Kind.WORKER)
    return lambda: Worker.objects.filter(host="another", seen_at__lte=timezone.now()).count()


def a_step(study: Study) -> ClipStep:
    run = GenerationRun.objects.create(study=study, number=1)
    return ClipStep.objects.create(run=run, clip=study.clips.get(), kind="listen", position=1, state="waiting")


@pytest.mark.parametrize("bears_it", [True, False])
@pytest.mark.parametrize(
    "left",
    [
        a_dead_analysis,
        a_dead_question,
        a_dead_audit,
        a_dead_step,
        a_lost_message,
        a_step_that_waits_for_its_service,
        a_dead_worker,
    ],
)
def test_work_left_before_the_clock_was_set_back_is_found_after_its_usual_time(
    left: Callable[[Study], Callable[[], int]], bears_it: bool, monkeypatch: Any
) -> None:
    if not bears_it:  # the control: what lies in the future stays there, until the clock has caught up
        for module in (leases, waiting, worker):
            monkeypatch.setattr(module, "TOLERANCE", timedelta(days=9))
        monkeypatch.setattr(clocks, "TOLERANCE", timedelta(days=9))
    later = left(make_study(clips=1))
    assert later() == bears_it


@pytest.mark.parametrize("bears_it", [True, False])
def test_a_pass_over_a_library_is_found_again_after_the_clock_was_set_back(
    bears_it: bool, tmp_path: Path, monkeypatch: Any
) -> None:
    chunk = tmp_path / "chunk-000001.json"
    chunk.touch()
    os.utime(chunk, (time.time() + 3600,) * 2)
    if not bears_it:
        monkeypatch.setattr(library_tasks, "TOLERANCE", timedelta(days=9))
    library_tasks._changed_at(chunk)
    assert (chunk.stat().st_mtime <= time.time() + 1) is bears_it


def test_the_newest_analysis_and_audit_are_those_asked_for_last_whatever_the_clock_says() -> None:
    study = make_study(clips=1)
    old, new = (Analysis.objects.create(study=study, state="ready") for _ in range(2))
    Analysis.objects.filter(pk=old.pk).update(requested_at=timezone.now() + HOUR)
    assert analyses.latest(study) == new
    assert study.analyses.first() == old  # the control: by the clock alone
    first, second = (
        BlindingAudit.objects.create(study=study, state=state, fingerprint=verdicts.fingerprint(study))
        for state in ("passed", "leaks")
    )
    BlindingAudit.objects.filter(pk=first.pk).update(asked_at=timezone.now() + HOUR)
    assert verdicts.last_verdict(study) == second


@pytest.mark.parametrize("bears_it", [True, False])
def test_who_came_before_the_clock_was_set_back_may_finish_after_closing(bears_it: bool, monkeypatch: Any) -> None:
    study = make_open_study(clips=1, grace_minutes=30)
    person, _token = enrol(study, now=timezone.now() + HOUR)
    close_study(study)
    if not bears_it:
        Study.objects.update(closed_at=timezone.now())
    person = Participant.objects.get(pk=person.pk)
    assert takes_answers(person) is bears_it
    if bears_it:
        assert LogEntry.objects.get(action="closed").at == person.created_at
        assert not [fault for fault in verify_study(study)[0].faults if "closed" in fault]


def test_a_sign_in_lives_no_longer_because_the_clock_was_set_back(monkeypatch: Any) -> None:
    study = make_study(clips=1)
    client = browser(study.owner)
    now = time.time()
    session = client.session
    session.update({"began_at": int(now + 3600), "used_at": int(now + 3600)})
    session.save()
    assert client.get("/console/").status_code == 200
    assert client.session["used_at"] <= now + 60
    monkeypatch.setattr("config.accounts.sessions.time.time", lambda: now + django_settings.SESSION_IDLE_SECONDS + 60)
    assert client.get("/console/").status_code == 302
