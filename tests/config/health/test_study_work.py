"""Those who run a study are told by mail that its work waits for a worker."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from config.health.alarms import tell_those_who_run_studies
from study.background_work.signs_of_life import note_life
from study.models import Job, Worker
from study.notices.choices import choose_mails
from study.notices.sending import tell_what_is_due
from tests.config.health.test_waiting_work import study_that_waits
from tests.factories import make_study

pytestmark = pytest.mark.django_db


def test_a_study_whose_work_waits_is_told_once_a_day_and_no_other() -> None:
    note_life(Worker.Kind.WORKER, ["cpu", "api"])
    study, _step = study_that_waits("gpu")
    choose_mails(study, study.owner, ["work"])
    other = make_study(clips=1)
    choose_mails(other, other.owner, ["work"])
    for _twice in range(2):
        tell_what_is_due()
    [message] = mail.outbox
    assert message.to == [study.owner.email]
    assert "has waited for 60 minutes, and no worker for “gpu” takes it" in message.body


def test_work_that_waits_for_less_than_a_quarter_of_an_hour_is_not_told() -> None:
    study, _step = study_that_waits("gpu", ago=timedelta(minutes=14))
    choose_mails(study, study.owner, ["work"])
    tell_what_is_due()
    assert mail.outbox == []


def test_the_timer_of_the_doctor_tells_it_when_no_worker_lives() -> None:
    study = make_study(clips=1)
    choose_mails(study, study.owner, ["work"])
    study.jobs.create(kind="table", arguments={})
    Job.objects.update(requested_at=timezone.now() - timedelta(hours=1))
    tell_those_who_run_studies()
    assert [message.to for message in mail.outbox] == [[study.owner.email]]
