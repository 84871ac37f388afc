"""Studies that open at a stated time, also if the server was off, and what keeps them from opening."""

from datetime import UTC, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from study.blinding_audit import queueing
from study.errors import NotAllowedNow, PreflightFailed
from study.models import BlindingAudit, Schedule, Study
from study.setup import lifecycle, preflight
from study.setup import schedule as schedules
from study.setup.schedule import cancel_schedule, keep_all, keep_schedule, schedule_study
from study.setup.sharing import unshare_study
from study.survey_images.versions import prepare_images
from tests.factories import UserFactory, make_open_study, make_study
from tests.study.setup.scheduled import passes, soon

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    """A draft that needs no audit of its blinding."""
    return make_study(clips=2, simulated=True, owner__email="owner@example.org")


def test_a_server_that_was_off_opens_late_and_says_so(study: Study) -> None:
    schedule_study(study, opens_at=soon(1), closes_at=None, time_zone="UTC", actor=study.owner)
    passes(study, 95)
    keep_all()
    study.refresh_from_db()
    assert study.status == "open"
    assert "94 minutes later than scheduled" in study.schedule.note
    assert study.log.get(action="opened as scheduled").data["late_minutes"] == 94


def test_a_plan_that_was_changed_since_does_not_open_and_the_owner_is_told(
    study: Study, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    schedule_study(study, opens_at=soon(1), closes_at=soon(5), time_zone="UTC", actor=study.owner)
    Study.objects.filter(pk=study.pk).update(trials_per_participant=1)
    passes(study, 2)
    with django_capture_on_commit_callbacks(execute=True):
        keep_all()
        keep_all()
    study.refresh_from_db()
    assert study.status == "draft"
    assert "was changed after it was scheduled" in study.schedule.note
    assert study.schedule.is_empty
    assert [message.to for message in mail.outbox] == [["owner@example.org"]], "once"
    assert "still a draft: The study was changed" in mail.outbox[0].body
    assert study.log.filter(action="not opened as scheduled").count() == 1


def test_what_blocks_an_opening_blocks_its_scheduling_and_again_at_the_time(study: Study) -> None:
    schedule_study(study, opens_at=soon(1), closes_at=None, time_zone="UTC", actor=study.owner)
    study.clips.update(survey_audio="")
    with pytest.raises(PreflightFailed):
        schedule_study(study, opens_at=soon(1), closes_at=None, time_zone="UTC", actor=study.owner)
    passes(study, 2)
    keep_all()
    study.refresh_from_db()
    assert study.status == "draft"
    assert "no audio for the survey" in study.schedule.note


def test_the_blinding_is_checked_at_scheduling_and_a_failed_check_at_the_time_is_told() -> None:
    study = make_study(clips=2)
    schedule_study(study, opens_at=soon(1), closes_at=None, time_zone="UTC", actor=study.owner)
    audit = study.blinding_audits.get()
    assert audit.opens_plan == "", "it does not open the study by itself"
    passes(study, 2)
    keep_all()
    audit.refresh_from_db()
    assert audit.opens_plan, "now it does, once it has passed"
    assert study.blinding_audits.count() == 1
    BlindingAudit.objects.filter(pk=audit.pk).update(state="failed", asked_at=timezone.now())
    keep_all()
    study.refresh_from_db()
    assert study.status == "draft"
    assert "could not be finished" in study.schedule.note


def test_a_cancelled_schedule_opens_nothing(study: Study) -> None:
    schedule_study(study, opens_at=soon(1), closes_at=None, time_zone="UTC", actor=study.owner)
    cancel_schedule(study, actor=study.owner)
    passes(study, 5)
    keep_all()
    study.refresh_from_db()
    assert study.status == "draft"
    with pytest.raises(NotAllowedNow, match="Nothing is scheduled"):
        cancel_schedule(study, actor=study.owner)


def times_set_anew(study: Study, actor: Any) -> None:
    schedule_study(study, opens_at=soon(60), closes_at=None, time_zone="UTC", actor=actor)


@pytest.mark.parametrize("changes_mind", [cancel_schedule, times_set_anew])
@pytest.mark.parametrize("state", ["waiting", "running", "passed"])
def test_who_cancels_while_the_blinding_is_checked_is_heard(changes_mind: Any, state: str, monkeypatch: Any) -> None:
    study = make_study(clips=2)
    schedule_study(study, opens_at=soon(1), closes_at=None, time_zone="UTC", actor=study.owner)
    passes(study, 2)
    keep_all()
    audit = study.blinding_audits.get()
    assert audit.opens_plan
    BlindingAudit.objects.filter(pk=audit.pk).update(state=state)
    changes_mind(study, actor=study.owner)
    BlindingAudit.objects.filter(pk=audit.pk).update(state="passed")
    monkeypatch.setattr(lifecycle, "is_prepared", lambda study: True)  # as the audit has left it
    lifecycle.open_after_audit(audit)
    audit.refresh_from_db()
    study.refresh_from_db()
    assert (study.status, audit.opens_plan, audit.problem) == ("draft", "", "")


def test_a_worker_that_takes_the_check_does_not_bring_a_cancelled_opening_back(monkeypatch: Any) -> None:
    study = make_study(clips=2)
    audit = queueing.ask_for_audit(study, study.owner, opens_plan="the plan")
    is_going = BlindingAudit.is_going

    def cancelled_meanwhile(self: BlindingAudit) -> bool:
        queueing.keep_from_opening(study)
        return is_going.fget(self)

    monkeypatch.setattr(BlindingAudit, "is_going", property(cancelled_meanwhile))
    claimed = queueing.claim_audit(audit.pk)
    assert claimed is not None
    assert claimed.opens_plan == ""


def test_who_cancels_while_images_are_made_is_heard(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    schedule_study(study, opens_at=soon(1), closes_at=None, time_zone="UTC", actor=study.owner)
    passes(study, 2)

    def make_slowly(row: Study) -> None:
        prepare_images(row)
        if schedules.schedule_of(row) is not None:
            cancel_schedule(row, actor=row.owner)

    monkeypatch.setattr(lifecycle, "make_images_first", make_slowly)
    keep_all()
    study.refresh_from_db()
    assert study.status == "draft"
    assert not Schedule.objects.exists()
    assert not study.log.filter(action="not opened as scheduled").exists()


def test_a_server_that_was_off_all_the_time_opens_nothing(
    study: Study, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    schedule_study(study, opens_at=soon(1), closes_at=soon(60), time_zone="UTC", actor=study.owner)
    passes(study, 61)
    with pytest.raises(NotAllowedNow, match="has passed already"):
        lifecycle.open_study(study)  # its schedule would close it at once
    with django_capture_on_commit_callbacks(execute=True):
        keep_all()
        keep_all()
    study.refresh_from_db()
    assert study.status == "draft"
    assert "was to close has passed already" in study.schedule.note
    assert study.schedule.is_empty
    assert len(mail.outbox) == 1
    assert not study.log.filter(action="opened").exists()
    schedule_study(study, opens_at=soon(1), closes_at=soon(60), time_zone="UTC", actor=study.owner)
    passes(study, 1)
    keep_all()
    study.refresh_from_db()
    assert study.status == "open"


def test_a_check_that_ends_after_the_closing_time_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    study = make_study(clips=2)
    schedule_study(study, opens_at=soon(1), closes_at=soon(3), time_zone="UTC", actor=study.owner)
    passes(study, 2)
    keep_all()
    audit = study.blinding_audits.get()
    passes(study, 2)
    BlindingAudit.objects.filter(pk=audit.pk).update(state="passed")
    monkeypatch.setattr(lifecycle, "is_prepared", lambda study: True)
    lifecycle.open_after_audit(audit)
    audit.refresh_from_db()
    study.refresh_from_db()
    assert study.status == "draft"
    assert "has passed already" in audit.problem
    keep_all()
    audit.refresh_from_db()
    assert audit.opens_plan == "", "nor once the schedule is emptied"


def test_while_the_blinding_is_checked_a_visitor_asks_for_no_other_check(monkeypatch: pytest.MonkeyPatch) -> None:
    study = make_study(clips=2)
    schedule_study(study, opens_at=soon(1), closes_at=None, time_zone="UTC", actor=study.owner)
    passes(study, 2)
    looked: list[Study] = []
    run = preflight.run
    monkeypatch.setattr(preflight, "run", lambda row: looked.append(row) or run(row))
    keep_schedule(study, in_request=True)
    assert len(looked) == 1
    for _visitor in range(3):
        keep_schedule(study, in_request=True)
    assert len(looked) == 1
    study.blinding_audits.update(state="failed", asked_at=timezone.now())
    keep_schedule(study, in_request=True)
    assert "could not be finished" in study.schedule.note


def test_a_study_that_was_opened_by_hand_was_not_opened_by_its_schedule(study: Study) -> None:
    schedule_study(study, opens_at=soon(60), closes_at=None, time_zone="UTC", actor=study.owner)
    Study.objects.filter(pk=study.pk).update(status="open", opened_at=timezone.now() - timedelta(minutes=100))
    passes(study, 61)
    keep_all()
    assert not study.log.filter(action="opened as scheduled").exists()
    assert Schedule.objects.get().is_empty


def test_one_study_that_fails_keeps_no_other_from_opening(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    other = make_study(clips=2, simulated=True)
    for each in (study, other):
        schedule_study(each, opens_at=soon(1), closes_at=None, time_zone="UTC", actor=each.owner)
        passes(each, 2)

    def fails_once(row: Study, **options: Any) -> Study:
        if row.pk == study.pk:
            raise RuntimeError("a bug")
        return keep_schedule(row, **options)

    monkeypatch.setattr(schedules, "keep_schedule", fails_once)
    keep_all()
    other.refresh_from_db()
    assert other.status == "open"


def test_who_comes_early_is_told_when_and_the_same_link_opens_the_study_then(client: Client) -> None:
    study = make_open_study(clips=1, languages=["en", "ko"])
    Study.objects.filter(pk=study.pk).update(status="draft", opened_at=None, simulated=True)
    study.refresh_from_db()
    prepare_images(study)  # as the check of its blinding does
    at = soon(60).replace(second=0)
    schedule_study(study, opens_at=at, closes_at=soon(120), time_zone="Asia/Seoul", actor=study.owner)
    url = reverse("survey_welcome", args=[study.open_link_token])
    early = client.get(url)
    assert early.status_code == 403
    assert "has not begun yet" in early.text
    assert f"{at.astimezone(UTC):%H:%M} (UTC)" in early.text
    assert "(Asia/Seoul)" in early.text
    assert "아직 시작하지 않았습니다" in client.get(url, {"lang": "ko"}, headers={"accept-language": "ko"}).text
    passes(study, 61)
    client.get(url)
    study.refresh_from_db()
    assert study.status == "open", "the first visitor opens it, also without beat"
    passes(study, 60)
    assert client.get(url).status_code == 410
    study.refresh_from_db()
    assert study.status == "closed"


@pytest.mark.parametrize("how", ["left", "account deleted", "deactivated"])
def test_a_time_does_not_outlive_the_rights_of_who_set_it(
    study: Study, settings: Any, django_capture_on_commit_callbacks: Any, how: str
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    editor = UserFactory(email="editor@example.org")
    study.members.add(editor)
    schedule_study(study, opens_at=soon(1), closes_at=None, time_zone="UTC", actor=editor)
    passes(study, 2)
    if how == "left":
        unshare_study(study, editor, actor=study.owner)
    elif how == "account deleted":
        editor.delete()
    else:
        get_user_model().objects.filter(pk=editor.pk).update(is_active=False)
    with django_capture_on_commit_callbacks(execute=True):
        keep_all()
        keep_all()
    study.refresh_from_db()
    assert study.status == "draft"
    assert [message.to for message in mail.outbox] == [["owner@example.org"]], "not who is gone"
    assert "may no longer open" in study.log.get(action="not opened as scheduled").reason
