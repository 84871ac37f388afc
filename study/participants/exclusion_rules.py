"""Exclusion rules of the plan: from which value of a measure the analysis leaves a participant out.

A draft's rules may change; opening fixes them with the plan, under its digest, and from then on they apply by
themselves: to each participant when they finish, and to those who stopped whenever ballots are read for an analysis or
an export (`refresh_unfinished`). Nobody can be taken out of a rule by hand; the report also gives the results with
everybody.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from study.ballots.table import counted_kind, in_batches
from study.models import Participant, Study
from study.participants.answer_rules import KIND as ANSWER
from study.participants.answer_rules import AnswerRule
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
    "one_value": "share",
    "attention_failed": "share",
    "no_sound": "yes",
    "repeats_differ": "share",
    "match_failed": "share",
    "unanswered": "share",
}


# So long after somebody's last sign of life, what the server noted of their pages may still change their measures.
ARRIVES_WITHIN = timedelta(days=1)


@dataclass(frozen=True)
class ExclusionRule:
    """Leave a participant out whose measure `kind` is at least `at`."""

    kind: str
    at: float

    def __str__(self) -> str:
        return f"{self.kind} >= {self.at:g}"

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "at": self.at}

    def applies(self, measures: Mapping[str, Measure]) -> bool:
        """Whether the measure is known and large enough; shares are compared without the noise of floating point."""
        measure = measures.get(self.kind)
        return measure is not None and measure.value >= self.at - 1e-9


Rule = ExclusionRule | AnswerRule


def rule_from_json(row: Mapping[str, Any]) -> Rule:
    """The rule of a row of the plan, or of `Participant.rule_exclusions`."""
    if row["kind"] == ANSWER:
        return AnswerRule(row["column"], row["operator"], row["value"])
    return ExclusionRule(row["kind"], float(row["at"]))


def rules_of(study: Study) -> list[Rule]:
    """The study's exclusion rules in the order of the plan: the fixed ones, once the plan is fixed."""
    fixed = study.plan.get("fixed")
    rows = (study.plan if fixed is None else fixed).get("exclusions") or []
    return [rule_from_json(row) for row in rows]


def rules_json(rules: Iterable[Rule]) -> list[dict[str, Any]]:
    """The rules as they are stored in the plan: in the order of `UNITS`, then those about answers."""
    kinds = [*UNITS, ANSWER]
    return [rule.as_json() for rule in sorted(rules, key=lambda rule: kinds.index(rule.kind))]


def fixed_rules(study: Study) -> list[dict[str, Any]]:
    """The rules as opening fixes them, with the settings of the study on which they depend."""
    settings = {"too_fast": {"seconds": study.minimum_seconds}}
    return [rule.as_json() | settings.get(rule.kind, {}) for rule in rules_of(study)]


def judge(
    participant: Participant,
    measures: Mapping[str, Measure],
    rules: Sequence[Rule],
    values: Mapping[str, Any],
) -> bool:
    """Set the participant's flags and the rules that apply, without saving; return whether anything changed.

    Args:
        values: what the participant said, by the names of the columns (`_answers`).
    """
    before = participant.flags, participant.rule_exclusions
    participant.flags = flags_from(measures)
    participant.rule_exclusions = [
        rule.as_json() | (measures[rule.kind].as_json() if isinstance(rule, ExclusionRule) else {})
        for rule in rules
        if (rule.applies(measures) if isinstance(rule, ExclusionRule) else rule.applies(values))
    ]
    return before != (participant.flags, participant.rule_exclusions)


def _answers(study: Study, rules: Sequence[Rule], people: Iterable[Participant]) -> dict[int, Mapping[str, Any]]:
    """What each person said, by primary key; empty if no rule asks."""
    if not any(isinstance(rule, AnswerRule) for rule in rules):
        return {}
    # Imported here: it loads pydantic, and every command imports this module.
    from study.participants.answers_table import answer_columns, typed_values

    columns = answer_columns(study)
    return {person.pk: typed_values(person.answers, columns) for person in people}


def judge_finished(participant: Participant) -> None:
    """Set flags and rules of somebody who has just finished, without saving."""
    study, rules = participant.study, rules_of(participant.study)
    measures = read_measures(study, Participant.objects.filter(pk=participant.pk))[participant.pk]
    judge(participant, measures, rules, _answers(study, rules, [participant]).get(participant.pk, {}))


def refresh_unfinished(study: Study) -> None:
    """Bring flags and rules up to date of those who have answered but not finished; finishing does it for the others.

    Only people are judged of whom something may have arrived since the last time. Once the events are erased, all stays
    as it was judged then.
    """
    if study.events_erased_at is not None:
        return
    now = timezone.now()
    # What the server sends is noted without a sign of life, within the day in which the page was shown.
    people = study.participants.filter(
        Q(judged_at=None) | Q(last_seen_at__gt=now - ARRIVES_WITHIN),
        kind=counted_kind(study),
        status=Participant.Status.STARTED,
        answered__gt=0,
    )
    for batch in in_batches(people.only("study", "kind", "number", "answers", "flags", "rule_exclusions")):
        _judge_batch(study, batch, now)


def _judge_batch(study: Study, people: list[Participant], now: datetime) -> None:
    still_unfinished = Participant.objects.filter(
        pk__in=[person.pk for person in people], status=Participant.Status.STARTED
    )
    measures, rules = read_measures(study, still_unfinished), rules_of(study)
    values = _answers(study, rules, people)
    # Somebody may have finished or withdrawn in between.
    present = [person for person in people if person.pk in measures]
    changed = [person for person in present if judge(person, measures[person.pk], rules, values.get(person.pk, {}))]
    # Nor is anything written of who does so from now on: this query is asked once more.
    still_unfinished.bulk_update(changed, ["flags", "rule_exclusions"], batch_size=200)
    still_unfinished.filter(last_seen_at__lt=now).update(judged_at=now)
