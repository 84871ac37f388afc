"""Stages and versions of a study that is taken in: of a closed one as its log says, of a draft begun anew."""

from dataclasses import dataclass

from config.bundles.reading import CHAIN, Unreadable
from config.bundles.whole import PEOPLE, STUDY
from study.ballots.table import kinds_of
from study.models import Study, StudyStage
from study.participants.number_ranges import part_of
from study.participants.study_stages import MOST_PEOPLE
from study.verification.findings import Findings
from study.verification.log_facts import LogFacts
from study.verification.stages import check_stages


@dataclass(frozen=True)
class PilotStage:
    """The pilot stage that a draft is to open with; `target`: how many people, None for no number."""

    target: int | None


def unstaged(draft: Study) -> PilotStage | None:
    """Give a draft the main stage alone, as its log here knows no other; return the pilot stage that is to begin.

    Raises:
        Unreadable: it is in a stage or a version that no draft is in.
    """
    found = None
    if draft.stage == StudyStage.PILOT:
        fact = draft.stages.get(StudyStage.PILOT)
        target = fact.get("target") if isinstance(fact, dict) else 0
        if target is not None and (type(target) is not int or not 1 <= target <= MOST_PEOPLE):
            raise Unreadable(f"{STUDY}: its pilot stage asks for no number of people.")
        found = PilotStage(target)
    elif draft.stage != StudyStage.MAIN or draft.stages:
        raise Unreadable(f"{STUDY}: a draft has no stage but the pilot stage and the main one.")
    if draft.version != 1:
        raise Unreadable(f"{STUDY}: a draft is of the first version.")
    draft.stage, draft.stages = StudyStage.MAIN, {}
    draft.save(update_fields=["stage", "stages"])
    return found


def ensure_by_the_log(study: Study) -> None:
    """Compare stages, versions and who is of which with the entries of the chain, which was checked.

    Raises:
        Unreadable: the log says something else of one of them.
    """
    found, facts = Findings(), LogFacts()
    for _entry in facts.gather(study.log.order_by("number").iterator()):
        pass
    check_stages(study, facts, found)
    if found.faults:
        raise Unreadable(f"{STUDY} is not what {CHAIN} says: {found.faults[0]}")
    people = study.participants.filter(kind__in=kinds_of(study)).order_by("number")
    for number, stage, version in people.values_list("number", "stage", "study_version").iterator():
        by_log = (part_of(number, facts.stages, StudyStage.MAIN), part_of(number, facts.versions, 1))
        if (stage, version) != by_log:
            raise Unreadable(f"{PEOPLE}: person {number} is of another stage or version by {CHAIN}.")
