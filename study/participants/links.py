"""Links into a study: the open link, personal links, capped links, and the pilots' link."""

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from study.models import BlindingAudit, InviteLink, Participant, Study
from study.models.studies import record
from study.participants.tokens import new_token, token_hash


def full_url(path: str) -> str:
    """The address to give to people."""
    return f"{settings.BASE_URL}{path}"


def open_link(study: Study) -> str:
    """The one link that lets in whoever has it."""
    return full_url(reverse("survey_welcome", args=[study.open_link_token]))


@transaction.atomic
def create_personal_links(
    study: Study,
    count: int,
    cap: int = 1,
    *,
    labels: list[str] | None = None,
    kind: str = Participant.Kind.REAL,
    actor: object = None,
    audit: BlindingAudit | None = None,
) -> list[tuple[str, str]]:
    """Makes links; their tokens are returned once and stored only as hashes.

    Args:
        count: how many links.
        cap: how many people may come in by each. A link for one person resumes where that person was.
        labels: a name for each link; numbers where there are none.
        audit: whose own people come by them.

    Returns:
        (label, address) of each link.

    Raises:
        ValueError: a count or cap below one, or labels that do not fit the count.
    """
    if count < 1 or cap < 1:
        raise ValueError("Ask for at least one link, for at least one person each.")
    if labels is not None and len(labels) != count:
        raise ValueError(f"{len(labels)} labels were given for {count} links.")
    start = study.invite_links.count()
    rows, made = [], []
    for index in range(count):
        label = labels[index] if labels else f"{kind}-{start + index + 1:04d}"
        token = new_token()
        rows.append(InviteLink(study=study, label=label, token_hash=token_hash(token), cap=cap, kind=kind, audit=audit))
        made.append((label, full_url(reverse("survey_join", args=[token]))))
    InviteLink.objects.bulk_create(rows)
    record(study, "links created", actor=actor, links=count, cap=cap, kind=str(kind))
    return made


def link_of(token: str) -> InviteLink | None:
    """The link a token opens, or None."""
    return InviteLink.objects.select_related("study").filter(token_hash=token_hash(token)).first()
