"""Owners and operators who change at the same moment, on PostgreSQL: run by tests/study/ballots/test_postgresql.py.

SQLite takes one writer at a time. The last test is a control: without the lock the fault is there.
"""

from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet

from config.accounts.own_work import _delete as delete_account
from study.errors import NotAllowedNow
from study.models import Invitation, Role, Study
from study.setup import invitations, sharing
from tests.factories import UserFactory, make_study
from tests.study.ballots.finishing_at_once import at_once

ROUNDS = 12
pytestmark = pytest.mark.django_db(transaction=True)


def offered(*, heir_first: bool = False) -> tuple[Study, Any, Any]:
    """A study, its owner, and a colleague to whom it is offered."""
    owner, heir = UserFactory(), UserFactory()
    if heir_first:  # in the order of their numbers
        owner, heir = heir, owner
    study = make_study(clips=0, owner=owner)
    sharing.share_study(study, heir.username, actor=owner)
    sharing.offer_ownership(study, heir, actor=owner)
    return study, owner, heir


def accept(study: Study, heir: Any) -> None:
    with suppress(NotAllowedNow):
        sharing.accept_ownership(Study.objects.get(pk=study.pk), actor=heir)


def test_who_accepts_a_study_while_the_account_is_deleted_owns_it_or_is_gone() -> None:
    for _ in range(ROUNDS):
        study, owner, heir = offered()
        assert at_once(partial(accept, study, heir), partial(delete_account, heir)) == []
        study.refresh_from_db()
        is_there = get_user_model().objects.filter(pk=heir.pk).exists()
        assert study.owner == (heir if is_there else owner)


def test_who_leaves_a_study_while_accepting_it_is_in_it_once_or_not_at_all() -> None:
    for _ in range(ROUNDS):
        study, owner, heir = offered()
        leave = partial(sharing.unshare_study, Study.objects.get(pk=study.pk), heir, actor=heir)
        assert at_once(partial(accept, study, heir), leave) == []
        study.refresh_from_db()
        roles = dict(study.memberships.values_list("user", "role"))
        assert (study.owner, roles) in ((heir, {owner.pk: Role.EDITOR}), (owner, {}))


def test_an_owner_who_offers_a_study_again_while_it_is_accepted_gives_away_nothing_of_the_new_one() -> None:
    for _ in range(ROUNDS):
        study, owner, heir = offered()
        third = UserFactory()
        sharing.share_study(study, third.username, actor=owner)

        def offer_to_third(study: Study = study, third: Any = third, owner: Any = owner) -> None:
            with suppress(PermissionDenied):
                sharing.offer_ownership(Study.objects.get(pk=study.pk), third, actor=owner)

        assert at_once(partial(accept, study, heir), offer_to_third) == []
        study.refresh_from_db()
        assert study.memberships.filter(offered_ownership=True).exists() == (study.owner == owner)


def test_an_invitation_is_accepted_renewed_and_withdrawn_while_the_study_is_passed_on() -> None:
    for _ in range(ROUNDS):
        study, owner, heir = offered()
        guest = UserFactory()
        invitations.invite(study, "guest@example.org", role=Role.READER, actor=owner)
        invitation = Invitation.objects.get(study=study)

        def join(invitation: Invitation = invitation, guest: Any = guest) -> None:
            with suppress(NotAllowedNow):
                invitations.accept_invitation(invitation, guest)

        def renew(study: Study = study, owner: Any = owner) -> None:
            with suppress(PermissionDenied):
                invitations.invite(study, "guest@example.org", role=Role.READER, actor=owner)

        def withdraw(invitation: Invitation = invitation, owner: Any = owner) -> None:
            with suppress(PermissionDenied):
                invitations.withdraw_invitation(invitation, actor=owner)

        assert at_once(join, partial(accept, study, heir), renew, withdraw) == [], "nobody waits in a circle"
        assert Study.objects.get(pk=study.pk).owner == heir


def test_a_study_passes_between_operators_while_another_one_deletes_an_account() -> None:
    for _ in range(ROUNDS):
        third = UserFactory(is_superuser=True)
        study, owner, heir = offered(heir_first=True)
        get_user_model().objects.filter(pk__in=(owner.pk, heir.pk)).update(is_superuser=True)
        assert at_once(partial(accept, study, heir), *[partial(delete_account, third)] * 2) == []
        assert Study.objects.get(pk=study.pk).owner == heir
        assert not get_user_model().objects.filter(pk=third.pk).exists()


def delete_all_operators() -> int:
    """Let three operators delete their accounts at once; return how many are left."""
    operators = [UserFactory(is_superuser=True) for _ in range(3)]
    at_once(*(partial(delete_account, operator) for operator in operators))
    left = get_user_model().objects.filter(is_superuser=True).count()
    get_user_model().objects.filter(is_superuser=True).delete()
    return left


def test_one_operator_stays_when_all_delete_their_accounts_at_once() -> None:
    assert [delete_all_operators() for _ in range(ROUNDS)] == [1] * ROUNDS


def test_without_the_lock_no_operator_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    lock, accounts = QuerySet.select_for_update, get_user_model()
    monkeypatch.setattr(
        QuerySet, "select_for_update", lambda rows, **more: rows if rows.model is accounts else lock(rows, **more)
    )
    assert 0 in [delete_all_operators() for _ in range(ROUNDS)]
