"""The flow of people through a study, from those who started to those analysed, with why the others are not.

Counted when the ballots are analysed and stored with the result, so that a report never mixes two moments. The stages
are those of CONSORT 2025 (Hopewell et al.) as far as a study without treatment arms has them.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from statistics import median
from typing import Any

from study.ballots.table import counted_people
from study.models import Ballot, Participant, Study, StudyStage, Trial
from study.participants.exclusion_rules import Rule, rule_from_json, rules_of
from study.participants.study_stages import ORDER, count_by_stage

_Status = Participant.Status
_READ = (
    "study", "status", "main_answered", "answered", "excluded", "exclusion_reason", "rule_exclusions", "flags",
    "consented_at",
)  # fmt: skip


def participant_flow(study: Study) -> dict[str, Any]:
    """Count the people whose answers give the results, and those of other stages beside them, as plain data."""
    rules = rules_of(study)
    flow = count_flow(_people(study, StudyStage.MAIN), rules) | {"median_seconds": median_seconds(study)}
    if not study.stages:
        return flow
    # Of a study that has stages; all numbers above are of the main stage.
    counts = count_by_stage(study)
    others = [stage for stage in ORDER if stage != StudyStage.MAIN and counts[stage]["began"]]
    of_stages = {str(stage): count_flow(_people(study, stage), rules) for stage in others}
    return flow | {"stages": counts, "of_stages": of_stages}


def _people(study: Study, stage: str) -> Iterator[Participant]:
    """Yield the people of one stage; what they said is read of those alone who gave no answer to a main trial."""
    rows = counted_people(study, stage).order_by()
    yield from rows.filter(main_answered__gt=0).only(*_READ).iterator()
    yield from rows.filter(main_answered=0).only(*_READ, "answers").iterator()


def count_flow(people: Iterable[Participant], rules: Sequence[Rule]) -> dict[str, Any]:
    """Count where each person's way ended: everybody has one end, so the numbers add up at every arrow.

    A person whom several rules leave out counts for the first of them in the plan, and not as left out by hand.

    Returns:
        Numbers of people. `further` holds what earlier versions did not count; in it `consented` and `began` are None
        if that is not known of everybody: consent that no page asked for, steps erased when their time was over.
    """
    ends: Counter[tuple[str, Any]] = Counter()
    flags: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for person in people:
        end = _end_of(person)
        ends[end] += 1
        seen["consent"] += person.consented_at is not None
        seen["erased"] += end[0] == "before the trials" and not person.answers
        if end[0] in ("rule", "hand", "analysed"):
            flags.update(set(person.flag_kinds))
            seen["flagged"] += bool(person.flags)
            seen["answered to the end"] += person.status == _Status.COMPLETED
            seen["completed"] += person.status == _Status.COMPLETED and end[0] == "analysed"
    of: Counter[str] = Counter()
    for (kind, _why), number in ends.items():
        of[kind] += number
    screened = {why: number for (kind, why), number in ends.most_common() if kind == "screened out"}
    by_rule = {why: number for (kind, why), number in ends.items() if kind == "rule"}
    by_hand = {why: number for (kind, why), number in ends.most_common() if kind == "hand"}
    answered = of["rule"] + of["hand"] + of["analysed"]
    began = answered + of["no answer"]
    consented = began + of["screened out"] + of["before the trials"]
    knows_consent, knows_beginning = bool(seen["consent"] or not consented), not seen["erased"]
    return {
        "started": sum(ends.values()),
        "withdrawn": of["withdrew"],
        "screened_out": of["screened out"],
        "without_answer": of["no consent"] + of["before the trials"] + of["no answer"],
        "answered": answered,
        "by_rule": [rule.as_json() | {"people": by_rule.get(rule, 0)} for rule in dict.fromkeys([*rules, *by_rule])],
        "by_hand": by_hand,
        "analysed": of["analysed"],
        "completed": seen["completed"],
        "further": {
            "consented": consented if knows_consent else None,
            "began": began if knows_consent and knows_beginning else None,
            "screened_by": screened,
            "answered_to_the_end": seen["answered to the end"],
            "flagged": seen["flagged"],
            "flags": dict(flags.most_common()),
        },
    }


def _end_of(person: Participant) -> tuple[str, Any]:
    """Where the person's way ended, and by which rule or for which reason."""
    if person.status == _Status.WITHDRAWN:
        return "withdrew", None  # everything else of them is erased
    if person.main_answered:
        if person.rule_exclusions:
            return "rule", rule_from_json(person.rule_exclusions[0])
        return ("hand", person.exclusion_reason) if person.excluded else ("analysed", None)
    if person.status == _Status.SCREENED_OUT:  # at a step before the trials
        # The reason of somebody who is left out by hand too is that of the hand.
        return "screened out", "" if person.excluded else person.exclusion_reason
    if person.answered or "instructions" in person.answers or person.status == _Status.COMPLETED:
        return "no answer", None
    return ("no consent" if person.consented_at is None else "before the trials"), None


def median_seconds(study: Study) -> float | None:
    """The median of the seconds that an answer to a main trial took; None if that is known of no answer."""
    people = counted_people(study).exclude(status=Participant.Status.WITHDRAWN)
    ballots = Ballot.objects.filter(
        trial__participant__in=people, trial__kind=Trial.Kind.MAIN, seconds__isnull=False
    ).order_by()
    times = ballots.values_list("seconds", flat=True).iterator()
    seconds = array("d", (time for time in times if time is not None))
    return float(median(seconds)) if seconds else None
