"""The visits of people whom a recruiting platform sends: their ids, kept apart from what they answer.

Visit and participant are joined by the participant's token alone: its *support code* follows from it, and each side
keeps another digest of that code. Who holds the token (the person's browser, their own link) or is told the support
code (a researcher whom the person asks for help) finds both sides; who holds the tables finds neither from the other.

The first who comes under an id is counted. Whoever comes under it later in a browser that does not know the first takes
part by the same pages, so nobody learns whether an id was used, but is left out until a researcher takes them in.
"""

import base64
import hashlib
from collections.abc import Iterable

from django.conf import settings
from django.db import connection, transaction
from django.utils.crypto import salted_hmac

from study.ballots.receipts import normal_receipt
from study.models import Participant, PlatformVisit, Study, VisitKey
from study.models.log import record
from study.models.participants import ID_USED_BEFORE
from study.opaque_tokens import new_digest
from study.participants.exclusion import LEFT_OUT
from study.participants.recruiting import Arrival, person_of
from study.participants.tokens import token_hash

State = PlatformVisit.State
DECOYS = 3
# PostgreSQL dumps rows in the order in which they were written: each time, so many others are written anew among them.
SCATTERED = 40


def support_code(token: str) -> str:
    """The code by which a person asks for help: 80 bits of the token's digest, in groups of four letters."""
    return normal_receipt(base64.b32encode(hashlib.sha256(f"support:{token}".encode()).digest()[:10]).decode())


def participant_digest(code: str) -> str:
    """What a participant's row keeps of the support code."""
    return hashlib.sha256(f"participant:{normal_receipt(code)}".encode()).hexdigest()


def visit_digest(code: str) -> str:
    """What a visit's key keeps of the support code."""
    return hashlib.sha256(f"visit:{normal_receipt(code)}".encode()).hexdigest()


def person_digest(study: Study, person: str, secret: str | None = None) -> str:
    """What is kept of a platform's person: a digest under the server's key, another one in each study."""
    name = f"{study.pk}:{person}"
    return salted_hmac("earsight.platform-person", name, secret=secret, algorithm="sha256").hexdigest()


def _known_digests(study: Study, person: str) -> list[str]:
    """The digests under which a person may be kept: of the server's key, and of older ones that are still known."""
    return [person_digest(study, person, key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def _decoy(visit: PlatformVisit, number: int) -> str:
    """The digest of a key that nobody has; only the server's key tells it from the others."""
    return salted_hmac("earsight.visit-decoy", f"{visit.pk}:{number}", algorithm="sha256").hexdigest()


def visit_of(token: str) -> PlatformVisit | None:
    """The visit of the participant with this token; None if no platform sent them."""
    return visit_with_code(support_code(token)) or _moved(token)


def visit_with_code(code: str) -> PlatformVisit | None:
    """The visit with this support code, or None."""
    return PlatformVisit.objects.select_related("study").filter(keys__digest=visit_digest(code)).first()


def _moved(token: str) -> PlatformVisit | None:
    """The visit of somebody who was in the middle when the ids were moved into a table of their own.

    Then only the token's hash was known. Its key is replaced by the usual one at once.
    """
    old = VisitKey.objects.select_related("visit").filter(digest=moved_digest(token_hash(token))).first()
    if old is None:  # nearly always: no transaction, which would take SQLite's write lock
        return None
    code = support_code(token)
    with transaction.atomic():
        _lock(old.visit.study_id)
        # Not by its number alone: a withdrawal in between has replaced the digest.
        VisitKey.objects.filter(pk=old.pk, digest=old.digest).update(digest=visit_digest(code))
        Participant.objects.filter(token_hash=token_hash(token)).update(support_digest=participant_digest(code))
    return visit_with_code(code)


def moved_digest(hashed: str) -> str:
    """The key of a visit that migration 0016 made for a participant in the middle."""
    return salted_hmac("earsight.moved-visit", hashed, algorithm="sha256").hexdigest()


def is_of(visit: PlatformVisit, arrival: Arrival) -> bool:
    """Whether the platform sends the visit's person again."""
    if not arrival.person:
        return False
    known = person_of(visit.study, visit.ids)  # pilots have a digest of their own
    return known == arrival.person or visit.person in _known_digests(visit.study, arrival.person)


def enter(study: Study, token: str, arrival: Arrival, *, is_pilot: bool = False) -> bool:
    """Keep the ids with which somebody enters; call it with the study's row locked.

    Returns:
        Whether somebody entered under this person's id before. Pilots may, any number of times.
    """
    if not arrival.person:
        return False
    digests = [new_digest()] if is_pilot else _known_digests(study, arrival.person)
    visit = study.platform_visits.filter(person__in=digests).first()
    used = visit is not None
    if visit is None:
        visit = study.platform_visits.create(person=digests[0], ids=dict(arrival.ids))
        decoys = [VisitKey(visit=visit, digest=_decoy(visit, number)) for number in range(DECOYS)]
        VisitKey.objects.bulk_create([*decoys, VisitKey(visit=visit, digest=visit_digest(support_code(token)))])
    else:
        if not visit.ids:  # erased meanwhile: the way back needs them
            PlatformVisit.objects.filter(pk=visit.pk).update(ids=dict(arrival.ids))
        _take_over_a_decoy(visit, visit_digest(support_code(token)))
    scatter(study)
    return used


def _take_over_a_decoy(visit: PlatformVisit, digest: str) -> None:
    decoys = [_decoy(visit, number) for number in range(DECOYS)]
    free = visit.keys.filter(digest__in=decoys).first()
    if free is None:
        visit.keys.create(digest=digest)
    else:
        VisitKey.objects.filter(pk=free.pk).update(digest=digest)


def _lock(study: int) -> Study:
    """Lock the study's row until the transaction ends: the rows of its visits are moved meanwhile (`scatter`)."""
    return Study.objects.select_for_update().get(pk=study)


@transaction.atomic
def come_again(participant: Participant, token: str, arrival: Arrival) -> None:
    """Keep the ids with which a participant has come again: the session to be paid is the last one.

    A participant without a visit gets one; under an id that somebody else used, they are left out.
    """
    study = _lock(participant.study_id)
    visit = visit_of(token)
    if visit is not None:
        if is_of(visit, arrival) and not participant.came_again:
            PlatformVisit.objects.filter(pk=visit.pk).update(ids=visit.ids | dict(arrival.ids))
        return
    if not arrival.person:
        return
    used = enter(study, token, arrival, is_pilot=participant.kind == Participant.Kind.PILOT)
    participant.support_digest = participant_digest(support_code(token))
    participant.save(update_fields=["support_digest"])
    if used and participant.status == Participant.Status.STARTED and not participant.excluded:
        leave_out(participant)
    note_end(participant, token)


def leave_out(participant: Participant) -> None:
    """Leave somebody out who came under an id that had been used before, and record it."""
    participant.excluded, participant.exclusion_reason = True, ID_USED_BEFORE
    participant.save(update_fields=["excluded", "exclusion_reason"])
    record(participant.study, LEFT_OUT, participant=participant.code, reason=ID_USED_BEFORE)


def note_end(participant: Participant, token: str) -> PlatformVisit | None:
    """Note at the visit that its participant has finished or was screened out; nothing of one that is not counted.

    Returns:
        The visit; None if no platform sent the participant.
    """
    ends = {
        Participant.Status.COMPLETED: State.FINISHED,
        Participant.Status.SCREENED_OUT: State.SCREENED_OUT,
    }
    visit = visit_of(token)
    state = ends.get(Participant.Status(participant.status))
    if visit is None or visit.state != State.BEGAN or state is None or participant.came_again:
        return visit
    with transaction.atomic():
        study = _lock(visit.study_id)
        PlatformVisit.objects.filter(pk=visit.pk, state=State.BEGAN).update(state=state)
        scatter(study)
    return visit


def erase_visit(participant: Participant, token: str) -> None:
    """Erase the ids of a participant who withdraws, and what led from their token to them.

    Call it with the study's row locked. The ids of a visit that somebody else began stay: they are another person's.
    """
    visit = visit_of(token)
    if visit is None:
        return
    VisitKey.objects.filter(digest=visit_digest(support_code(token))).update(digest=new_digest())
    if not participant.came_again:
        PlatformVisit.objects.filter(pk=visit.pk).exclude(state=State.PAID).update(ids={}, state=State.BEGAN)


@transaction.atomic
def mark_finished(visit: PlatformVisit) -> None:
    """Put a visit among those to be paid; for somebody whom a researcher takes in."""
    _lock(visit.study_id)
    PlatformVisit.objects.filter(pk=visit.pk).exclude(state=State.PAID).update(state=State.FINISHED)


@transaction.atomic
def erase_paid(study: Study, shown: Iterable[int], *, actor: object = None) -> int:
    """Erase the ids of these visits of people who are paid; return how many.

    The digest of each stays, so that an id counts once.
    """
    _lock(study.pk)
    rows = study.platform_visits.filter(pk__in=list(shown), state__in=(State.FINISHED, State.SCREENED_OUT))
    erased = rows.update(ids={}, state=State.PAID)
    study.platform_visits.filter(state=State.PAID).update(ids={})  # of those who came again since
    if erased:
        record(study, "platform ids erased", actor=actor, visits=erased)
    return erased


# Rows of a study's visits are deleted and written again in random order, as many as the last parameter says.
_SCATTER = """
WITH moved AS (
    DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE {of_study} ORDER BY random() LIMIT %s) RETURNING *
)
INSERT INTO {table} SELECT * FROM moved ORDER BY random()
"""
_SCATTER_VISITS = _SCATTER.format(table="study_platformvisit", of_study="study_id = %s")
_SCATTER_KEYS = _SCATTER.format(
    table="study_visitkey", of_study="visit_id IN (SELECT id FROM study_platformvisit WHERE study_id = %s)"
)


def scatter(study: Study, most: int = SCATTERED) -> None:
    """On PostgreSQL, write some rows of the study's visits anew, in random order, so that a dump has no order."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(_SCATTER_VISITS, [study.pk, most])
            cursor.execute(_SCATTER_KEYS, [study.pk, most * (DECOYS + 1)])
