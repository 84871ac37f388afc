"""`manage.py people VERB …`: who works on a study in which role."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import translation

from study.access import Access, Right
from study.errors import StudyError
from study.management.scripted.command import Given, ScriptedCommand, Verb, argument
from study.management.scripted.forms import VALUES, checked, values_of
from study.models import Invitation, NoticeKind
from study.models.members import GIVEN_ROLES
from study.notices.choices import choose_mails, kinds_wanted
from study.setup import invitations, sharing

NAME = argument("name", "the sign-in name")
ADDRESS = argument("address", "a mail address")
ROLE = argument("role", "editor, runner or reader", choices=[role for role, _label in GIVEN_ROLES])


def show(access: Access, given: Given) -> dict[str, Any]:
    study = access.study
    members = study.memberships.select_related("user").order_by("user__username")
    content: dict[str, Any] = {
        "owner": study.owner.get_username(),
        "members": [
            {"name": row.user.get_username(), "role": row.role, "offered": row.offered_ownership} for row in members
        ],
    }
    if access.allows(Right.OWN):
        content["invited"] = [{"address": row.address, "role": row.role} for row in study.invitations.all()]
    return content


def share(access: Access, given: Given) -> dict[str, Any]:
    user = sharing.share_study(access.study, given["name"], role=given["role"], actor=access.user)
    return {"done": f"{user.get_username()} works on this study now.", "name": user.get_username()}


def invite(access: Access, given: Given) -> dict[str, Any]:
    address = given["address"].strip()
    try:
        validate_email(address)
    except ValidationError:
        raise StudyError(f"'{address}' is no mail address.") from None
    return _invited(access, address, given["role"])


def invite_again(access: Access, given: Given) -> dict[str, Any]:
    row = _invitation(access, given["address"])
    return _invited(access, row.address, row.role)


def _invited(access: Access, address: str, role: str) -> dict[str, Any]:
    link = invitations.invite(access.study, address, role=role, actor=access.user)
    mailed = invitations.send_invitation(access.study, address, link, actor=access.user)
    return {"done": "Invited; the link is shown only now.", "link": link, "mailed": mailed}


def withdraw(access: Access, given: Given) -> dict[str, Any]:
    invitations.withdraw_invitation(_invitation(access, given["address"]), actor=access.user)
    return {"done": "The invitation is withdrawn."}


def _invitation(access: Access, address: str) -> Invitation:
    row = access.study.invitations.filter(address=address.strip()).first()
    if row is None:
        raise StudyError(f"Nobody is invited at '{address}'.")
    return row


def change_role(access: Access, given: Given) -> dict[str, Any]:
    sharing.change_role(access.study, _member(access, given), given["role"], actor=access.user)
    return {"done": f"{given['name']} is {given['role']} now.", "name": given["name"], "role": given["role"]}


def remove(access: Access, given: Given) -> dict[str, Any]:
    sharing.unshare_study(access.study, _member(access, given), actor=access.user)
    return {"done": f"{given['name']} no longer works on this study.", "name": given["name"]}


def _member(access: Access, given: Given) -> Any:
    user = get_user_model().objects.filter(username=given["name"], memberships__study=access.study).first()
    if user is None:
        raise StudyError(f"{given['name']} does not work on this study, or owns it.")
    return user


def offer(access: Access, given: Given) -> dict[str, Any]:
    sharing.offer_ownership(access.study, _member(access, given), actor=access.user)
    return {"done": f"The study is offered to {given['name']}.", "name": given["name"]}


def take_back(access: Access, given: Given) -> dict[str, Any]:
    sharing.withdraw_offer(access.study, actor=access.user)
    return {"done": "The study stays with its owner."}


def accept(access: Access, given: Given) -> dict[str, Any]:
    sharing.accept_ownership(access.study, actor=access.user)
    return {"done": "The study is yours now."}


def decline(access: Access, given: Given) -> dict[str, Any]:
    if not access.study.memberships.filter(user=access.user, offered_ownership=True).exists():
        raise StudyError("The study is not offered to you.")
    sharing.withdraw_offer(access.study, actor=access.user)
    return {"done": "You have declined; the study stays with its owner."}


def mails(access: Access, given: Given) -> dict[str, Any]:
    study, user, values = access.study, access.user, values_of(given)
    wanted = kinds_wanted(study, user)
    if not values:
        return {"values": {kind.value: kind in wanted for kind in NoticeKind}}

    def make(data: Any) -> forms.Form:
        """A tick for each kind of mail, as the page has them."""
        form = forms.Form(data)
        for kind in NoticeKind:
            form.fields[kind.value] = forms.BooleanField(required=False, initial=kind in wanted)
        return form

    chosen = checked(make, values).cleaned_data
    # In the language that was chosen on the page: the one of a command is not the reader's.
    written_in = study.mail_choices.filter(user=user).values_list("language", flat=True).first()
    with translation.override(written_in or settings.LANGUAGE_CODE):
        choose_mails(study, user, [kind for kind, is_wanted in chosen.items() if is_wanted])
    return {"done": "Saved.", "changed": sorted(values)}


class Command(ScriptedCommand):
    help = "Share a study with colleagues, give them roles, invite people, pass it on; choose one's own mails."
    examples = ("share my-study ada reader --as mina", "list my-study --as mina --json")
    verbs = (
        Verb("list", "list who works on it, and to the owner who is invited", Right.SEE, show),
        Verb("share", "give somebody who has an account a role", Right.OWN, share, (NAME, ROLE), ("study_members",)),
        Verb("invite", "invite somebody by mail address", Right.OWN, invite, (ADDRESS, ROLE), ("study_members",)),
        Verb("invite-again", "make a new link", Right.OWN, invite_again, (ADDRESS,), ("invitation_change",)),
        Verb("withdraw", "withdraw an invitation", Right.OWN, withdraw, (ADDRESS,), ("invitation_change",)),
        Verb("role", "give somebody another role", Right.OWN, change_role, (NAME, ROLE), ("member_role",)),
        Verb("remove", "end somebody's work on it, or one's own", Right.SEE, remove, (NAME,), ("member_remove",)),
        Verb("offer", "offer it to somebody who works on it", Right.OWN, offer, (NAME,), ("ownership_offer",)),
        Verb("take-back", "take the offer back", Right.OWN, take_back, (), ("ownership_offer",)),
        Verb("accept", "accept it from its owner", Right.SEE, accept, (), ("ownership_answer",)),
        Verb("decline", "decline it", Right.SEE, decline, (), ("ownership_answer",)),
        Verb(
            "mails",
            "print or choose which mails about the study one gets oneself: target, stops, work",
            Right.SEE,
            mails,
            VALUES,
            ("study_mails",),
            Right.SEE,
        ),
    )
