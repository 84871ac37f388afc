"""Studies that open and close at stated times, in whatever time zone, also if the server was off."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from study.ballots.table import counted_kind
from study.errors import NotAllowedNow, PreflightFailed
from study.models import BlindingAudit, Participant, Schedule, Study
from study.participants.study_stages import begin_stage
from study.setup import schedule as schedules
from study.setup.schedule import WrongTime, cancel_schedule, keep_all, keep_schedule, moment, schedule_study
from study.survey_images.versions import prepare_images
from tests.factories import make_open_study, make_study

pytestmark = pytest.mark.django_db


def soon(minutes: int) -> datetime:
    return timezone.now() + timedelta(minutes=minutes)


def passes(study: Study, minutes: int) -> None:
    """Let time pass: the stored times come nearer."""
    for row in Schedule.objects.filter(study=study):
        for name in ("opens_at", "closes_at"):
            if at := getattr(row, name):
                setattr(row, name, at - timedelta(minutes=minutes))
        row.save()


@pytest.fixture
def study() -> Study:
    """A draft that needs no audit of its blinding."""
    return make_study(clips=2, simulated=True, owner__email="owner@example.org")


@pytest.mark.parametrize(
    ("local", "zone", "utc"),
    [
        (datetime(2026, 12, 1, 9), "Asia/Seoul", datetime(2026, 12, 1, 0, tzinfo=UTC)),
        (datetime(2027, 3, 28, 1, 59), "Europe/Berlin", datetime(2027, 3, 28, 0, 59, tzinfo=UTC)),
        (datetime(2027, 3, 28, 3), "Europe/Berlin", datetime(2027, 3, 28, 1, tzinfo=UTC)),
    ],
)
def test_a_time_is_that_of_the_clocks_of_its_zone(local: datetime, zone: str, utc: datetime) -> None:
    assert moment(local, zone) == utc


@pytest.mark.parametrize(
    ("local", "why"),
    [
        (datetime(2027, 3, 28, 2, 30), "does not exist in Europe/Berlin"),
        (datetime(2026, 10, 25, 2, 30), "comes twice in Europe/Berlin"),
    ],
)
def test_a_time_that_clocks_skip_or_show_twice_is_refused(local: datetime, why: str) -> None:
    with pytest.raises(WrongTime, match=why):
        moment(local, "Europe/Berlin")


def test_a_study_opens_and_closes_when_it_is_time_and_not_before(study: Study) -> None:
    schedule_study(study, opens_at=soon(10), closes_at=soon(20), time_zone="Asia/Seoul", actor=study.owner)
    keep_all()
    study.refresh_from_db()
    assert study.status == "draft"
    passes(study, 10)
    keep_all()
    keep_all()
    study.refresh_from_db()
    assert study.status == "open"
    assert study.log.filter(action="opened").count() == 1
    assert study.log.get(action="opened as scheduled").data["late_minutes"] == 0
    passes(study, 10)
    keep_all()
    study.refresh_from_db()
    assert study.status == "closed"
    assert study.is_sealed, "the grace period is honoured"
    assert study.log.get(action="closed").reason == "As scheduled."
    assert study.schedule.is_empty
    assert study.schedule.note == ""


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
    schedule_study(study, opens_at=soon(1), closes_at=None, time_zone="UTC")
    study.clips.update(survey_audio="")
    with pytest.raises(PreflightFailed):
        schedule_study(study, opens_at=soon(1), closes_at=None, time_zone="UTC")
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


@pytest.mark.parametrize(
    ("opens", "closes", "why"),
    [
        (-1, None, "has passed"),
        (10, 10, "close before it opens"),
        (None, 10, "a draft cannot close"),
        (None, None, "Write when"),
        (10**7, None, "three years"),
    ],
)
def test_times_that_cannot_be_kept_are_refused(study: Study, opens: int | None, closes: int | None, why: str) -> None:
    now = timezone.now()
    times = {
        name: None if minutes is None else now + timedelta(minutes=minutes)
        for name, minutes in (("opens_at", opens), ("closes_at", closes))
    }
    with pytest.raises(WrongTime, match=why):
        schedule_study(study, **times, time_zone="UTC")
    assert not Schedule.objects.exists()


def test_a_study_closes_at_its_target() -> None:
    study = make_open_study(clips=1, target_participants=2)
    schedule_study(study, opens_at=None, closes_at=None, closes_at_target=True, time_zone="UTC")
    for number in (1, 2):
        keep_all()
        study.refresh_from_db()
        assert study.status == "open"
        study.participants.create(number=number, token_hash=str(number), status=Participant.Status.COMPLETED)
    keep_all()
    study.refresh_from_db()
    assert study.status == "closed"


def people_finish(study: Study, people: int) -> None:
    first = study.participants.count() + 1
    for number in range(first, first + people):
        study.participants.create(
            number=number,
            token_hash=f"{number:064d}",
            status=Participant.Status.COMPLETED,
            stage=study.stage,
            kind=counted_kind(study),
        )


def test_the_stage_of_the_draft_opens_and_a_full_pilot_stage_closes_nothing(study: Study) -> None:
    Study.objects.filter(pk=study.pk).update(target_participants=2)
    begin_stage(study, Study.Stage.PILOT, target=2)
    schedule_study(study, opens_at=soon(1), closes_at=None, closes_at_target=True, time_zone="UTC")
    passes(study, 2)
    keep_all()
    study.refresh_from_db()
    assert (study.status, study.stage) == ("open", "pilot")
    people_finish(study, 3)
    keep_all()
    study.refresh_from_db()
    assert study.status == "open", "the target is that of the main stage"
    begin_stage(study, Study.Stage.MAIN, reason="ready")
    people_finish(study, 1)
    keep_all()
    study.refresh_from_db()
    assert study.status == "open"
    people_finish(study, 1)
    keep_all()
    study.refresh_from_db()
    assert study.status == "closed"


def test_a_follow_up_stage_is_not_closed_by_the_target_of_the_main_one() -> None:
    study = make_open_study(clips=1, target_participants=2)
    schedule_study(study, opens_at=None, closes_at=soon(60), closes_at_target=True, time_zone="UTC")
    begin_stage(study, Study.Stage.FOLLOW_UP, reason="a month later")
    people_finish(study, 3)
    keep_all()
    study.refresh_from_db()
    assert study.status == "open"
    assert not study.schedule.closes_at_target
    assert study.schedule.closes_at is not None
    assert "The follow-up stage has begun" in study.schedule.note
    with pytest.raises(WrongTime, match="main stage, which is over"):
        schedule_study(study, opens_at=None, closes_at=None, closes_at_target=True, time_zone="UTC")


def test_a_rehearsal_is_not_scheduled(study: Study) -> None:
    copy = make_open_study(clips=1, simulated=True, rehearsal_of=study)
    with pytest.raises(NotAllowedNow, match="Schedule the study that it rehearses"):
        schedule_study(copy, opens_at=None, closes_at=soon(5), time_zone="UTC")


def test_a_cancelled_schedule_opens_nothing(study: Study) -> None:
    schedule_study(study, opens_at=soon(1), closes_at=None, time_zone="UTC")
    cancel_schedule(study)
    passes(study, 5)
    keep_all()
    study.refresh_from_db()
    assert study.status == "draft"
    with pytest.raises(NotAllowedNow, match="Nothing is scheduled"):
        cancel_schedule(study)


def test_a_study_that_was_opened_by_hand_was_not_opened_by_its_schedule(study: Study) -> None:
    schedule_study(study, opens_at=soon(60), closes_at=None, time_zone="UTC")
    Study.objects.filter(pk=study.pk).update(status="open", opened_at=timezone.now() - timedelta(minutes=100))
    passes(study, 61)
    keep_all()
    assert not study.log.filter(action="opened as scheduled").exists()
    assert Schedule.objects.get().is_empty


def test_one_study_that_fails_keeps_no_other_from_opening(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    other = make_study(clips=2, simulated=True)
    for each in (study, other):
        schedule_study(each, opens_at=soon(1), closes_at=None, time_zone="UTC")
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
    schedule_study(study, opens_at=at, closes_at=soon(120), time_zone="Asia/Seoul")
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


def test_the_page_writes_times_in_a_zone_and_only_the_owner_closes(client: Client) -> None:
    study = make_study(clips=2, simulated=True)
    editor = make_study(clips=0).owner
    study.members.add(editor)
    url = reverse("study_schedule", args=[study.slug])
    client.force_login(study.owner, backend="django.contrib.auth.backends.ModelBackend")
    year = timezone.now().year + 1
    sent = {"opens": f"{year}-01-10T09:00", "closes": f"{year}-01-20T18:30", "time_zone": "Asia/Seoul"}
    page = client.post(url, sent, follow=True).text
    assert f"Opens on 10 Jan {year}, 09:00 (Asia/Seoul), 10 Jan {year}, 00:00 (UTC)." in page
    assert f"Closes on 20 Jan {year}, 18:30 (Asia/Seoul)" in page
    schedule = Schedule.objects.get()
    assert schedule.opens_at == datetime(year, 1, 10, 0, 0, tzinfo=UTC)
    assert f'value="{year}-01-10T09:00"' in client.get(url).text
    assert "Write a date and a time" in client.post(url, sent | {"opens": "tomorrow"}).text

    client.force_login(editor, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(reverse("schedule_cancel", args=[study.slug])).status_code == 403
    client.post(url, sent | {"opens": f"{year}-01-11T09:00", "closes": f"{year}-01-12T09:00"})
    schedule.refresh_from_db()
    assert schedule.closes_at == datetime(year, 1, 20, 9, 30, tzinfo=UTC), "an editor changes no closing"
