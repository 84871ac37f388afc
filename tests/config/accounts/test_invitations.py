"""Invitations: the link, by mail or to copy, that gives somebody a role, with the account they have or make."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from study.models import Invitation, LogEntry, Role, Study
from study.participants.log_masking import mask
from study.participants.retention import enforce_retention
from study.setup import sharing
from study.setup.invitations import MOST_IN_A_DAY
from study.survey.visit_ends import MAX_GUESSES
from tests.config.addresses import browser
from tests.factories import UserFactory, make_study

pytestmark = pytest.mark.django_db
GUEST = "guest@example.org"
NEW = {"username": "guest", "password1": "seven quiet lanterns", "password2": "seven quiet lanterns"}


@pytest.fixture
def study() -> Study:
    return make_study(clips=0, owner=UserFactory(username="owner"), title="Zither pictures")


def invite(study: Study, address: str = GUEST, role: str = "runner") -> str:
    """Invite by the page, and return the path of the link that it shows."""
    client, url = browser(study.owner), reverse("study_members", args=[study.slug])
    page = client.post(url, {"name": address, "role": role}, follow=True)
    assert page.redirect_chain == [(url, 302)]
    assert "no-store" in page.headers["Cache-Control"]
    [link] = set(re.findall(r'value="http://[^"/]+(/console/invitation/[^"]+/)"', page.text))
    # Loading the page again, or in another language, invites nobody and shows no link.
    assert link not in client.get(url).text
    return str(link)


def test_links_of_two_studies_are_each_shown_on_their_own_page(study: Study) -> None:
    client, other = browser(study.owner), make_study(clips=0, owner=study.owner)
    pages = [reverse("study_members", args=[each.slug]) for each in (study, other)]
    for page in pages:
        client.post(page, {"name": GUEST, "role": "runner"})
    for page in pages:
        assert "/console/invitation/" in client.get(page).text
        assert "/console/invitation/" not in client.get(page).text


def test_who_is_invited_makes_an_account_and_has_the_role(study: Study) -> None:
    link = invite(study)
    assert link in mail.outbox[0].body
    assert mail.outbox[0].to == [GUEST]
    guest = Client()
    page = guest.get(link).text
    assert "Zither pictures" in page
    assert "owner invites you" in page
    assert "too common" in guest.post(link, NEW | {"password1": "password1234", "password2": "password1234"}).text
    assert Invitation.objects.get().token_hash not in link
    assert guest.post(link, NEW).headers["Location"] == study.get_absolute_url()
    assert guest.get(study.get_absolute_url()).status_code == 200
    user = get_user_model().objects.get(username="guest")
    assert (user.email, study.memberships.get(user=user).role) == (GUEST, Role.RUNNER)
    assert not Invitation.objects.exists()
    assert Client().get(link).status_code == 404
    assert Client().post(link, NEW | {"username": "second"}).status_code == 404
    assert not get_user_model().objects.filter(username="second").exists()
    # What is kept for good holds no address.
    assert GUEST not in str(list(LogEntry.objects.values()))
    assert [entry.action for entry in study.log.all()] == ["invited", "shared"]


def test_who_has_an_account_signs_in_and_joins_with_it(study: Study) -> None:
    link, known = invite(study, role="reader"), UserFactory(username="known")
    assert f"{reverse('sign_in')}?next={link}" in Client().get(link).text
    client = browser(known)
    assert "Join as known" in client.get(link).text
    client.post(link)
    assert study.memberships.get(user=known).role == Role.READER
    assert browser(known).post(link).status_code == 404


def test_an_address_with_an_account_looks_like_one_without(study: Study) -> None:
    UserFactory(username="known", email=GUEST)
    pages = []
    for address in (GUEST, "never@example.org"):
        link = invite(study, address)
        page = browser(study.owner).get(reverse("study_members", args=[study.slug])).text
        pages += [re.sub(r'csrf\w+" value="[^"]*"', "", page).replace(address, "ADDRESS"), Client().get(link).text]
        Invitation.objects.all().delete()
    strip = re.compile(r'/\d+/|/invitation/[^/"]+|\w+" value="[^"]*"|until [^<]*')
    assert [strip.sub("", page) for page in pages[:2]] == [strip.sub("", page) for page in pages[2:]]


def test_a_link_ends_when_it_is_made_anew_withdrawn_too_old_or_its_sender_may_not_share(study: Study) -> None:
    url = reverse("study_members", args=[study.slug])
    first, again = invite(study), invite(study)
    assert Invitation.objects.count() == 1
    assert [Client().get(link).status_code for link in (first, again)] == [404, 200]
    row = Invitation.objects.get()
    change = reverse("invitation_change", args=[study.slug, row.pk])
    browser(study.owner).post(change)  # sent without a button, it changes nothing
    assert Client().get(again).status_code == 200
    page = browser(study.owner).post(change, {"again": "1"}, follow=True).text
    third = re.findall(r"/console/invitation/[\w-]+/", page)[0]
    assert [Client().get(link).status_code for link in (again, third)] == [404, 200]
    Invitation.objects.update(ends_at=timezone.now() - timedelta(days=8))
    assert Client().get(third).status_code == 404
    assert "the link is too old" in browser(study.owner).get(url).text
    enforce_retention(strays=False)
    assert not Invitation.objects.exists()
    invite(study)
    row = Invitation.objects.get()
    browser(study.owner).post(reverse("invitation_change", args=[study.slug, row.pk]), {"withdraw": "1"})
    assert not Invitation.objects.exists()
    # Passed on meanwhile: what the owner of before has promised is the new owner's to keep or withdraw.
    link, heir = invite(study), UserFactory(username="heir")
    sharing.share_study(study, "heir", actor=study.owner)
    sharing.offer_ownership(study, heir, actor=study.owner)
    sharing.accept_ownership(study, actor=heir)
    assert "heir invites you" in Client().get(link).text


def test_invitations_and_guesses_are_limited(study: Study, monkeypatch: Any) -> None:
    monkeypatch.setattr("study.setup.invitations.MOST_IN_A_DAY", 2)
    for number in range(2):
        invite(study, f"{number}@example.org")
    page = browser(study.owner).post(
        reverse("study_members", args=[study.slug]), {"name": "x@example.org", "role": "reader"}
    )
    assert "2 invitations within a day" in page.text
    assert MOST_IN_A_DAY > 2
    link = reverse("invitation", args=["A" * 22])
    statuses = [Client(REMOTE_ADDR="203.0.113.9").get(link).status_code for _ in range(MAX_GUESSES + 3)]
    assert statuses == [404] * MAX_GUESSES + [429] * 3
    assert mask(link) == "/console/invitation/AAAA…/"


def test_a_server_may_leave_accounts_to_its_operators(study: Study, settings: Any) -> None:
    settings.INVITED_MAKE_ACCOUNTS = False
    link = invite(study)
    page = Client().get(link).text
    assert "only the person who runs it makes accounts" in page
    assert "Make an account" not in page
    Client().post(link, NEW)
    assert not get_user_model().objects.filter(username="guest").exists()
    assert Invitation.objects.exists()


def test_without_a_mail_server_the_link_is_there_to_copy(study: Study, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    url = reverse("study_members", args=[study.slug])
    page = browser(study.owner).post(url, {"name": GUEST, "role": "reader"}, follow=True).text
    assert "No mail was sent. Pass this link on yourself." in page
    assert "/console/invitation/" in page
    assert "/console/invitation/" not in browser(study.owner).get(url).text
    settings.EMAIL_BACKEND = "no.such.Backend"
    page = browser(study.owner).post(url, {"name": GUEST, "role": "reader"}, follow=True).text
    assert "No mail was sent" in page
