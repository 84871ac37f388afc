"""A closed study of any size, written into an empty database without going through the pages.

Every row is one that the pages would have written: digests of ballots, receipts, commitments and the log's chain are
right, so that `manage.py verify` finds no fault. Of a hundred people, 94 have finished, five stopped half-way and one
has withdrawn; five have a flag, and one of 200 is left out by hand.
"""

import hashlib
import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, models, transaction

CLIPS, TRIALS = 40, 12
# Participants arrive over so many days, as of a large panel.
DAYS = 30
_CHUNK = 1000


class Table:
    """Rows of one model, inserted in bulk; a column that is not named in a row has its default."""

    def __init__(self, model: type[models.Model], **fixed: Any) -> None:
        self.model = model
        fields = [field for field in model._meta.concrete_fields if not (field.primary_key or field.generated)]
        self.columns = [field.column for field in fields]
        self.defaults = {field.column: field.get_default() for field in fields} | fixed
        self.names = {field.column for field in fields}

    def insert(self, rows: Sequence[dict[str, Any]], first_pk: int) -> None:
        """Insert rows with consecutive primary keys."""
        names = ["id", *self.columns]
        values = [
            [pk, *(_plain((self.defaults | row)[column]) for column in self.columns)]
            for pk, row in enumerate(rows, first_pk)
        ]
        table = self.model._meta.db_table
        quoted = ", ".join(f'"{name}"' for name in names)
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with cursor.copy(f'COPY "{table}" ({quoted}) FROM STDIN') as copy:
                    for row in values:
                        copy.write_row(row)
            else:
                places = ", ".join(["%s"] * len(names))
                cursor.executemany(f'INSERT INTO "{table}" ({quoted}) VALUES ({places})', values)


def _plain(value: Any) -> Any:
    """The value as both databases store it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f") + ("+00" if _is_postgresql() else "")
    return json.dumps(value) if isinstance(value, dict | list) else value


def _is_postgresql() -> bool:
    return connection.vendor == "postgresql"


def make_large_study(people: int, *, clips: int = CLIPS, trials: int = TRIALS, seed: int = 1) -> Any:
    """Write a closed, unsealed study of `people` participants, each with `trials` of `clips` clips."""
    from study.digests import canonical_digest
    from study.models import Study
    from study.models.log import record
    from study.participants.questions import shipped_question_set
    from study.setup.lifecycle import current_plan
    from tests.factories import make_open_study

    now = datetime.now(UTC)
    opened, closed = now - timedelta(days=DAYS + 3), now - timedelta(days=2)
    study = make_open_study(
        clips=clips,
        slug="large",
        title="A large study",
        opened_at=opened,
        trials_per_participant=trials,
        questions_before=shipped_question_set("musical_experience"),
        target_participants=people,
    )
    study.plan = {"fixed": current_plan(study)}
    study.plan_digest = canonical_digest(study.plan["fixed"])
    study.save(update_fields=["plan", "plan_digest"])
    record(study, "opened", at=opened, plan_digest=study.plan_digest)
    with transaction.atomic():
        chain = _Chain(study)
        pk = {"person": 1, "trial": 1}
        for chunk in range(0, people, _CHUNK):
            numbers = range(chunk + 1, min(people, chunk + _CHUNK) + 1)
            _write_people(study, numbers, chain, pk, opened, people, random.Random(f"{seed} {chunk}"))
        chain.close()
    _finish_tables()
    record(study, "closed", at=closed)
    Study.objects.filter(pk=study.pk).update(
        status=Study.Status.CLOSED, closed_at=closed, erasures=chain.withdrawn, survey_images={}
    )
    return Study.objects.get(pk=study.pk)


def _write_people(
    study: Any,
    numbers: Sequence[int],
    chain: "_Chain",
    pk: dict[str, int],
    opened: datetime,
    people: int,
    rng: random.Random,
) -> None:
    from study.ballots.commitments import FINISHED
    from study.ballots.receipts import answers_digest, ballot_digest, commitment_of, covered_digest, receipt_for
    from study.models import Ballot, Event, Participant, Stimulus, Trial
    from study.participants.withdrawal import WITHDREW

    clips, trials_each = list(study.clips.order_by("number")), study.trials_per_participant
    keys = dict(study.conditions.values_list("pk", "key"))
    rows = Stimulus.objects.filter(clip__study=study).values_list("pk", "clip_id", "condition_id")
    condition_of = {stimulus: keys[condition] for stimulus, _clip, condition in rows}
    images = {clip.pk: [stimulus for stimulus, of, _condition in rows if of == clip.pk] for clip in clips}
    liked = {key: place for place, key in enumerate(sorted(keys.values(), reverse=True))}
    persons, trials, ballots, events = [], [], [], []
    for number in numbers:
        person_pk, code = pk["person"] + len(persons), f"r{number:04d}"
        began = opened + timedelta(days=DAYS) * (number / people) + timedelta(seconds=rng.uniform(0, 600))
        status = "withdrawn" if number % 100 == 50 else "started" if number % 20 == 7 else "completed"
        nonce = f"{rng.getrandbits(128):032x}"
        person: dict[str, Any] = {
            "study_id": study.pk,
            "number": number,
            "kind": "real",
            "status": status,
            "token_hash": hashlib.sha256(nonce.encode()).hexdigest(),
            "handle": nonce[:16],
            "language": "en",
            "created_at": began,
            "last_seen_at": began,
            "nonce": nonce,
        }
        persons.append(person)
        if status == "withdrawn":
            person |= {"created_at": study.created_at, "last_seen_at": study.created_at, "nonce": "", "language": ""}
            chain.add(WITHDREW, began, participant=code)
            chain.withdrawn += 1
            continue
        answers = {
            "consent": {"language": "en", "device": rng.choice(["phone", "computer"])},
            "before": {
                "training_years": rng.choice(["none", "under_2", "over_5"]),
                "listening_hours": float(rng.randrange(40)),
                "importance": rng.randint(1, 7),
                "genres": "jazz, pop",
            },
            "instructions": True,
        }
        digests = [answers_digest(nonce, answers)]
        answered = trials_each if status == "completed" else rng.randrange(trials_each)
        at = began + timedelta(seconds=90)
        for place, clip in enumerate(rng.sample(clips, trials_each), start=1):
            order = rng.sample(images[clip.pk], len(images[clip.pk]))
            trial_pk = pk["trial"] + len(trials)
            trial = {
                "participant_id": person_pk,
                "clip_id": clip.pk,
                "number": place,
                "kind": "main",
                "repeat": 0,
                "position_order": order,
                "media_key": f"{rng.getrandbits(128):032x}",
            }
            trials.append(trial)
            if place > answered:
                continue
            seconds = rng.uniform(12, 60)
            trial |= {"page_sent_at": at, "sound_sent_at": at + timedelta(seconds=1), "images_sent": 15}
            events.append({"participant_id": person_pk, "trial_id": trial_pk, "at": at, "kind": "play", "data": {}})
            at += timedelta(seconds=seconds)
            first, second = sorted(order, key=lambda image: rng.gauss(liked[condition_of[image]] / 4, 1))[-1:-3:-1]
            content = {
                "participant": code,
                "clip": clip.name,
                "repeat": 0,
                "trial": place,
                "first": condition_of[first],
                "second": condition_of[second],
                "none_fits": False,
                "order": ";".join(condition_of[image] for image in order),
                "reason": "",
                "knows_piece": None,
            }
            secret = f"{rng.getrandbits(128):032x}"
            digests.append(ballot_digest(secret, content))
            ballots.append(
                {
                    "trial_id": trial_pk,
                    "first_id": first,
                    "second_id": second,
                    "answered_at": at,
                    "received_at": at,
                    "seconds": seconds,
                    "listened_seconds": seconds / 2,
                    "submission_key": secret
                    if not _is_postgresql()
                    else f"{secret[:8]}-{secret[8:12]}-{secret[12:16]}-{secret[16:20]}-{secret[20:]}",
                    "nonce": secret,
                    "digest": digests[-1],
                }
            )
        person |= {
            "answers": answers,
            "last_seen_at": at,
            "consented_at": began,
            "consent_version": 1,
            "slot": number - 1,
            "answered": answered,
            "main_answered": answered,
        }
        if number % 20 == 3:
            person["flags"] = [{"kind": "left_tab", "value": 0.75, "n": 9, "of": 12}]
        if number % 200 == 11:
            person |= {"excluded": True, "exclusion_reason": "told us so"}
        if status == "completed":
            half = "".join(rng.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=16))
            commitment = commitment_of(half, code, digests)
            person |= {"completed_at": at, "receipt": receipt_for(half, commitment)}
            bound = {"commitment": commitment, "digest": covered_digest(code, digests), "rules": []}
            chain.add(FINISHED, at, participant=code, **bound)
        if person.get("excluded"):
            chain.add("participant left out", at, reason="told us so", participant=code)
    for model, rows_of, first in (
        (Participant, persons, pk["person"]),
        (Trial, trials, pk["trial"]),
        (Ballot, ballots, chain.counts[0]),
        (Event, events, chain.counts[1]),
    ):
        table = Table(model)
        table.insert([{name: row[name] for name in row.keys() & table.names} for row in rows_of], first)
    pk["person"] += len(persons)
    pk["trial"] += len(trials)
    chain.counts = [chain.counts[0] + len(ballots), chain.counts[1] + len(events)]
    chain.write()


class _Chain:
    """The study's log, added to in bulk."""

    def __init__(self, study: Any) -> None:
        from study.models import LogEntry
        from study.models.log import lock_chain

        self.study, self.row, self.withdrawn = study, lock_chain(study), 0
        self.entries: list[dict[str, Any]] = []
        self.counts = [1, 1]  # the next primary keys of ballots and events
        last = LogEntry.objects.order_by("-pk").first()
        self.next_pk = (last.pk if last else 0) + 1

    def add(self, action: str, at: datetime, *, reason: str = "", **data: Any) -> None:
        from study.digests import entry_digest, next_head

        self.row.number += 1
        at = at.replace(minute=0, second=0, microsecond=0)
        nonce = f"{self.row.number:032x}"
        digest = entry_digest(
            nonce, self.row.number, at.astimezone(UTC).isoformat(timespec="seconds"), "", action, reason, data
        )
        self.row.head = next_head(self.row.head, self.row.number, digest)
        self.entries.append(
            {
                "study_id": self.study.pk,
                "number": self.row.number,
                "at": at,
                "action": action,
                "reason": reason,
                "data": data,
                "nonce": nonce,
                "digest": digest,
                "head": self.row.head,
            }
        )

    def write(self) -> None:
        from study.models import LogEntry

        Table(LogEntry).insert(self.entries, self.next_pk)
        self.next_pk += len(self.entries)
        self.entries = []

    def close(self) -> None:
        self.write()
        self.row.save(update_fields=["number", "head"])


def _finish_tables() -> None:
    """Let the database count on: the next primary keys, and what its planner knows of the tables."""
    from django.core.management.color import no_style

    from study.models import Ballot, Event, LogEntry, Participant, Trial

    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [Ballot, Event, LogEntry, Participant, Trial]):
            cursor.execute(statement)
        if _is_postgresql():  # as autovacuum does; nobody does it for SQLite
            cursor.execute("VACUUM ANALYZE")
