"""Who wants which mails about a study."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q
from django.utils import translation

from study.models import MailChoice, NoticeKind, Study


@dataclass(frozen=True)
class Recipient:
    """An account that wants a mail, and the language in which."""

    user: Any
    language: str


def wanted_by_default(study: Study, user: Any, kind: str) -> bool:
    """Only the owner, and only that the target is reached: it comes once, and the study has to be closed then."""
    return kind == NoticeKind.TARGET and user.pk == study.owner_id


def kinds_wanted(study: Study, user: Any) -> set[str]:
    """Return the kinds of mail that somebody wants about a study."""
    chosen = dict(study.mail_choices.filter(user=user).values_list("kind", "wanted"))
    return {kind for kind in NoticeKind.values if chosen.get(kind, wanted_by_default(study, user, kind))}


@transaction.atomic
def choose_mails(study: Study, user: Any, kinds: Collection[str]) -> None:
    """Store which mails somebody wants, and that they are written in the language of now; kinds unknown are nothing."""
    language = translation.get_language() or settings.LANGUAGE_CODE
    for kind in NoticeKind.values:
        study.mail_choices.update_or_create(
            user=user, kind=kind, defaults={"wanted": kind in kinds, "language": language}
        )


def forget_choices(study: Study, user: Any) -> None:
    """Delete the choices of somebody who no longer works on the study."""
    study.mail_choices.filter(user=user).delete()


def recipients(study: Study, kind: str) -> list[Recipient]:
    """Return who wants the mails, has an address and still works on the study (or operates the installation)."""
    chosen = {row.user_id: row for row in MailChoice.objects.filter(study=study, kind=kind)}
    works_on_it = Q(pk=study.owner_id) | Q(memberships__study=study) | Q(is_superuser=True, pk__in=list(chosen))
    people = get_user_model().objects.filter(works_on_it, is_active=True).exclude(email="").distinct().order_by("pk")
    return [
        Recipient(user, row.language if (row := chosen.get(user.pk)) else settings.LANGUAGE_CODE)
        for user in people
        if (chosen[user.pk].wanted if user.pk in chosen else wanted_by_default(study, user, kind))
    ]
