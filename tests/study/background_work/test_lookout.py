"""Work that waits is found again, whatever became of its message or its worker; no page waits for the broker."""

import socket
import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from celery import Celery
from django.db import OperationalError
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerAway

from analysis.models import Analysis
from analysis.study_results import analyses, power_answers
from analysis.tasks import compute_power, run_analysis
from generation.models import ClipStep, GenerationRun
from study.background_work import lookout, messages
from study.blinding_audit import audit, queueing, verdicts
from study.models import BlindingAudit, Study
from study.tasks import audit_blinding
from tests.analysis.answered_studies import closed_study
from tests.config.addresses import browser
from tests.factories import make_study
from tests.services import RABBITMQ, REDIS, need_server

pytestmark = pytest.mark.django_db
TASKS = {"study.audit_blinding": audit_blinding, "analysis.run": run_analysis, "analysis.power": compute_power}
LONG_AGO = timedelta(minutes=5)


class Broker:
    """A broker that can be away, and a worker that does what was sent."""

    def __init__(self) -> None:
        self.away = False
        self.asked = 0
        self.sent: list[tuple[str, tuple[Any, ...]]] = []

    def send_task(self, _app: Any, name: str, args: tuple[Any, ...], **_more: Any) -> None:
        self.asked += 1
        if self.away:
            raise BrokerAway("Connection refused")
        self.sent.append((name, args))

    def work(self) -> list[str]:
        done = [name for name, _args in self.sent]
        while self.sent:
            name, args = self.sent.pop(0)
            TASKS[name](*args)
        return done

    def come_back(self) -> None:
        self.away = False
        messages.try_again_at_once()


@pytest.fixture
def broker(monkeypatch: Any) -> Broker:
    broker = Broker()
    monkeypatch.setattr("celery.Celery.send_task", lambda app, name, args=(), **more: broker.send_task(app, name, args))
    return broker


def post(study: Study, name: str, capture: Any, data: dict[str, Any] | None = None, **arguments: Any) -> Any:
    with capture(execute=True):
        return browser(study.owner).post(reverse(name, args=[study.slug, *arguments.values()]), data or {})


def page(study: Study, name: str) -> str:
    return browser(study.owner).get(reverse(name, args=[study.slug])).content.decode()


def test_a_broker_that_is_away_is_asked_once_for_many_messages(broker: Broker) -> None:
    broker.away = True
    assert [messages.send("analysis.run", (number,)) for number in range(20)] == [False] * 20
    assert broker.asked == 1
    broker.come_back()
    assert messages.send("analysis.run", (1,))


@pytest.mark.parametrize("bounded", [True, False])
def test_rows_that_wait_for_busy_workers_get_no_flood_of_messages(
    broker: Broker, monkeypatch: Any, bounded: bool
) -> None:
    rows, looks = 20, 8
    monkeypatch.setattr(messages, "count_queued", lambda: len(broker.sent) if bounded else None)
    study = make_study(clips=1)
    Analysis.objects.bulk_create(Analysis(study=study) for _ in range(rows))
    for _ in range(looks):
        analyses.find_lost_analyses(False)
        Analysis.objects.update(sent_at=timezone.now() - LONG_AGO)
    assert (len(broker.sent) < 5 * rows) is bounded
    broker.sent.clear()  # and what is lost after all is sent again
    assert analyses.find_lost_analyses(False) == rows


def test_a_message_sent_half_an_hour_ago_is_sent_again_though_the_queue_is_long(
    broker: Broker, monkeypatch: Any
) -> None:
    monkeypatch.setattr(messages, "count_queued", lambda: 1_000)
    row = Analysis.objects.create(study=make_study(clips=1), sent_at=timezone.now() - LONG_AGO)
    assert analyses.find_lost_analyses(True) == 0
    Analysis.objects.filter(pk=row.pk).update(sent_at=timezone.now() - lookout.RESEND_IF_BUSY - LONG_AGO)
    assert analyses.find_lost_analyses(True) == 1


@pytest.mark.parametrize("url", ["filesystem://", REDIS, RABBITMQ], ids=["filesystem", "redis", "amqp"])
def test_the_messages_that_wait_in_a_queue_are_counted(url: str, monkeypatch: Any) -> None:
    app = Celery(set_as_current=False)
    app.config_from_object("django.conf:settings", namespace="CELERY")
    if not url.startswith("filesystem"):
        app.conf.broker_transport_options = {}
        need_server(url)
    app.conf.broker_url, queue = url, f"earsight-test-{uuid4().hex}"
    monkeypatch.setattr(messages, "current_app", app)
    assert messages.count_queued(queue) == 0
    for _ in range(3):
        assert messages.send("analysis.run", (1,), queue=queue)
    assert messages.count_queued(queue) == 3
    with app.connection_for_write() as connection:
        connection.default_channel.queue_purge(queue)
        assert messages.count_queued(queue) == 0
        connection.default_channel.queue_delete(queue)
    app.conf.broker_url, app.conf.broker_connection_timeout = "redis://127.0.0.1:1/0", 0.5
    assert messages.count_queued(queue) is None


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_answers_nothing_costs_seconds(scheme: str, settings: Any) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        app = Celery(set_as_current=False)
        app.config_from_object("django.conf:settings", namespace="CELERY")
        app.conf.broker_url = f"{scheme}://127.0.0.1:{deaf.getsockname()[1]}//"
        app.conf.broker_connection_timeout = 0.5
        app.conf.broker_transport_options = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}
        began = time.monotonic()
        with pytest.raises((BrokerAway, OSError)):
            app.send_task("analysis.run", (1,))
        assert time.monotonic() - began < 5


def test_an_audit_asked_while_the_broker_is_away_waits_and_then_opens_the_study(
    broker: Broker, monkeypatch: Any, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr(audit, "audit_study", lambda study, *, audit, actor: pass_audit(audit))
    study, capture = make_study(clips=1), django_capture_on_commit_callbacks
    broker.away = True
    assert post(study, "study_move", capture, {"confirmed": "1"}, verb="begin").status_code == 302
    assert "waits for a worker" in page(study, "study_open")
    assert "whoever runs the server starts one" not in page(study, "study_open")
    BlindingAudit.objects.update(asked_at=timezone.now() - LONG_AGO, moved_at=timezone.now() - LONG_AGO)
    assert "It has waited for a worker for 5\xa0minutes" in page(study, "study_open")
    broker.come_back()
    assert lookout.look_out() == 1
    prepare(study, monkeypatch)
    assert broker.work() == ["study.audit_blinding"]
    study.refresh_from_db()
    assert study.status == Study.Status.OPEN


def pass_audit(row: BlindingAudit) -> None:
    row.state = BlindingAudit.State.PASSED
    row.save()


def prepare(study: Study, monkeypatch: Any) -> None:
    monkeypatch.setattr("study.setup.lifecycle.is_prepared", lambda _study: True)
    monkeypatch.setattr("study.setup.lifecycle._refuse_if_blocked", lambda _study: None)


def an_audit(study: Study, state: str, *, silent: timedelta, **fields: Any) -> BlindingAudit:
    row = BlindingAudit.objects.create(study=study, fingerprint=verdicts.fingerprint(study), state=state, **fields)
    BlindingAudit.objects.filter(pk=row.pk).update(moved_at=timezone.now() - silent, asked_at=timezone.now() - silent)
    return row


def states(study: Study) -> list[str]:
    return list(study.blinding_audits.order_by("pk").values_list("state", flat=True))


def test_an_audit_whose_worker_was_killed_begins_again_three_times_at_most(
    broker: Broker, django_capture_on_commit_callbacks: Any
) -> None:
    study = make_study(clips=1)
    an_audit(study, "running", silent=LONG_AGO, opens_plan="0" * 64, actor=study.owner)
    for killed in range(1, queueing.MOST_KILLED + 1):
        with django_capture_on_commit_callbacks(execute=True):
            assert queueing.find_lost_audits(False) == 1
        waiting = study.blinding_audits.filter(state="waiting")
        assert waiting.count() == len(broker.sent) == (killed < queueing.MOST_KILLED)
        broker.sent.clear()
        waiting.update(state="running", moved_at=timezone.now() - LONG_AGO)
    assert states(study) == ["failed"] * queueing.MOST_KILLED
    assert "too little memory" in page(study, "study_open")


def test_an_audit_that_lives_or_that_nobody_waits_for_any_more_is_left_alone(broker: Broker) -> None:
    study = make_study(clips=1)
    alive = an_audit(study, "running", silent=timedelta(0))
    assert queueing.note_life(alive)
    late = an_audit(make_study(clips=1), "running", silent=timedelta(days=1), opens_plan="0" * 64)
    command = an_audit(make_study(clips=1), "running", silent=LONG_AGO)
    untaken = an_audit(make_study(clips=1), "waiting", silent=timedelta(days=1), opens_plan="0" * 64)
    assert queueing.find_lost_audits(True) == 3
    assert (broker.sent, states(alive.study), states(late.study)) == ([], ["running"], ["failed"])
    assert states(command.study) == ["failed"]
    assert "no worker took it" in page(untaken.study, "study_open")


def test_a_study_opens_although_the_worker_was_killed_between_check_and_opening(
    broker: Broker, monkeypatch: Any
) -> None:
    from study.digests import canonical_digest
    from study.setup.lifecycle import current_plan

    study = make_study(clips=1)
    prepare(study, monkeypatch)
    an_audit(study, "passed", silent=LONG_AGO, opens_plan=canonical_digest(current_plan(study)))
    assert queueing.find_lost_audits(False) == 1
    broker.work()
    study.refresh_from_db()
    assert study.status == Study.Status.OPEN
    assert queueing.find_lost_audits(False) == 0
    late = an_audit(make_study(clips=1), "passed", silent=timedelta(days=1), opens_plan="0" * 64)
    assert queueing.find_lost_audits(False) == 1
    assert "Open it now" in page(late.study, "study_open")


def test_an_analysis_asked_while_the_broker_is_away_is_found_and_computed(
    broker: Broker, monkeypatch: Any, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr(analyses, "_compute", lambda row: setattr(row, "state", Analysis.State.READY))
    study = closed_study(clips=1, people=2)
    broker.away = True
    assert post(study, "study_analyse", django_capture_on_commit_callbacks).status_code == 302
    study.analyses.update(requested_at=timezone.now() - LONG_AGO)
    assert "It has waited for a worker" in page(study, "study_results")
    broker.come_back()
    assert analyses.find_lost_analyses(False) == 1
    assert analyses.find_lost_analyses(False) == 0  # sent a moment ago
    broker.work()
    assert study.analyses.get().state == "ready"
    assert analyses.find_lost_analyses(True) == 0


def test_a_killed_analysis_is_computed_by_another_worker_and_one_that_fails_says_so(
    broker: Broker, monkeypatch: Any
) -> None:
    study = closed_study(clips=1, people=2)
    row = Analysis.objects.create(study=study, state="running", alive_at=timezone.now(), attempts=1)
    assert analyses.find_lost_analyses(True) == 0  # its process lives
    Analysis.objects.update(alive_at=timezone.now() - LONG_AGO)
    assert analyses.find_lost_analyses(False) == 1

    def fail(*_asked: Any) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(analyses, "ballots_csv_parts", fail)
    broker.work()
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("failed", 2)
    assert "ZeroDivisionError: by zero" in row.error


def test_a_question_about_power_is_found_again_and_its_answer_is_of_that_question(
    broker: Broker, monkeypatch: Any, django_capture_on_commit_callbacks: Any
) -> None:
    study, capture = make_study(clips=1), django_capture_on_commit_callbacks
    inputs = {"participants": 10, "clips": 6, "share": 0.7, "sd_participants": 0.8, "sd_clips": 0.7}
    broker.away = True
    assert post(study, "study_power", capture, inputs).status_code == 302
    power_answers._save(study.pk, asked_at=(timezone.now() - LONG_AGO).isoformat())
    assert "It has waited for a worker" in page(study, "study_power")
    broker.come_back()

    def away(*_args: Any) -> None:
        raise OperationalError("gone")  # as if killed: the row stays as it is

    monkeypatch.setattr(power_answers, "_simulate", away)
    assert power_answers.find_lost_questions(False) == 1
    with pytest.raises(OperationalError):
        broker.work()
    assert power_answers.find_lost_questions(True) == 0  # for all one knows it is being computed
    power_answers._save(study.pk, alive_at=(timezone.now() - LONG_AGO).isoformat())
    power_answers._save(study.pk, sent_at="")

    def ask_another(study: Study, _inputs: Any) -> dict[str, Any]:
        power_answers.ask_power(study, {"participants": 99})
        power_answers._save(study.pk, state="running")
        return {"of": "the first"}

    monkeypatch.setattr(power_answers, "_simulate", ask_another)
    assert power_answers.find_lost_questions(False) == 1
    broker.work()
    asked = Study.objects.get(pk=study.pk).plan["power"]
    assert (asked["result"], asked["state"], asked["inputs"]) == (None, "running", {"participants": 99})


def test_one_failing_look_stops_no_other(monkeypatch: Any) -> None:
    def fail(_starting: bool) -> int:
        raise OSError("no folder")

    monkeypatch.setattr(lookout, "_looks", {"a": fail, "b": lambda starting: 2})
    assert lookout.look_out() == 2


def test_every_kind_of_waiting_row_is_looked_for() -> None:
    import generation.tasks  # noqa: F401

    assert set(lookout._looks) >= {"steps", "blinding checks", "analyses", "questions about power", "library passes"}


def test_a_run_that_no_worker_serves_says_so() -> None:
    study = make_study(clips=1)
    run = GenerationRun.objects.create(study=study, number=1)
    step = ClipStep.objects.create(run=run, clip=study.clips.get(), kind="listen", position=1, state="waiting")
    assert "It has waited for a worker" not in page(study, "generation_run")  # just started
    GenerationRun.objects.update(started_at=timezone.now() - LONG_AGO)
    assert "It has waited for a worker for 5\xa0minutes" in page(study, "generation_run")
    ClipStep.objects.filter(pk=step.pk).update(state="running")
    assert "It has waited for a worker" not in page(study, "generation_run")
