"""The counted flow of people (`participant_flow`) in words of the current language, stage by stage."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from analysis.report.context import Stage, StageOfPeople
from analysis.statistics.disclosure import SMALLEST_GROUP
from study.models import StudyStage
from study.participants.exclusion_rules import rule_from_json
from study.participants.flag_words import flag_name, rule_words

MOST_REASONS = 6  # reasons given by hand that are listed; the others are counted together
WITHHELD = "withheld"  # in place of all reasons given by hand


def without_reasons(flow: Mapping[str, Any]) -> dict[str, Any]:
    """The same flow with all together who were left out by hand, without the researchers' reasons."""
    counted = dict(flow)
    if by_hand := counted.get("by_hand"):
        counted["by_hand"] = {WITHHELD: sum(by_hand.values())}
    if of_stages := counted.get("of_stages"):
        counted["of_stages"] = {stage: without_reasons(inner) for stage, inner in of_stages.items()}
    return counted


def other_stages_in_words(flow: Mapping[str, Any]) -> str:
    """How many people took part in the stages that are not in the results; empty of a study without stages."""
    parts = [
        _("%(stage)s: %(began)s began, %(completed)s completed") % {"stage": StudyStage(stage).label, **counts}
        for stage, counts in (flow.get("stages") or {}).items()
        if stage != StudyStage.MAIN and counts["began"]
    ]
    return "; ".join(parts)


def other_flows(flow: Mapping[str, Any]) -> list[StageOfPeople]:
    """The flow of each other stage of the study: its key, its name, and its people; none in older analyses."""
    found = (flow.get("of_stages") or {}).items()
    return [StageOfPeople(key, str(capfirst(StudyStage(key).label)), flow_stages(counted)) for key, counted in found]


def flow_stages(flow: Mapping[str, Any]) -> list[Stage]:
    """The flow in words of the current language; empty for analyses of before it was counted."""
    if not flow:
        return []
    further = flow.get("further")
    before = [*_before_answers(flow)] if further is None else [*_with_further(flow, further)]
    stopped = flow["analysed"] - flow["completed"]
    analysed = _("analysed, %(n)s of them stopped before the end") % {"n": f"{stopped:,}"}
    return [*before, Stage(analysed if stopped else _("analysed"), flow["analysed"], _excluded(flow))]


def _before_answers(flow: Mapping[str, Any]) -> Iterator[Stage]:
    """Yield the stages that earlier versions counted."""
    left = [
        (_("withdrew; their answers are erased"), flow["withdrawn"]),
        (_("screened out"), flow["screened_out"]),
        (_("gave no answer"), flow["without_answer"]),
    ]
    yield Stage(_("started"), flow["started"])
    yield Stage(_("gave answers"), flow["answered"], _some(left))


def _with_further(flow: Mapping[str, Any], further: Mapping[str, Any]) -> Iterator[Stage]:
    """Yield the stages up to the answers; those of which it is not known who reached them are left out."""
    consented, began, answered = further["consented"], further["began"], flow["answered"]
    yield Stage(_("started"), flow["started"])
    left = [(_("withdrew (answers erased)"), flow["withdrawn"])]
    at = flow["started"] - flow["withdrawn"]
    if consented is not None:
        yield Stage(_("consented"), consented, _some([*left, (_("did not consent"), at - consented)]))
        left, at = [], consented
    left += [(_screening(reason), people) for reason, people in further["screened_by"].items()]
    at -= flow["screened_out"]
    if began is not None:
        left.append((_("stopped before the first trial"), at - began))
        yield Stage(_("began the trials"), began, _some(left))
        left, at = [], began
    left.append((_("gave no answer"), at - answered))
    stopped = answered - further["answered_to_the_end"]
    label = _("gave answers, %(n)s of them stopped before the end") % {"n": f"{stopped:,}"}
    yield Stage(label if stopped else _("gave answers"), answered, _some(left), _flags(further))


def _screening(reason: str) -> str:
    """Why people were screened out, as `study.participants.consent_and_questions` notes it."""
    words = {
        "answers before the trials": _("screened out by an answer before the trials"),
        "quota full": _("screened out: their quota was full"),
    }
    return words.get(reason) or _("screened out")


def _flags(further: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Flags with how many people have them; a few could point to a person, and are not told apart.

    All together are told only if nothing is hidden, or the difference could give a hidden number away.
    """
    few = _("fewer than %(n)s") % {"n": SMALLEST_GROUP}
    counts = further["flags"]
    rows = [(flag_name(kind), f"{n:,}" if n >= SMALLEST_GROUP else few) for kind, n in counts.items()]
    if len(rows) > 1 and min(counts.values()) >= SMALLEST_GROUP:
        rows.append((_("any flag"), f"{further['flagged']:,}"))
    return rows


def _excluded(flow: Mapping[str, Any]) -> list[tuple[str, int]]:
    by_hand = [(_by_hand(reason), n) for reason, n in flow["by_hand"].items()]
    rest = sum(n for _reason, n in by_hand[MOST_REASONS:])
    return [
        *((_("rule: %(rule)s") % {"rule": rule_words(rule_from_json(row))}, row["people"]) for row in flow["by_rule"]),
        *by_hand[:MOST_REASONS],
        *([(_("by hand: other reasons"), rest)] if rest else []),
    ]


def _by_hand(reason: str) -> str:
    if reason == WITHHELD:
        return _("by hand")
    return _("by hand: %(reason)s") % {"reason": reason or _("no reason given")}


def _some(left: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """The reasons for which anybody left."""
    return [row for row in left if row[1]]
