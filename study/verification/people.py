"""Check ballots, commitments and exclusions of the people who give the results, as they are now, against the log."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from study.ballots.commitments import ENDED, Commitment, digests_of, fixed_commitments, secret_for
from study.ballots.receipts import binds, commitment_of, secret_of, states, verify_ballot
from study.ballots.table import COLUMNS, ballots_by_person, counted_kind, in_batches
from study.models import LogEntry, Participant, Study, Trial
from study.participants.exclusion import INCLUDED, LEFT_OUT
from study.participants.withdrawal import WITHDREW
from study.verification.findings import Findings

Status = Participant.Status


_COLUMNS = ("study", "number", "kind", "status", "receipt", "nonce", "excluded", "rule_exclusions")


class People:
    """The people who give the study's results, with what the log holds of them."""

    def __init__(self, study: Study, entries: Sequence[LogEntry]) -> None:
        people = study.participants.filter(kind=counted_kind(study))
        self.study, self.entries = study, entries
        self.by_code: dict[str, Participant] = {}
        self.fixed = fixed_commitments(entries)
        # By code: how many digests a person's commitment covers, and the commitment over them as they are now.
        self.covered: dict[str, int] = {}
        self.now: dict[str, str] = {}
        for batch in in_batches(people.only(*_COLUMNS)):
            digests = digests_of(people.filter(pk__in=[person.pk for person in batch]))
            for person in batch:
                code = person.code
                self.by_code[code] = person
                self.covered[code] = len(digests.get(person.pk, ()))
                self.now[code] = commitment_of(secret_for(person), code, digests.get(person.pk, ()))
        # Pilots withdraw too, and have numbers of their own.
        named = {str(entry.data.get("participant")) for entry in entries if entry.action == WITHDREW}
        self.withdrawn = {code for code in named if code.startswith(counted_kind(study)[0])}

    def commitment_with(self, code: str, secret: str) -> str:
        """The commitment over one person's ballots and answers as they are now, with the secret of a receipt."""
        pk = self.by_code[code].pk
        return commitment_of(secret, code, digests_of(Participant.objects.filter(pk=pk))[pk])


def check_people(study: Study, entries: Sequence[LogEntry], receipts: Iterable[str], found: Findings) -> list[str]:
    """Make all checks of people; return the receipts that are of another study."""
    people = People(study, entries)
    _check_numbers(people, found)
    _check_ballots(people, found)
    _check_commitments(people, found)
    _check_end(people, found)
    _check_withdrawn(people, found)
    _check_exclusions(people, found)
    return [receipt for receipt in receipts if not _check_receipt(people, receipt, found)]


def _check_numbers(people: People, found: Findings) -> None:
    present = {person.number for person in people.by_code.values()}
    letter = counted_kind(people.study)[0]
    named = {int(code[1:]) for code in (*people.fixed, *people.withdrawn) if code[1:].isdecimal()}
    gone = sorted(set(range(1, max(present | named, default=0) + 1)) - present)
    found.add_faults(
        [f"Participant {letter}{number:04d} is gone: rows of people are never deleted." for number in gone]
    )
    found.checked.append(f"{len(present)} participants, numbered without a gap")


def _check_ballots(people: People, found: Findings) -> None:
    kinds = (counted_kind(people.study),)
    faults, checked = [], 0
    for person, rows in ballots_by_person(people.study, sealed=False, kinds=kinds, trial_kinds=Trial.Kind.values):
        for row in (dict(zip(COLUMNS, values, strict=True)) for values in rows):
            checked += 1
            if not verify_ballot(row):
                faults.append(f"Ballot {person.code}, trial {row['trial']}: it does not agree with its digest.")
    found.add_faults(faults)
    found.checked.append(f"digests of {checked} ballots")


def _check_commitments(people: People, found: Findings) -> None:
    faults: list[str] = []
    compared: Counter[bool] = Counter()
    for code, person in people.by_code.items():
        if person.status == Status.WITHDRAWN:
            continue
        fixed = people.fixed.get(code, [])
        if person.status == Status.COMPLETED and not any(row.finished for row in fixed):
            faults.append(f"{code} has finished, and the log has no commitment of theirs.")
        if person.status != Status.COMPLETED and any(row.finished for row in fixed):
            faults.append(f"{code} is {person.status}, and has finished by the log.")
        if len(fixed) > 1:
            faults.append(f"{code} has {len(fixed)} commitments in the log, not one.")
        for row in fixed:
            compared[row.from_upgrade] += 1
            faults += _compare(people, person, row)
    found.add_faults(faults)
    found.checked.append(f"commitments of {compared.total()} people, over all their ballots and answers")
    if compared[True]:
        found.unchecked.append(
            f"ballots of {compared[True]} people before the upgrade to this version, when their commitments were made"
        )


def _check_end(people: People, found: Findings) -> None:
    """Find answers that nothing binds: before answers have ended that is so of everybody who has not finished."""
    ended = next((entry.number for entry in people.entries if entry.action == ENDED), None)
    unbound = sorted(
        code
        for code, person in people.by_code.items()
        if code not in people.fixed
        and person.status in (Status.STARTED, Status.SCREENED_OUT)
        and people.covered[code] > 1  # more than that of the answers to questions
    )
    if ended is None:
        if unbound:
            found.unchecked.append(
                f"answers of {len(unbound)} people who have not finished: they are bound once answers have ended"
            )
        return
    late = [code for code, rows in people.fixed.items() if any(row.finished and row.entry > ended for row in rows)]
    found.add_faults(
        [
            *(f"{code} has answers, and had none when answers ended (log entry {ended})." for code in unbound),
            *(f"{code} finished after answers had ended (log entry {ended})." for code in sorted(late)),
        ]
    )


def _compare(people: People, person: Participant, fixed: Commitment) -> list[str]:
    code = person.code
    if people.now[code] != fixed.commitment:
        since = "since they finished" if fixed.finished else "since answers ended"
        return [f"{code}: ballots or answers were changed, added or removed {since} (log entry {fixed.entry})."]
    if fixed.finished and binds(person.receipt) and not states(person.receipt, fixed.commitment):
        return [f"{code}: the receipt stored is not the one that was given with the commitment."]
    return []


def _check_withdrawn(people: People, found: Findings) -> None:
    rows = {code for code, person in people.by_code.items() if person.status == Status.WITHDRAWN}
    found.add_faults(
        [
            *(f"{code} is withdrawn, and the log does not say so." for code in sorted(rows - people.withdrawn)),
            *(
                f"{code} has withdrawn by the log, and is {people.by_code[code].status}."
                for code in sorted(people.withdrawn & people.by_code.keys() - rows)
            ),
        ]
    )


def _check_exclusions(people: People, found: Findings) -> None:
    excluded: dict[str, bool] = defaultdict(bool)
    rules: dict[str, list[str]] = {}
    for entry in people.entries:
        if entry.action in (LEFT_OUT, INCLUDED):
            excluded[str(entry.data.get("participant"))] = entry.action == LEFT_OUT
        elif "rules" in entry.data:
            rules[str(entry.data.get("participant"))] = entry.data["rules"]
    faults: list[str] = []
    for code, person in people.by_code.items():
        if person.status == Status.WITHDRAWN:
            continue
        if person.excluded != excluded[code]:
            states_of = {True: "left out", False: "not left out"}
            faults.append(f"{code} is {states_of[person.excluded]}; by the log they are {states_of[excluded[code]]}.")
        applied = [str(row.get("kind")) for row in person.rule_exclusions]
        if code in rules and applied != rules[code]:
            faults.append(f"{code}: the rules that leave them out are not those that applied when they finished.")
    found.add_faults(faults)
    found.checked.append("exclusions, against the log")


def _check_receipt(people: People, receipt: str, found: Findings) -> bool:
    """Whether the receipt is of this study; if so, whether the answers are those that it states."""
    owners = _owners(people.fixed, receipt) if binds(receipt) else _owners_of_old(people, receipt)
    for code in owners:
        person = people.by_code.get(code)
        if person is None or person.status == Status.WITHDRAWN:
            found.checked.append(f"receipt {receipt}: {code}, whose answers are erased")
        elif people.commitment_with(code, secret_of(receipt)) in owners[code]:
            ballots = people.covered[code] - 1
            bound = "all as cast" if binds(receipt) else "all as at the upgrade; a receipt of 24 letters binds nothing"
            found.checked.append(f"receipt {receipt}: {code}, {ballots} ballots, {bound}")
        else:
            found.faults.append(f"Receipt {receipt}: {code} got it for other ballots or answers than those stored now.")
    return bool(owners)


def _owners(fixed: Mapping[str, Sequence[Commitment]], receipt: str) -> dict[str, set[str]]:
    """The people with a commitment that the receipt states, and those commitments."""
    stated = {code: {row.commitment for row in rows if states(receipt, row.commitment)} for code, rows in fixed.items()}
    return {code: found for code, found in stated.items() if found}


def _owners_of_old(people: People, receipt: str) -> dict[str, set[str]]:
    holder = next((code for code, person in people.by_code.items() if secret_for(person) == secret_of(receipt)), None)
    if holder is None or not people.by_code[holder].receipt:
        return {}
    return {holder: {row.commitment for row in people.fixed.get(holder, ())}}
