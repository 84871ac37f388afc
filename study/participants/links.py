"""Links into a study: the open link, personal links, capped links, and the pilots' link."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from study.models import BlindingAudit, InviteLink, Participant, Study
from study.models.log import record
from study.opaque_tokens import new_token
from study.participants.tokens import token_hash


def full_url(path: str) -> str:
    """The absolute address of a path, to be given to people."""
    return f"{settings.BASE_URL}{path}"


def open_link(study: Study) -> str:
    """The study's open link, by which anybody may enter."""
    return full_url(reverse("survey_welcome", args=[study.open_link_token]))


@transaction.atomic
def create_personal_links(
    study: Study,
    count: int,
    cap: int = 1,
    *,
    labels: list[str] | None = None,
    kind: str = Participant.Kind.REAL,
    stage: str = "",
    actor: object = None,
    audit: BlindingAudit | None = None,
) -> list[tuple[str, str]]:
    """Create invite links. Their tokens are returned once and stored only as hashes.

    Args:
        count: how many links.
        cap: how many people may enter by each. A link for one person also resumes that person's visit.
        labels: a name for each link; None numbers them.
        stage: the stage into which the links lead, and only while it is the current one; empty: into the current one.
        audit: the blinding audit with the pilots that use the links.

    Returns:
        (label, address) of each link.

    Raises:
        ValueError: a count or cap below one, or not one label for each link.
    """
    if count < 1 or cap < 1:
        raise ValueError("Ask for at least one link, for at least one person each.")
    if labels is not None and len(labels) != count:
        raise ValueError(f"{len(labels)} labels were given for {count} links.")
    start = study.invite_links.count()
    rows, links = [], []
    for index in range(count):
        label = labels[index] if labels else f"{kind}-{start + index + 1:04d}"
        token = new_token()
        rows.append(
            InviteLink(
                study=study, label=label, token_hash=token_hash(token), cap=cap, kind=kind, stage=stage, audit=audit
            )
        )
        links.append((label, full_url(reverse("survey_join", args=[token]))))
    InviteLink.objects.bulk_create(rows)
    of_stage: dict[str, Any] = {"stage": str(stage)} if stage else {}
    record(study, "links created", actor=actor, links=count, cap=cap, kind=str(kind), **of_stage)
    return links


def find_link(token: str) -> InviteLink | None:
    """The invite link with this token, or None."""
    return InviteLink.objects.select_related("study").filter(token_hash=token_hash(token)).first()
