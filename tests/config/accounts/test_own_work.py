"""The account page: one's studies with the role, name and address, the latest sign-ins, and the account's end."""

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from study.errors import NotAllowedNow
from study.models import LogEntry, Role, Study
from study.setup import invitations, sharing
from tests.config.addresses import browser
from tests.factories import PASSWORD, UserFactory, make_study

pytestmark = pytest.mark.django_db
PAGE, DELETE = "/console/account/", "/console/account/delete/"


def test_the_account_page_lists_studies_with_the_role_and_the_latest_sign_ins() -> None:
    mina, jun = UserFactory(username="mina"), UserFactory(username="jun")
    make_study(clips=0, owner=mina, title="Own one")
    shared = make_study(clips=0, owner=jun, title="Shared one")
    sharing.share_study(shared, "mina", role=Role.READER, actor=jun)
    client = Client()
    client.post(reverse("sign_in"), {"username": "mina", "password": PASSWORD})
    page = client.get(PAGE).text
    assert "Own one" in page
    assert page.index("Shared one") < page.index("<span>reader</span>")
    assert "None is in the log yet" not in page
    client.post(PAGE, {"first_name": "Mina Kim", "email": "mina@example.org"})
    assert "Mina Kim" in client.get(reverse("study_members", args=[shared.slug])).text
    client.post(reverse("member_remove", args=[shared.slug, mina.pk]))
    assert "Shared one" not in client.get(PAGE).text


def test_an_account_is_deleted_by_its_password_once_it_owns_nothing() -> None:
    mina, jun = UserFactory(username="mina"), UserFactory(username="jun")
    own = make_study(clips=0, owner=mina, title="Own one")
    shared = make_study(clips=0, owner=jun)
    sharing.share_study(shared, "mina", actor=jun)
    client = browser(mina)
    assert "Own one" in client.get(DELETE).text
    client.post(DELETE, {"password": PASSWORD})
    assert get_user_model().objects.filter(username="mina").exists()
    own.delete()
    assert "not your password" in client.post(DELETE, {"password": "wrong"}).text
    assert client.post(DELETE, {"password": PASSWORD}).headers["Location"] == reverse("sign_in")
    assert not get_user_model().objects.filter(username="mina").exists()
    assert client.get(PAGE).status_code == 302
    assert shared.log.last().action == "unshared"  # type: ignore[union-attr]
    assert LogEntry.objects.filter(study=None).last().action == "account deleted"  # type: ignore[union-attr]


def test_the_last_operator_stays() -> None:
    operator = UserFactory(is_superuser=True)
    page = browser(operator).post(DELETE, {"password": PASSWORD}).text
    assert "the only operator" in page
    UserFactory(is_superuser=True)
    assert browser(operator).post(DELETE, {"password": PASSWORD}).status_code == 302


def test_who_leaves_a_study_just_before_accepting_it_does_not_own_it() -> None:
    mina, jun = UserFactory(username="mina"), UserFactory(username="jun")
    study = make_study(clips=0, owner=jun)
    sharing.share_study(study, "mina", actor=jun)
    sharing.offer_ownership(study, mina, actor=jun)
    sharing.unshare_study(study, mina, actor=mina)
    with pytest.raises(NotAllowedNow, match="not offered to you any more"):
        sharing.accept_ownership(study, actor=mina)
    assert Study.objects.get(pk=study.pk).owner == jun


def test_who_has_just_passed_a_study_on_gives_no_role_in_it_any_more() -> None:
    """As in a request that had looked who owns it before the new owner accepted."""
    mina, jun, sora = (UserFactory(username=name) for name in ("mina", "jun", "sora"))
    study = make_study(clips=0, owner=jun)
    for name in ("mina", "sora"):
        sharing.share_study(study, name, actor=jun)
    sharing.offer_ownership(study, mina, actor=jun)
    as_it_was = Study.objects.get(pk=study.pk)
    sharing.accept_ownership(study, actor=mina)
    for change in (
        lambda: sharing.offer_ownership(as_it_was, sora, actor=jun),
        lambda: sharing.change_role(as_it_was, sora, Role.READER, actor=jun),
        lambda: sharing.unshare_study(as_it_was, sora, actor=jun),
        lambda: invitations.invite(as_it_was, "guest@example.org", role=Role.READER, actor=jun),
    ):
        with pytest.raises(PermissionDenied, match="Its owner, mina"):
            change()
    sharing.offer_ownership(study, sora, actor=mina)
    sharing.withdraw_offer(as_it_was, actor=jun)
    assert study.memberships.get(offered_ownership=True).user == sora


def test_an_owner_sees_when_the_people_of_a_study_signed_in_and_nobody_else_does() -> None:
    owner, mina = UserFactory(username="owner"), UserFactory(username="mina")
    UserFactory(username="stranger")
    study = make_study(clips=0, owner=owner)
    Client().post(reverse("sign_in"), {"username": "mina", "password": PASSWORD})
    url = reverse("study_log", args=[study.slug]) + "?sign-ins"
    sharing.share_study(study, "mina", actor=owner)
    # What somebody did before they worked on it is no business of its owner.
    assert "<strong>mina</strong>" not in browser(owner).get(url).text
    for name in ("mina", "stranger"):
        Client().post(reverse("sign_in"), {"username": name, "password": PASSWORD})
    page = browser(owner).get(url).text
    assert "<strong>mina</strong> signed in" in page
    assert "stranger" not in page
    assert browser(mina).get(url).status_code == 403
