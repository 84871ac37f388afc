"""Tokens by which a person's scripts read a study: made, found, ended. They do what the person's role may, at most."""

from datetime import date, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.signals import post_save
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from study.access import Access, Right, access_or_404, lock_as_owner
from study.errors import StudyError
from study.models import ApiToken, Study
from study.models.log import record
from study.opaque_tokens import new_api_token
from study.participants.tokens import token_hash

USUAL_DAYS, MOST_DAYS = 90, 365
# Of one person in one study: so many are not told apart any more.
MOST_TOKENS = 20
TOKEN_MADE, TOKEN_ENDED = "API token made", "API token ended"


@transaction.atomic
def make_token(study: Study, name: str, last_day: date, *, actor: Any) -> tuple[ApiToken, str]:
    """Make a token for the actor that is good until the end of `last_day`.

    Returns:
        Its row, and the token, which is known only now.

    Raises:
        StudyError: it has no name, the day is not one of the next 365, or the actor has very many.
        Http404: the actor does not work on the study, or no longer.
    """
    today = timezone.localdate()
    if not name.strip():
        raise StudyError(_("Give the token a name: where it is used."))
    if not today <= last_day <= today + timedelta(days=MOST_DAYS):
        raise StudyError(
            _("Choose a last day between today and %(latest)s.")
            % {"latest": date_format(today + timedelta(days=MOST_DAYS), _("j M Y"))}
        )
    locked = Study.objects.select_for_update().get(pk=study.pk)
    access = access_or_404(actor, locked.slug)
    if locked.api_tokens.filter(user=actor).count() >= MOST_TOKENS:
        raise StudyError(
            _("You have %(n)d tokens for this study, which is the most. End one first.") % {"n": MOST_TOKENS}
        )
    token = new_api_token()
    row = ApiToken.objects.create(
        study=locked, user=actor, role=access.role, name=name.strip(), token_hash=token_hash(token), last_day=last_day
    )
    # Not the name: it may name somebody, and the log is for ever.
    record(locked, TOKEN_MADE, actor=actor, token=row.pk, until=last_day.isoformat())
    return row, token


@transaction.atomic
def end_token(token: ApiToken, *, actor: Any) -> None:
    """End a token at once.

    Raises:
        PermissionDenied: it is somebody else's, and the actor does not own the study.
    """
    if token.user_id == actor.pk:
        study = Study.objects.select_for_update().get(pk=token.study_id)
    else:
        study = lock_as_owner(token.study, actor)
    number = token.pk
    if ApiToken.objects.filter(pk=number).delete()[0]:
        record(study, TOKEN_ENDED, actor=actor, token=number)


@transaction.atomic
def end_tokens_of(user: Any) -> int:
    """End all tokens of a person, in all studies, and log it there; return how many."""
    tokens = ApiToken.objects.select_related("study").filter(user=user).order_by("study_id", "pk")
    ended = [(token.study, token.pk) for token in tokens]
    for study, number in ended:
        if ApiToken.objects.filter(pk=number).delete()[0]:
            record(study, TOKEN_ENDED, token=number)
    return len(ended)


def connect() -> None:
    """End a person's tokens with their password, as their sign-ins end, and with a deactivated account."""
    post_save.connect(_saved, sender=get_user_model(), dispatch_uid="end API tokens")


def _saved(instance: Any, created: bool, raw: bool, **_rest: Any) -> None:
    # Django's mark of a password set since the account was last saved; a new hash of the same one does not have it.
    if not raw and not created and (instance._password is not None or not instance.is_active):
        end_tokens_of(instance)


def shown_tokens(access: Access) -> QuerySet[ApiToken]:
    """Return the study's tokens that somebody sees: the owner everybody's, all others their own."""
    tokens = access.study.api_tokens.select_related("user")
    return tokens if access.allows(Right.OWN) else tokens.filter(user=access.user)


def find_token(token: str) -> ApiToken | None:
    """Return the row of a token that is good today; None if it is not, for whatever reason.

    Whether its person still has the role with which it was made, the study's access tells: `study.api`.
    """
    rows = ApiToken.objects.select_related("user", "study__owner")
    found = rows.filter(token_hash=token_hash(token)).first()
    return found if found is not None and not found.has_ended and found.user.is_active else None


def note_used(token: ApiToken) -> None:
    """Store that the token was used today; once a day, and nothing of what for or from where."""
    today = timezone.localdate()
    if token.last_used_on != today:
        ApiToken.objects.filter(pk=token.pk).update(last_used_on=today)
