"""Exclusion rules of the plan: from which value of a measure the analysis leaves a participant out.

A draft's rules may change; opening fixes them with the plan, under its digest, and from then on they apply by
themselves: to each participant when they finish, and to those who stopped whenever ballots are read for an analysis or
an export (`refresh_unfinished`). Nobody can be taken out of a rule by hand; the report also gives the results with
everybody.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef

from study.ballots.table import counted_kind
from study.models import Ballot, Participant, Study, Trial
from study.participants.measures import Measure
from study.participants.quality import flags_from, read_measures

# The measures that a rule may use, with the unit of their threshold: a share of the answers from 0 to 1, the number of
# people of whom chance gives the pattern to one, or yes.
UNITS: Mapping[str, str] = {
    "no_page": "share",
    "no_images": "share",
    "impossible_time": "share",
    "too_fast": "share",
    "not_listened": "share",
    "position_pattern": "odds",
    "script_like": "share",
    "left_tab": "share",
    "reason_not_typed": "share",
    "attention_failed": "share",
    "no_sound": "yes",
    "repeats_differ": "share",
    "match_failed": "share",
    "unanswered": "share",
}


@dataclass(frozen=True)
class ExclusionRule:
    """Leave a participant out whose measure `kind` is at least `at`."""

    kind: str
    at: float

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "at": self.at}

    def applies(self, measures: Mapping[str, Measure]) -> bool:
        """Whether the measure is known and large enough; shares are compared without the noise of floating point."""
        measure = measures.get(self.kind)
        return measure is not None and measure.value >= self.at - 1e-9


def planned_rules(plan: Mapping[str, Any]) -> list[ExclusionRule]:
    """The rules of a study's plan: the fixed ones, once it is fixed."""
    fixed = plan.get("fixed")
    rows = (plan if fixed is None else fixed).get("exclusions") or []
    return [ExclusionRule(row["kind"], float(row["at"])) for row in rows]


def rules_of(study: Study) -> list[ExclusionRule]:
    """The study's exclusion rules, in the order of `UNITS`."""
    return planned_rules(study.plan)


def rules_json(rules: Iterable[ExclusionRule]) -> list[dict[str, Any]]:
    """The rules as they are stored in the plan, in the order of `UNITS`."""
    kinds = list(UNITS)
    return [rule.as_json() for rule in sorted(rules, key=lambda rule: kinds.index(rule.kind))]


def fixed_rules(study: Study) -> list[dict[str, Any]]:
    """The rules as opening fixes them, with the settings of the study on which they depend."""
    settings = {"too_fast": {"seconds": study.minimum_seconds}}
    return [rule.as_json() | settings.get(rule.kind, {}) for rule in rules_of(study)]


def judge(participant: Participant, measures: Mapping[str, Measure], rules: Sequence[ExclusionRule]) -> bool:
    """Set the participant's flags and the rules that apply, without saving; return whether anything changed."""
    before = participant.flags, participant.rule_exclusions
    participant.flags = flags_from(measures)
    participant.rule_exclusions = [
        measures[rule.kind].as_json() | {"at": rule.at} for rule in rules if rule.applies(measures)
    ]
    return before != (participant.flags, participant.rule_exclusions)


def judge_finished(participant: Participant) -> None:
    """Set flags and rules of somebody who has just finished, without saving."""
    measures = read_measures(participant.study, Participant.objects.filter(pk=participant.pk))[participant.pk]
    judge(participant, measures, rules_of(participant.study))


def refresh_unfinished(study: Study) -> None:
    """Bring flags and rules up to date of those who have answered but not finished; finishing does it for the others.

    A fixed number of queries, and one for all changes.
    """
    answered = Ballot.objects.filter(trial__participant=OuterRef("pk")).exclude(trial__kind=Trial.Kind.PRACTICE)
    people = study.participants.filter(Exists(answered), kind=counted_kind(study), status=Participant.Status.STARTED)
    rows = list(people.only("pk", "flags", "rule_exclusions"))
    if not rows:
        return
    measures, rules = read_measures(study, people), rules_of(study)
    changed = [row for row in rows if row.pk in measures and judge(row, measures[row.pk], rules)]
    Participant.objects.bulk_update(changed, ["flags", "rule_exclusions"], batch_size=200)


def counts_by_rule(participants: Iterable[Participant]) -> Counter[str]:
    """How many of the participants each rule leaves out; one to whom several apply counts for the first."""
    return Counter(person.rule_exclusions[0]["kind"] for person in participants if person.rule_exclusions)
