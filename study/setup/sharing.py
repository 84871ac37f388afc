"""Members of a study, and archived studies. Whether a study is archived is stored in the log, not in the row."""

from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from study.errors import NotAllowedNow, StudyError
from study.models import LogEntry, Study
from study.models.log import record

_ARCHIVED, _RESTORED = "archived", "restored"


@transaction.atomic
def share_study(study: Study, name: str, *, actor: Any) -> Any:
    """Make a colleague a member of the study.

    Raises:
        StudyError: there is no account of that name, or it is a member already.
    """
    user = get_user_model().objects.filter(username=name.strip(), is_active=True).first()
    if user is None:
        raise StudyError(
            _("There is no account “%(name)s”. Ask for the exact name, or have the account created first.")
            % {"name": name.strip()[:150]}
        )
    if user.pk == study.owner_id or study.members.filter(pk=user.pk).exists():
        raise StudyError(_("%(name)s works on this study already.") % {"name": user.get_username()})
    study.members.add(user)
    record(study, "shared", actor=actor, member=user.get_username())
    return user


@transaction.atomic
def unshare_study(study: Study, user: Any, *, actor: Any) -> None:
    """End a colleague's access.

    Raises:
        NotAllowedNow: the actor is neither the owner nor the colleague.
    """
    if actor.pk not in (study.owner_id, user.pk) and not actor.is_superuser:
        raise NotAllowedNow(_("Only the study's owner can end somebody else's access."))
    study.members.remove(user)
    record(study, "unshared", actor=actor, member=user.get_username())


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
    filed = LogEntry.objects.filter(study=OuterRef("pk"), action__in=(_ARCHIVED, _RESTORED)).order_by("-pk")
    return studies.annotate(last_filed=Subquery(filed.values("action")[:1]))


def is_archived(study: Study) -> bool:
    last = study.log.filter(action__in=(_ARCHIVED, _RESTORED)).order_by("-pk").first()
    return last is not None and last.action == _ARCHIVED
