"""Who works on a study, and which studies are put away. Being archived is a fact of the log, not of the row."""

from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from study.errors import NotAllowedNow, StudyError
from study.models import LogEntry, Study
from study.models.studies import record

_ARCHIVED, _RESTORED = "archived", "restored"


@transaction.atomic
def share_study(study: Study, name: str, *, actor: Any) -> Any:
    """Lets a colleague work on the study.

    Raises:
        StudyError: nobody has that name, or the person works on it already.
    """
    user = get_user_model().objects.filter(username=name.strip(), is_active=True).first()
    if user is None:
        raise StudyError(
            _("Nobody signs in as “%(name)s”. Ask for the exact name, or have the account made first.")
            % {"name": name.strip()[:150]}
        )
    if user.pk == study.owner_id or study.members.filter(pk=user.pk).exists():
        raise StudyError(_("%(name)s works on this study already.") % {"name": user.get_username()})
    study.members.add(user)
    record(study, "shared", actor=actor, member=user.get_username())
    return user


@transaction.atomic
def unshare_study(study: Study, user: Any, *, actor: Any) -> None:
    """Ends a colleague's access.

    Raises:
        NotAllowedNow: somebody else than the owner or the colleague asks.
    """
    if actor.pk not in (study.owner_id, user.pk) and not actor.is_superuser:
        raise NotAllowedNow(_("Only the study's owner can end somebody else's access."))
    study.members.remove(user)
    record(study, "unshared", actor=actor, member=user.get_username())


def archive_study(study: Study, *, actor: Any) -> None:
    """Puts a closed study away from the list of current ones; nothing of it changes.

    Raises:
        NotAllowedNow: the study is not closed.
    """
    if study.status != Study.Status.CLOSED:
        raise NotAllowedNow(_("Only a closed study can be archived. Close it first."))
    if not is_archived(study):
        record(study, _ARCHIVED, actor=actor)


def restore_study(study: Study, *, actor: Any) -> None:
    """Brings an archived study back into the list."""
    if is_archived(study):
        record(study, _RESTORED, actor=actor)


def with_archived(studies: QuerySet[Study]) -> QuerySet[Any]:
    """The studies with `last_filed`: "archived", "restored" or None."""
    filed = LogEntry.objects.filter(study=OuterRef("pk"), action__in=(_ARCHIVED, _RESTORED)).order_by("-pk")
    return studies.annotate(last_filed=Subquery(filed.values("action")[:1]))


def is_archived(study: Study) -> bool:
    last = study.log.filter(action__in=(_ARCHIVED, _RESTORED)).order_by("-pk").first()
    return last is not None and last.action == _ARCHIVED
