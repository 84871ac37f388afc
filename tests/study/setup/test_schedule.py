"""Times at which studies open and close: which can be set, in whatever time zone, and that they close then."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from study.ballots.table import counted_kind
from study.errors import NotAllowedNow
from study.models import Participant, Schedule, Study
from study.participants.study_stages import begin_stage
from study.setup import lifecycle
from study.setup import schedule as schedules
from study.setup.schedule import WrongTime, keep_all, moment, schedule_study
from study.setup.sharing import accept_ownership, offer_ownership
from tests.factories import UserFactory, make_open_study, make_study
from tests.study.setup.scheduled import passes, soon

pytestmark = pytest.mark.django_db


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
        schedule_study(study, **times, time_zone="UTC", actor=study.owner)
    assert not Schedule.objects.exists()


def test_a_study_closes_at_its_target() -> None:
    study = make_open_study(clips=1, target_participants=2)
    schedule_study(study, opens_at=None, closes_at=None, closes_at_target=True, time_zone="UTC", actor=study.owner)
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
    schedule_study(study, opens_at=soon(1), closes_at=None, closes_at_target=True, time_zone="UTC", actor=study.owner)
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
    schedule_study(study, opens_at=None, closes_at=soon(60), closes_at_target=True, time_zone="UTC", actor=study.owner)
    begin_stage(study, Study.Stage.FOLLOW_UP, reason="a month later")
    people_finish(study, 3)
    keep_all()
    study.refresh_from_db()
    assert study.status == "open"
    assert not study.schedule.closes_at_target
    assert study.schedule.closes_at is not None
    assert "The follow-up stage has begun" in study.schedule.note
    with pytest.raises(WrongTime, match="main stage, which is over"):
        schedule_study(study, opens_at=None, closes_at=None, closes_at_target=True, time_zone="UTC", actor=study.owner)


def test_a_rehearsal_is_not_scheduled(study: Study) -> None:
    copy = make_open_study(clips=1, simulated=True, rehearsal_of=study)
    with pytest.raises(NotAllowedNow, match="Schedule the study that it rehearses"):
        schedule_study(copy, opens_at=None, closes_at=soon(5), time_zone="UTC", actor=copy.owner)


@pytest.mark.parametrize("by_target", [False, True])
def test_who_sets_another_time_while_people_are_counted_is_heard(by_target: bool) -> None:
    study = make_open_study(clips=1, target_participants=1)
    study.participants.create(number=1, token_hash="1", status=Participant.Status.COMPLETED)
    times = {"opens_at": None, "closes_at": soon(1), "time_zone": "UTC"}
    schedule_study(study, **times, closes_at_target=by_target, actor=study.owner)
    if not by_target:
        passes(study, 2)
    read_before = Schedule.objects.get()
    schedule_study(study, opens_at=None, closes_at=soon(60), time_zone="UTC", actor=study.owner)
    schedules._close_if_due(study, read_before, count=True)
    study.refresh_from_db()
    assert study.status == "open"
    assert study.schedule.closes_at > timezone.now()


def test_a_study_that_was_closed_by_hand_is_looked_at_no_more(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    study = make_open_study(clips=1, target_participants=1)
    schedule_study(study, opens_at=None, closes_at=soon(1), closes_at_target=True, time_zone="UTC", actor=study.owner)
    lifecycle.close_study(study, reason="Enough.")
    passes(study, 2)
    with django_assert_num_queries(1):
        keep_all()


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
    sent = client.get(url).context["form"].as_shown().dict() | {"opens": f"{year}-01-11T09:00", "time_zone": "UTC"}
    assert client.post(url, sent | {"closes": f"{year}-01-12T09:00"}).status_code == 409
    assert client.post(url, sent).status_code == 302
    schedule.refresh_from_db()
    assert schedule.opens_at == datetime(year, 1, 11, 9, 0, tzinfo=UTC)
    assert schedule.closes_at == datetime(year, 1, 20, 9, 30, tzinfo=UTC), "an editor changes no closing, by no zone"
    assert (schedule.by, schedule.closes_by) == (editor, study.owner)
    # Nor with a request of their own.
    for closes_at, at_target in ((schedule.closes_at + timedelta(days=1), False), (schedule.closes_at, True)):
        with pytest.raises(PermissionDenied, match="Only the owner"):
            schedule_study(
                study,
                opens_at=schedule.opens_at,
                closes_at=closes_at,
                closes_at_target=at_target,
                time_zone="UTC",
                actor=editor,
            )


def test_a_closing_of_somebody_who_no_longer_owns_the_study_is_cancelled_and_the_owner_is_told(
    settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    study = make_open_study(clips=1, owner__email="owner@example.org")
    operator = UserFactory(is_superuser=True)
    schedule_study(study, opens_at=None, closes_at=soon(1), time_zone="UTC", actor=operator)
    get_user_model().objects.filter(pk=operator.pk).update(is_superuser=False)
    passes(study, 2)
    with django_capture_on_commit_callbacks(execute=True):
        keep_all()
        keep_all()
    study.refresh_from_db()
    assert (study.status, study.schedule.is_empty) == ("open", True)
    assert "does not own the study any more" in study.schedule.note
    assert study.log.filter(action="not closed as scheduled").count() == 1
    assert [message.to for message in mail.outbox] == [["owner@example.org"]]


def test_a_new_owner_takes_the_closing_over() -> None:
    study = make_open_study(clips=1)
    editor = UserFactory()
    study.members.add(editor)
    schedule_study(study, opens_at=None, closes_at=soon(1), time_zone="UTC", actor=study.owner)
    offer_ownership(study, editor, actor=study.owner)
    accept_ownership(study, actor=editor)
    passes(study, 2)
    keep_all()
    study.refresh_from_db()
    assert study.status == "closed"
    assert study.log.get(action="closed as scheduled").actor == editor
