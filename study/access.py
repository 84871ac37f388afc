"""Who may do what in a study: the one table of roles and rights. Every view of a study gets the study from here."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from study.models import Membership, Role, Study

logger = logging.getLogger(__name__)


class Right(Enum):
    """One thing that a role may do or not."""

    SEE = "see"  # how the study is going, the codes and flags of its participants, its people, its log
    RUN = "run"  # pause and resume, make links, leave people out, pay them, settle problems
    LOOK = "look"  # clips, tags, prompts, images, conditions, plan and settings, as far as the seal lets anybody
    EDIT = "edit"  # change any of that, open the study, ask for an analysis, copy, archive
    RESULTS = "results"  # results and reports, once the seal is off
    DATA = "data"  # the tables about single people, and the export with them
    OWN = "own"  # share, pass on, close for good, delete


RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.OWNER: frozenset(Right),
    Role.EDITOR: frozenset({Right.SEE, Right.RUN, Right.LOOK, Right.EDIT, Right.RESULTS, Right.DATA}),
    # Blind to images and results for good: whoever deals with participants cannot let them guess what is hoped for.
    Role.RUNNER: frozenset({Right.SEE, Right.RUN}),
    Role.READER: frozenset({Right.SEE, Right.LOOK, Right.RESULTS}),
}


@dataclass(frozen=True)
class Access:
    """What somebody may do in a study; the role of an operator who is no member is that of the owner."""

    study: Study
    role: Role
    user: Any = None

    @property
    def may(self) -> dict[str, bool]:
        """Each right by its name, and whether it is given. For templates."""
        return {right.value: right in RIGHTS[self.role] for right in Right}

    def allows(self, right: Right) -> bool:
        return right in RIGHTS[self.role]

    def require(self, right: Right) -> None:
        """Do nothing if the right is given.

        Raises:
            PermissionDenied: it is not; the message says who has it and whom to ask.
        """
        if not self.allows(right):
            asked = _("Your role in this study is: %(role)s. Its owner, %(owner)s, can give you another.")
            names = {"role": self.role.label, "owner": self.study.owner.get_username()}
            raise PermissionDenied(f"{_who_has(right)} {asked % names}")


def _who_has(right: Right) -> str:
    return {
        Right.RUN: _("Only the owner, editors and runners can do this: it belongs to running the study."),
        Right.LOOK: _("Runners stay blind: images, tags, prompts, conditions and settings are not shown to them."),
        Right.EDIT: _("Only the owner and editors can change this."),
        Right.RESULTS: _("Runners stay blind: results and reports are not shown to them, not even after closing."),
        Right.DATA: _("Only the owner and editors get the tables about single people, and the export with them."),
        Right.OWN: _("Only the owner shares a study, passes it on, closes it for good or deletes it."),
    }.get(right, "")


def studies_of(user: Any, right: Right = Right.SEE) -> QuerySet[Study]:
    """Return the studies in which `user` has the right; operators have all. Each has `member_role`, or None.

    In a rehearsal everybody has the role that they have in its study.
    """
    roles = Membership.objects.filter(study=Coalesce(OuterRef("rehearsal_of"), OuterRef("pk")), user=user)
    studies = Study.objects.annotate(member_role=Subquery(roles.values("role")[:1]))
    if user.is_superuser:
        return studies
    return studies.filter(Q(owner=user) | Q(member_role__in=[role for role in Role if right in RIGHTS[role]]))


def owns(user: Any, study: Study) -> bool:
    """Whether the user has the rights of the study's owner."""
    return bool(user.is_superuser or user.pk == study.owner_id)


def role_of(user: Any, study: Any) -> Role:
    """Return the role of the user in a study that `studies_of` has found."""
    return Role.OWNER if owns(user, study) else Role(study.member_role)


def lock_as_owner(study: Study, user: Any) -> Study:
    """Lock and return the study's row: it may have been passed on since the page looked who owns it.

    Raises:
        PermissionDenied: the user does not own it, or no longer. Http404: nor works on it.
    """
    # Without its owner: PostgreSQL finds no row if the owner that was joined to it has changed while it waited.
    locked = Study.objects.select_for_update().get(pk=study.pk)
    access_or_404(user, locked.slug).require(Right.OWN)
    return locked


def access_or_404(user: Any, slug: str) -> Access:
    """Return the study and the user's role, or raise 404: strangers must not learn that it exists.

    The log tells an operator who asked for what is not theirs.
    """
    try:
        study = get_object_or_404(studies_of(user), slug=slug)
    except Http404:
        if Study.objects.filter(slug=slug).exists():
            logger.warning("The account %s asked for the study %s, which it has no access to.", user.pk, slug)
        raise
    return Access(study, role_of(user, study), user)
