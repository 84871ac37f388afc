"""The flow of people through a study, from those who started to those analysed, with why the others are not.

Counted when the ballots are analysed and stored with the result, so that a report never mixes two moments.
"""

from array import array
from collections import Counter
from collections.abc import Mapping
from statistics import median
from typing import Any

from django.utils.translation import gettext as _

from analysis.report.context import Stage
from study.ballots.table import counted_people
from study.models import Ballot, Participant, Study, StudyStage, Trial
from study.participants.exclusion_rules import rule_from_json, rules_of
from study.participants.flag_words import rule_words
from study.participants.study_stages import count_by_stage

MOST_REASONS = 6  # reasons given by hand that are listed; the others are counted together


def participant_flow(study: Study) -> dict[str, Any]:
    """Count the people whose answers give the results, as plain data.

    A person whom several rules leave out counts for the first of them in the plan, and not as left out by hand.
    """
    rows = counted_people(study)
    people = list(rows.only("study", "status", "main_answered", "excluded", "exclusion_reason", "rule_exclusions"))
    statuses = Participant.Status
    status = Counter(person.status for person in people)
    answered = [person for person in people if person.main_answered and person.status != statuses.WITHDRAWN]
    by_rule = Counter(rule_from_json(person.rule_exclusions[0]) for person in answered if person.rule_exclusions)
    by_hand = Counter(person.exclusion_reason for person in answered if person.excluded and not person.rule_exclusions)
    analysed = [person for person in answered if not person.left_out]
    screened_out = sum(person.status == statuses.SCREENED_OUT for person in people if not person.main_answered)
    return {
        "started": len(people),
        "withdrawn": status[statuses.WITHDRAWN],
        "screened_out": screened_out,
        "without_answer": len(people) - len(answered) - status[statuses.WITHDRAWN] - screened_out,
        "answered": len(answered),
        "by_rule": [rule.as_json() | {"people": by_rule[rule]} for rule in rules_of(study)],
        "by_hand": dict(by_hand.most_common()),
        "analysed": len(analysed),
        "completed": sum(person.status == statuses.COMPLETED for person in analysed),
        "median_seconds": median_seconds(study),
        # Of a study that has stages; all numbers above are of the main stage.
        **({"stages": count_by_stage(study)} if study.stages else {}),
    }


def other_stages_in_words(flow: Mapping[str, Any]) -> str:
    """How many people took part in the stages that are not in the results; empty of a study without stages."""
    parts = [
        _("%(stage)s: %(began)s began, %(completed)s completed") % {"stage": StudyStage(stage).label, **counts}
        for stage, counts in (flow.get("stages") or {}).items()
        if stage != StudyStage.MAIN and counts["began"]
    ]
    return "; ".join(parts)


def median_seconds(study: Study) -> float | None:
    """The median of the seconds that an answer to a main trial took; None if that is known of no answer."""
    people = counted_people(study).exclude(status=Participant.Status.WITHDRAWN)
    ballots = Ballot.objects.filter(
        trial__participant__in=people, trial__kind=Trial.Kind.MAIN, seconds__isnull=False
    ).order_by()
    times = ballots.values_list("seconds", flat=True).iterator()
    seconds = array("d", (time for time in times if time is not None))
    return float(median(seconds)) if seconds else None


def flow_stages(flow: Mapping[str, Any]) -> list[Stage]:
    """The flow in words of the current language; empty for analyses of before it was counted."""
    if not flow:
        return []
    left = [
        (_("withdrew; their answers are erased"), flow["withdrawn"]),
        (_("screened out"), flow["screened_out"]),
        (_("gave no answer"), flow["without_answer"]),
    ]
    hand = list(flow["by_hand"].items())
    by_hand = [(_("by hand: %(reason)s") % {"reason": reason or _("no reason given")}, n) for reason, n in hand]
    rest = sum(n for _reason, n in by_hand[MOST_REASONS:])
    excluded = [
        *((_("rule: %(rule)s") % {"rule": rule_words(rule_from_json(row))}, row["people"]) for row in flow["by_rule"]),
        *by_hand[:MOST_REASONS],
        *([(_("by hand: other reasons"), rest)] if rest else []),
    ]
    stopped = flow["analysed"] - flow["completed"]
    analysed = _("analysed, %(n)s of them stopped before the end") % {"n": stopped} if stopped else _("analysed")
    return [
        Stage(_("started"), flow["started"]),
        Stage(_("gave answers"), flow["answered"], [row for row in left if row[1]]),
        Stage(analysed, flow["analysed"], excluded),
    ]
