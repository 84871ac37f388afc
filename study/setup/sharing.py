"""Who works on a study and owns it, and archived studies. That one is archived is stored in the log, not in the row."""

from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from study.access import lock_as_owner, owns
from study.errors import NotAllowedNow, StudyError
from study.models import ApiToken, LogEntry, Membership, Role, Schedule, Study
from study.models.log import WRITTEN_HERE, record
from study.models.members import GIVEN_ROLES
from study.notices.choices import forget_choices

_ARCHIVED, _RESTORED = "archived", "restored"


@transaction.atomic
def share_study(study: Study, name: str, *, role: str = Role.EDITOR, actor: Any) -> Any:
    """Make a colleague a member of the study.

    Raises:
        StudyError: there is no account of that name, or it is a member already.
        PermissionDenied: the actor does not own the study, or no longer.
    """
    lock_as_owner(study, actor)
    user = get_user_model().objects.filter(username=name.strip(), is_active=True).first()
    if user is None:
        raise StudyError(
            _("There is no account “%(name)s”. Look at the spelling, or invite the person by mail address.")
            % {"name": name.strip()[:150]}
        )
    add_member(study, user, role, actor=actor)
    return user


def add_member(study: Study, user: Any, role: str, *, actor: Any) -> None:
    """Give somebody a role in the study. Call it in a transaction.

    Raises:
        StudyError: they have one already.
    """
    study = Study.objects.select_for_update().get(pk=study.pk)
    if study.rehearsal_of_id is not None:
        raise StudyError(_("Whoever works on a study works on its rehearsals too. Share the study itself."))
    if user.pk == study.owner_id or study.memberships.filter(user=user).exists():
        raise StudyError(_("%(name)s works on this study already.") % {"name": user.get_username()})
    study.memberships.create(user=user, role=role)
    record(study, "shared", actor=actor, member=user.get_username(), role=str(role))


@transaction.atomic
def change_role(study: Study, user: Any, role: str, *, actor: Any) -> None:
    """Give a member another role; their scripts' tokens end, for they were made with the one before.

    Raises:
        StudyError: they are no member any more, or there is no such role.
        PermissionDenied: the actor does not own the study, or no longer.
    """
    if role not in dict(GIVEN_ROLES):
        raise StudyError(_("Choose one of the roles on the page."))
    member = _member(lock_as_owner(study, actor), user)
    if member.role != role:
        member.role = role
        member.save(update_fields=["role"])
        _end_tokens(study, user)
        record(study, "role changed", actor=actor, member=user.get_username(), role=str(role))


@transaction.atomic
def unshare_study(study: Study, user: Any, *, actor: Any) -> None:
    """End somebody's work on the study, and their scripts' tokens for it.

    Raises:
        PermissionDenied: the actor is neither that person nor the owner, or no longer.
    """
    if actor.pk == user.pk:
        Study.objects.select_for_update().get(pk=study.pk)
    else:
        lock_as_owner(study, actor)
    if study.memberships.filter(user=user).delete()[0]:
        forget_choices(study, user)
        _end_tokens(study, user)
        record(study, "unshared", actor=actor, member=user.get_username())


@transaction.atomic
def offer_ownership(study: Study, user: Any, *, actor: Any) -> None:
    """Offer a member to become the owner; nothing changes until they accept. An offer to somebody else ends.

    Raises:
        StudyError: they are no member any more.
        PermissionDenied: the actor does not own the study, or no longer: the new owner has accepted it meanwhile.
    """
    member = _member(lock_as_owner(study, actor), user)
    study.memberships.exclude(pk=member.pk).update(offered_ownership=False)
    if not member.offered_ownership:
        member.offered_ownership = True
        member.save(update_fields=["offered_ownership"])
        record(study, "ownership offered", actor=actor, member=user.get_username())


@transaction.atomic
def withdraw_offer(study: Study, *, actor: Any) -> None:
    """End the offer of ownership: the owner takes it back, or the member declines."""
    locked = Study.objects.select_for_update().get(pk=study.pk)
    offers = locked.memberships.select_related("user").filter(offered_ownership=True)
    for member in offers if owns(actor, locked) else offers.filter(user=actor):
        member.offered_ownership = False
        member.save(update_fields=["offered_ownership"])
        record(study, "offer of ownership withdrawn", actor=actor, member=member.user.get_username())


@transaction.atomic
def accept_ownership(study: Study, *, actor: Any) -> None:
    """Make the actor, to whom it was offered, the owner; who was the owner becomes an editor. Both lose their tokens.

    What the owner has scheduled and whom they have invited become the actor's.

    Raises:
        NotAllowedNow: it is not offered to the actor, or no longer.
    """
    locked = Study.objects.select_for_update().get(pk=study.pk)
    # Neither is deleted meanwhile; in the order in which the deletion of an account locks all operators.
    list(get_user_model().objects.select_for_update().filter(pk__in=(actor.pk, locked.owner_id)).order_by("pk"))
    if locked.memberships.filter(user=actor, offered_ownership=True).delete()[0] != 1:
        raise NotAllowedNow(_("The study is not offered to you any more. Ask its owner to offer it again."))
    before = locked.owner
    locked.memberships.create(user=before, role=Role.EDITOR)
    Study.objects.filter(Q(pk=locked.pk) | Q(rehearsal_of=locked)).update(owner=actor)
    locked.invitations.update(invited_by=actor)
    Schedule.objects.filter(study=locked, closes_by=before).update(closes_by=actor)
    _end_tokens(locked, actor, before)
    record(locked, "ownership passed on", actor=actor, member=before.get_username(), owner=actor.get_username())


def _end_tokens(study: Study, *users: Any) -> None:
    """End these people's tokens for the study and for its rehearsals, in which they have the same role."""
    ApiToken.objects.filter(Q(study=study) | Q(study__rehearsal_of=study), user__in=users).delete()


def _member(study: Study, user: Any) -> Membership:
    member = study.memberships.filter(user=user).first()
    if member is None:
        raise StudyError(_("%(name)s no longer works on this study.") % {"name": user.get_username()})
    return member


def archive_study(study: Study, *, actor: Any) -> None:
    """Archive a closed study: only its place in the list changes.

    Raises:
        NotAllowedNow: the study is not closed.
    """
    if study.status != Study.Status.CLOSED:
        raise NotAllowedNow(_("Only a closed study can be archived. Close it first."))
    if not is_archived(study):
        record(study, _ARCHIVED, actor=actor)


def restore_study(study: Study, *, actor: Any) -> None:
    """Return an archived study to the list."""
    if is_archived(study):
        record(study, _RESTORED, actor=actor)


def with_archived(studies: QuerySet[Study]) -> QuerySet[Any]:
    """Annotate the studies with `last_filed`: "archived", "restored" or None."""
    filed = LogEntry.objects.filter(WRITTEN_HERE, study=OuterRef("pk"), action__in=(_ARCHIVED, _RESTORED)).order_by(
        "-pk"
    )
    return studies.annotate(last_filed=Subquery(filed.values("action")[:1]))


def is_archived(study: Study) -> bool:
    last = study.log.filter(WRITTEN_HERE, action__in=(_ARCHIVED, _RESTORED)).order_by("-pk").first()
    return last is not None and last.action == _ARCHIVED
