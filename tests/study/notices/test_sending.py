"""Mails to those who run a study: once for each thing, to who wants them, and about nobody."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone, translation

from study.models import Notice, NoticeKind, NoticeMail, Participant, Study
from study.notices import sending
from study.notices.choices import choose_mails, kinds_wanted
from study.notices.sending import AGAIN_AFTER, GIVEN_UP_AFTER, tell_what_is_due
from study.participants.study_stages import begin_stage
from study.setup.sharing import unshare_study
from study.tasks import send_notices
from tests.factories import UserFactory, make_open_study
from tests.study.notices.test_stops import people_who_left

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return make_open_study(clips=6, title="Images of my clips", target_participants=2)


def finish(study: Study, people: int) -> None:
    first = study.participants.count() + 1
    for number in range(first, first + people):
        study.participants.create(
            number=number, token_hash=f"{study.pk}-{number}", status=Participant.Status.COMPLETED, stage=study.stage
        )


def colleague(study: Study, *kinds: str) -> Any:
    user = UserFactory()
    study.memberships.create(user=user, role="runner")
    choose_mails(study, user, kinds)
    return user


def sent_to() -> list[str]:
    return [address for message in mail.outbox for address in message.to]


def test_the_owner_is_told_once_that_the_target_is_reached(study: Study) -> None:
    finish(study, 1)
    send_notices()
    assert mail.outbox == []
    finish(study, 1)
    for _twice in range(2):
        send_notices()
    [message] = mail.outbox
    assert message.to == [study.owner.email]
    assert "reached its target of 2 participants" in message.body
    assert f"/console/studies/{study.slug}/mails/" in message.body
    assert message.extra_headers["List-Unsubscribe"].endswith(f"/console/studies/{study.slug}/mails/>")
    Study.objects.update(target_participants=3)
    finish(study, 1)
    send_notices()
    assert len(mail.outbox) == 2, "another target is told anew"


def test_each_stage_has_a_target_that_is_told_with_its_name_and_a_rehearsal_has_none(study: Study) -> None:
    finish(make_open_study(clips=1, simulated=True, rehearsal_of=study, owner=study.owner, target_participants=1), 1)
    Study.objects.filter(pk=study.pk).update(status=Study.Status.DRAFT)
    study.refresh_from_db()
    begin_stage(study, Study.Stage.PILOT, target=3)
    Study.objects.filter(pk=study.pk).update(status=Study.Status.OPEN)
    study.refresh_from_db()
    finish(study, 2)
    tell_what_is_due()
    assert mail.outbox == [], "2 is the target of the main stage, and none of the rehearsal is told"
    finish(study, 1)
    tell_what_is_due()
    assert "the target of its pilot stage: 3 participants" in mail.outbox[0].body
    assert "Begin the main stage" in mail.outbox[0].body
    assert f"/console/studies/{study.slug}/stages/" in mail.outbox[0].body
    begin_stage(study, Study.Stage.MAIN, reason="ready")
    finish(study, 1)
    tell_what_is_due()
    assert len(mail.outbox) == 1
    finish(study, 1)
    tell_what_is_due()
    assert "the target of its main stage: 2 participants" in mail.outbox[1].body
    assert "Close the study" in mail.outbox[1].body
    begin_stage(study, Study.Stage.FOLLOW_UP, reason="a month later")
    finish(study, 5)
    tell_what_is_due()
    assert len(mail.outbox) == 2, "a stage without a target reaches none"


def test_each_gets_what_they_have_chosen_while_they_work_on_the_study(study: Study) -> None:
    wants, wants_not, leaves = colleague(study, "target"), colleague(study), colleague(study, "target")
    choose_mails(study, study.owner, [])
    unshare_study(study, leaves, actor=study.owner)
    assert not study.mail_choices.filter(user=leaves).exists()
    assert kinds_wanted(study, wants_not) == kinds_wanted(study, study.owner) == set()
    finish(study, 2)
    tell_what_is_due()
    assert sent_to() == [wants.email]
    choose_mails(study, wants_not, ["target"])
    tell_what_is_due()
    assert len(mail.outbox) == 1, "what was told before they asked for mails is no news"


def test_a_mail_is_written_in_the_language_in_which_it_was_chosen(study: Study) -> None:
    with translation.override("ko"):
        choose_mails(study, study.owner, ["target"])
    finish(study, 2)
    tell_what_is_due()
    assert "목표" in mail.outbox[0].subject


def test_a_step_at_which_people_leave_is_told_once_a_day_and_only_if_more_have_left(study: Study) -> None:
    choose_mails(study, study.owner, ["stops"])
    people_who_left(study, 8, answered=2)
    for _twice in range(2):
        tell_what_is_due()
    [message] = mail.outbox
    assert "Of the last 8 people who came to this step, 8 left there: clip 3 of their order." in message.body
    Notice.objects.update(found_at=timezone.now() - timedelta(minutes=1), key="trials 3 yesterday")
    tell_what_is_due()
    assert len(mail.outbox) == 1, "the same people"
    Notice.objects.update(found_at=timezone.now() - timedelta(days=1))
    tell_what_is_due()
    assert len(mail.outbox) == 2


def test_no_mail_names_a_person_a_condition_or_a_result(study: Study) -> None:
    choose_mails(study, study.owner, NoticeKind.values)
    people_who_left(study, 8, answered=2)
    Study.objects.update(target_participants=1)
    study.participants.filter(number=1).update(status=Participant.Status.COMPLETED)
    tell_what_is_due()
    text = "".join(message.subject + message.body for message in mail.outbox) + str(list(Notice.objects.values()))
    assert len(mail.outbox) == 2
    secrets = [person.code for person in study.participants.all()]
    for condition in study.conditions.all():
        secrets += [condition.key, condition.label, condition.sealed_label]
    assert not [secret for secret in secrets if secret in text]


class Killed(BaseException):
    """As a worker that is killed: nothing after it is done."""


@pytest.mark.parametrize("mail_is_gone", [True, False])
def test_a_worker_that_is_killed_between_loses_no_mail(
    study: Study, mail_is_gone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At worst it comes twice under one name, which mail programs show once."""
    finish(study, 2)
    real = sending._message

    def die(row: NoticeMail, user: Any) -> Any:
        if mail_is_gone:
            real(row, user).send()
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(sending, "_message", die)
        with pytest.raises(Killed):
            tell_what_is_due()
    assert tell_what_is_due() == 0, "it may still be at work"
    for expected in (1, 0):
        NoticeMail.objects.update(tried_at=timezone.now() - AGAIN_AFTER - timedelta(seconds=1))
        assert tell_what_is_due() == expected
    assert len(mail.outbox) == 1 + mail_is_gone
    assert len({message.extra_headers["Message-ID"] for message in mail.outbox}) == 1


def test_a_mail_server_that_is_away_is_tried_again_for_a_day(study: Study, settings: Any) -> None:
    finish(study, 2)
    working, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "tests.study.notices.test_sending.Away"
    tell_what_is_due()
    settings.EMAIL_BACKEND = working
    NoticeMail.objects.update(tried_at=timezone.now() - AGAIN_AFTER * 2)
    Notice.objects.update(found_at=timezone.now() - GIVEN_UP_AFTER)
    assert tell_what_is_due() == 0
    Notice.objects.update(found_at=timezone.now() - GIVEN_UP_AFTER + timedelta(minutes=1))
    assert tell_what_is_due() == 1


class Away:
    """A mail backend whose server does not answer."""

    def __init__(self, *_arguments: Any, **_options: Any) -> None:
        pass

    def send_messages(self, _messages: Any) -> int:
        raise OSError("away")


def test_without_a_mail_server_nothing_is_noted_or_printed(study: Study, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    finish(study, 2)
    assert tell_what_is_due() == 0
    assert not Notice.objects.exists()
