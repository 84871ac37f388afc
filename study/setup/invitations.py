"""Invitations to work on a study: made, sent again, withdrawn and accepted. Their links are stored as hashes only."""

from datetime import timedelta
from typing import Any

from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from study.access import lock_as_owner, owns
from study.errors import NotAllowedNow, StudyError
from study.models import Invitation, LogEntry, Study
from study.models.log import record
from study.opaque_tokens import new_token
from study.participants.links import full_url
from study.participants.tokens import token_hash
from study.published_heads.places import mail_is_sent
from study.setup.sharing import add_member

LASTS = timedelta(days=7)
# By one person in a day, in all studies: nobody makes this server send mails to a list of strangers.
MOST_IN_A_DAY = 40
_INVITED = "invited"


@transaction.atomic
def invite(study: Study, address: str, *, role: str, actor: Any) -> str:
    """Make an invitation and return its link, which is known only now; another for the same address is replaced.

    Whether the address has an account makes no difference: nobody learns it from an invitation.

    Raises:
        StudyError: the actor has sent very many today.
        PermissionDenied: the actor does not own the study, or no longer.
    """
    lock_as_owner(study, actor)
    since = timezone.now() - timedelta(days=1)
    if LogEntry.objects.filter(action=_INVITED, actor=actor, at__gte=since).count() >= MOST_IN_A_DAY:
        raise StudyError(
            _("You have sent %(n)d invitations within a day, which is the most. Go on tomorrow.") % {"n": MOST_IN_A_DAY}
        )
    token = new_token()
    study.invitations.update_or_create(
        address=address,
        defaults={
            "role": role,
            "token_hash": token_hash(token),
            "invited_by": actor,
            "ends_at": timezone.now() + LASTS,
        },
    )
    # Without the address: the log is kept and exported.
    record(study, _INVITED, actor=actor, role=str(role))
    return full_url(reverse("invitation", args=[token]))


def send_invitation(study: Study, address: str, link: str, *, actor: Any) -> bool:
    """Mail the link; return whether the mail server took it."""
    if not mail_is_sent():
        return False
    title = " ".join(study.title.split())
    subject = _("Invitation to the study “%(title)s”") % {"title": title}
    text = _(
        "%(name)s invites you to work on the study “%(title)s” in Earsight. Open this link within %(days)d days:\n\n"
        "%(link)s\n\n"
        "It works once, and is for you alone. If you did not expect it, do nothing."
    ) % {"name": actor.get_username(), "title": title, "link": link, "days": LASTS.days}
    try:
        EmailMessage(subject[:200], text + "\n", None, [address]).send()
    except Exception:  # a mail backend may raise anything; the link is on the page
        return False
    return True


@transaction.atomic
def withdraw_invitation(invitation: Invitation, *, actor: Any) -> None:
    """End an invitation: its link opens nothing any more."""
    lock_as_owner(invitation.study, actor)  # before the invitation, as whoever passes the study on takes them
    if Invitation.objects.filter(pk=invitation.pk).delete()[0]:
        record(invitation.study, "invitation withdrawn", actor=actor, role=invitation.role)


def invitation_of(token: str) -> Invitation | None:
    """Return the invitation with this token, unless it is answered, withdrawn or over."""
    rows = Invitation.objects.select_related("study__owner", "invited_by")
    found = rows.filter(token_hash=token_hash(token), ends_at__gt=timezone.now()).first()
    # It is as good as who sent it: somebody who may not share the study any more has invited nobody.
    return found if found and owns(found.invited_by, found.study) else None


@transaction.atomic
def accept_invitation(invitation: Invitation, user: Any) -> None:
    """Give the user the role; the invitation is used up.

    Raises:
        NotAllowedNow: it was answered, withdrawn or replaced a moment ago.
        StudyError: the user works on the study already.
    """
    Study.objects.select_for_update().filter(pk=invitation.study_id).first()  # before the invitation, as above
    used = Invitation.objects.filter(pk=invitation.pk, token_hash=invitation.token_hash).delete()[0]
    if not used:
        raise NotAllowedNow(_("This invitation has just been used or withdrawn. Ask for another one."))
    add_member(invitation.study, user, invitation.role, actor=invitation.invited_by)
