"""Studies that open and close at stated times, in whatever time zone, also if the server was off."""

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
from study.blinding_audit import queueing
from study.errors import NotAllowedNow, PreflightFailed
from study.models import BlindingAudit, Participant, Schedule, Study
from study.participants.study_stages import begin_stage
from study.setup import lifecycle, preflight
from study.setup import schedule as schedules
from study.setup.schedule import WrongTime, cancel_schedule, keep_all, keep_schedule, moment, schedule_study
from study.setup.sharing import accept_ownership, offer_ownership, unshare_study
from study.survey_images.versions import prepare_images
from tests.factories import UserFactory, make_open_study, make_study

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


def test_a_study_that_was_closed_by_hand_is_looked_at_no_more(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    study = make_open_study(clips=1, target_participants=1)
    schedule_study(study, opens_at=None, closes_at=soon(1), closes_at_target=True, time_zone="UTC", actor=study.owner)
    lifecycle.close_study(study, reason="Enough.")
    passes(study, 2)
    with django_assert_num_queries(1):
        keep_all()


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
