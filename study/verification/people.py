"""Check ballots, commitments and exclusions of the people who give the results, as they are now, against the log.

People are read some hundred at a time with the digests of their ballots, so that memory does not grow with the ballots.
Somebody who finishes or withdraws meanwhile is read after the log or before it, and would look forged: whoever has a
fault is looked at once more with what the log got since.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from study.ballots.commitments import Commitment, digests_of, secret_for
from study.ballots.receipts import (
    binds,
    commitment_of,
    covered_digest,
    is_public_half,
    secret_of,
    states,
)
from study.ballots.table import counted_kind, in_batches
from study.models import Ballot, LogEntry, Participant, Study, Trial
from study.participants.number_ranges import part_of
from study.verification.ballots import check_ballots
from study.verification.findings import Findings
from study.verification.log_facts import LogFacts

Status = Participant.Status
_OF_PEOPLE = (
    *("study", "kind", "stage", "study_version", "number", "status", "receipt", "nonce", "excluded"),
    *("rule_exclusions", "answered", "main_answered"),
)


@dataclass
class Person:
    """A participant with the digests that their commitment covers."""

    row: Participant
    digests: list[str]
    answered: int  # ballots stored, without practice
    main_answered: int  # those of them in main trials

    @property
    def code(self) -> str:
        return self.row.code

    @property
    def is_withdrawn(self) -> bool:
        return self.row.status == Status.WITHDRAWN

    def commitment_now(self, secret: str) -> str:
        """The commitment over the ballots and answers as they are now."""
        return commitment_of(secret, self.code, self.digests)


@dataclass
class _Result:
    """What was found of people: faults by kind and code, and counts."""

    faults: dict[str, dict[str, list[str]]] = field(default_factory=lambda: defaultdict(dict))
    compared: Counter[str] = field(default_factory=Counter)  # by what they prove
    unbound: set[str] = field(default_factory=set)
    numbers: set[int] = field(default_factory=set)

    @property
    def doubtful(self) -> set[str]:
        return {code for by_code in self.faults.values() for code in by_code}


def people_of(study: Study, people: QuerySet[Participant] | None = None) -> Iterator[Person]:
    """Yield the people who give the study's results, or those given, by number."""
    if people is None:
        people = study.participants.filter(kind=counted_kind(study))
    # In the query that reads the numbers kept with each person, because people answer meanwhile.
    stored = {
        "stored": _count_stored(Ballot.objects.exclude(trial__kind=Trial.Kind.PRACTICE)),
        "main_stored": _count_stored(Ballot.objects.filter(trial__kind=Trial.Kind.MAIN)),
    }
    for batch in in_batches(people.only(*_OF_PEOPLE).annotate(**stored)):
        digests = digests_of(Participant.objects.filter(pk__in=[row.pk for row in batch]))
        for row in batch:
            yield Person(row, digests.get(row.pk, []), row.__dict__["stored"], row.__dict__["main_stored"])


def _count_stored(ballots: QuerySet[Ballot]) -> Coalesce:
    of_person = ballots.filter(trial__participant=OuterRef("pk")).order_by().values("trial__participant")
    return Coalesce(Subquery(of_person.annotate(n=Count("pk")).values("n")), 0)


def check_people(study: Study, facts: LogFacts, last: int, receipts: Iterable[str], found: Findings) -> list[str]:
    """Make all checks of people; return the receipts that are of another study.

    Args:
        facts: of the log up to its entry `last`.
    """
    receipts = list(receipts)
    result = _check_all(facts, people_of(study))
    if result.doubtful:
        _look_again(study, facts, last, result)
    _report_numbers(study, facts, result, found)
    check_ballots(study, found)
    found.add_faults(_in_order(result, "commitments"))
    found.checked.append(f"commitments of {result.compared.total()} people, over all their ballots and answers")
    found.add_faults(_in_order(result, "counts"))
    found.checked.append("numbers of answers, by which people are counted")
    if alone := result.compared[BY_RECEIPT]:
        found.unchecked.append(f"ballots of {alone} people, which their receipts alone prove; no export holds receipts")
    if before := result.compared[UPGRADE]:
        found.unchecked.append(
            f"ballots of {before} people before the upgrade to this version, when their commitments were made"
        )
    _report_end(facts, result, found)
    found.add_faults(_in_order(result, "withdrawals"))
    found.add_faults(_in_order(result, "exclusions"))
    found.checked.append("exclusions, against the log")
    found.add_faults(_in_order(result, "stages"))
    return [receipt for receipt in receipts if not _check_receipt(study, facts, receipt, found)]


def _check_all(facts: LogFacts, people: Iterable[Person]) -> _Result:
    result = _Result()
    for person in people:
        result.numbers.add(person.row.number)
        for kind, faults in (
            ("commitments", _commitment_faults(facts, person, result.compared)),
            ("counts", _count_faults(person)),
            ("withdrawals", _withdrawal_faults(facts, person)),
            ("exclusions", _exclusion_faults(facts, person)),
            ("stages", _stage_faults(facts, person)),
        ):
            if faults:
                result.faults[kind][person.code] = faults
        # More than the digest of the answers to questions:
        has_ballots = len(person.digests) > 1
        if (
            has_ballots
            and person.code not in facts.fixed
            and person.row.status in (Status.STARTED, Status.SCREENED_OUT)
        ):
            result.unbound.add(person.code)
    return result


def _look_again(study: Study, facts: LogFacts, last: int, result: _Result) -> None:
    """Replace what was found of people with a fault, if the log has grown since it was read."""
    later = list(LogEntry.objects.filter(study=study, number__gt=last).order_by("number"))
    if not later:
        return
    for _entry in facts.gather(later):
        pass
    numbers = [int(code[1:]) for code in result.doubtful]
    people = study.participants.filter(kind=counted_kind(study))
    for first in range(0, len(numbers), 500):
        again = _check_all(facts, people_of(study, people.filter(number__in=numbers[first : first + 500])))
        for kind in {*result.faults, *again.faults}:
            for number in numbers[first : first + 500]:
                result.faults[kind].pop(f"{counted_kind(study)[0]}{number:04d}", None)
            result.faults[kind] |= again.faults.get(kind, {})


def _in_order(result: _Result, kind: str) -> list[str]:
    return [text for _code, faults in sorted(result.faults[kind].items()) for text in faults]


def _report_numbers(study: Study, facts: LogFacts, result: _Result, found: Findings) -> None:
    letter, present = counted_kind(study)[0], result.numbers
    named = {number for code in (*facts.fixed, *facts.withdrawn) if (number := _number_of(study, code)) is not None}
    gone = sorted(set(range(1, max(present | named, default=0) + 1)) - present)
    nobody = sorted(code for code in facts.fixed if _number_of(study, code) is None)
    found.add_faults([f"The log has a commitment of {code!r}, who is nobody of this study." for code in nobody])
    found.add_faults(
        [f"Participant {letter}{number:04d} is gone: rows of people are never deleted." for number in gone]
    )
    found.checked.append(f"{len(present)} participants, numbered without a gap")


def _commitment_faults(facts: LogFacts, person: Person, compared: Counter[str]) -> list[str]:
    if person.is_withdrawn:
        return []
    code, status, fixed = person.code, person.row.status, facts.fixed.get(person.code, [])
    faults: list[str] = []
    if status == Status.COMPLETED and not any(row.finished for row in fixed):
        faults.append(f"{code} has finished, and the log has no commitment of theirs.")
    if status != Status.COMPLETED and any(row.finished for row in fixed):
        faults.append(f"{code} is {status}, and has finished by the log.")
    if len(fixed) > 1:
        faults.append(f"{code} has {len(fixed)} commitments in the log, not one.")
    for row in fixed:
        compared[_proof(person, row)] += 1
        faults += _compare(person, row)
    return faults


UPGRADE, BY_RECEIPT, ALL = "since the upgrade", "by their receipt alone", "all"


def _proof(person: Person, fixed: Commitment) -> str:
    """What can be compared: of people who were brought in the receipt is known by its public half only."""
    if is_public_half(person.row.receipt) and not fixed.covered:
        return BY_RECEIPT
    return UPGRADE if fixed.from_upgrade else ALL


def _compare(person: Person, fixed: Commitment) -> list[str]:
    code = person.code
    if is_public_half(person.row.receipt):
        is_same = not fixed.covered or covered_digest(code, person.digests) == fixed.covered
    else:
        is_same = person.commitment_now(secret_for(person.row)) == fixed.commitment
    if not is_same:
        since = "since they finished" if fixed.finished else "since answers ended"
        return [f"{code}: ballots or answers were changed, added or removed {since} (log entry {fixed.entry})."]
    if fixed.finished and binds(person.row.receipt) and not states(person.row.receipt, fixed.commitment):
        return [f"{code}: the receipt stored is not the one that was given with the commitment."]
    return []


def _count_faults(person: Person) -> list[str]:
    """Compare the numbers kept with a person: who is judged, analysed and reported goes by them, not by ballots."""
    pairs = (
        ("answers", person.row.answered, person.answered),
        ("answers to main trials", person.row.main_answered, person.main_answered),
    )
    return [
        f"{person.code}: {counted} {what} are counted, {stored} are stored."
        for what, counted, stored in pairs
        if counted != stored
    ]


def _report_end(facts: LogFacts, result: _Result, found: Findings) -> None:
    """Find answers that nothing binds: before answers have ended that is so of everybody who has not finished."""
    unbound = sorted(result.unbound - facts.fixed.keys())
    if (ended := facts.ended) is None:
        if unbound:
            found.unchecked.append(
                f"answers of {len(unbound)} people who have not finished: they are bound once answers have ended"
            )
        return
    late = [code for code, rows in facts.fixed.items() if any(row.finished and row.entry > ended for row in rows)]
    found.add_faults(
        [
            *(f"{code} has answers, and had none when answers ended (log entry {ended})." for code in unbound),
            *(f"{code} finished after answers had ended (log entry {ended})." for code in sorted(late)),
        ]
    )


def _withdrawal_faults(facts: LogFacts, person: Person) -> list[str]:
    by_log = person.code in facts.withdrawn
    if person.is_withdrawn and not by_log:
        return [f"{person.code} is withdrawn, and the log does not say so."]
    if by_log and not person.is_withdrawn:
        return [f"{person.code} has withdrawn by the log, and is {person.row.status}."]
    return []


def _exclusion_faults(facts: LogFacts, person: Person) -> list[str]:
    if person.is_withdrawn:
        return []
    code, by_log, faults = person.code, facts.excluded.get(person.code, False), []
    if person.row.excluded != by_log:
        states_of = {True: "left out", False: "not left out"}
        faults.append(f"{code} is {states_of[person.row.excluded]}; by the log they are {states_of[by_log]}.")
    rows = person.row.rule_exclusions
    applied = tuple(
        str(row.get("kind")) if isinstance(row, dict) else repr(row)
        for row in (rows if isinstance(rows, list) else [rows])
    )
    if code in facts.rules and applied != facts.rules[code]:
        faults.append(f"{code}: the rules that leave them out are not those that applied when they finished.")
    return faults


def _stage_faults(facts: LogFacts, person: Person) -> list[str]:
    """Find who was moved to another stage or version: of which somebody is, their number and the log say."""
    stage, version = person.row.stage, person.row.study_version
    of_stage = part_of(person.row.number, facts.stages, Study.Stage.MAIN)
    of_version = part_of(person.row.number, facts.versions, 1)
    faults = []
    if stage != of_stage:
        faults.append(f"{person.code} is in the stage {stage}; by the log they began in {of_stage}.")
    if version != of_version:
        faults.append(f"{person.code} is of the version {version}; by the log they began under {of_version}.")
    return faults


def _check_receipt(study: Study, facts: LogFacts, receipt: str, found: Findings) -> bool:
    """Whether the receipt is of this study; if so, whether the answers are those that it states."""
    owners = _owners(facts.fixed, receipt) if binds(receipt) else _owners_of_old(study, facts, receipt)
    for code, commitments in owners.items():
        number = _number_of(study, code)
        if number is None:
            found.faults.append(f"Receipt {receipt}: the log says that {code!r} got it, who is nobody of this study.")
            continue
        rows = study.participants.filter(kind=counted_kind(study), number=number)
        person = next(people_of(study, rows), None)
        if person is None or person.is_withdrawn:
            found.checked.append(f"receipt {receipt}: {code}, whose answers are erased")
        elif person.commitment_now(secret_of(receipt)) in commitments:
            ballots = len(person.digests) - 1
            bound = "all as cast" if binds(receipt) else "all as at the upgrade; a receipt of 24 letters binds nothing"
            found.checked.append(f"receipt {receipt}: {code}, {ballots} ballots, {bound}")
        else:
            found.faults.append(f"Receipt {receipt}: {code} got it for other ballots or answers than those stored now.")
    return bool(owners)


def _number_of(study: Study, code: str) -> int | None:
    """The number of the person with this code; None if it is the code of nobody who gives the study's results."""
    number = int(code[1:]) if code[1:].isdecimal() and len(code) < 9 else 0
    return number if code == f"{counted_kind(study)[0]}{number:04d}" else None


def _owners(fixed: Mapping[str, Sequence[Commitment]], receipt: str) -> dict[str, set[str]]:
    """The people with a commitment that the receipt states, and those commitments."""
    stated = (
        (code, {row.commitment for row in rows if states(receipt, row.commitment)}) for code, rows in fixed.items()
    )
    return {code: found for code, found in stated if found}


def _owners_of_old(study: Study, facts: LogFacts, receipt: str) -> dict[str, set[str]]:
    secret = secret_of(receipt)
    people = study.participants.filter(kind=counted_kind(study)).exclude(receipt="").only(*_OF_PEOPLE)
    for batch in in_batches(people):
        for person in batch:
            if secret_for(person) == secret:
                return {person.code: {row.commitment for row in facts.fixed.get(person.code, ())}}
    return {}
