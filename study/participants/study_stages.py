"""The stages of a study: pilot, main, follow-up. One is current; a person stays in the one in which they began.

Only the main stage gives the results. A pilot stage rehearses the study with real people before it, and a follow-up
asks others after it; each has its own people, balanced orders, links, target and numbers. A study that names no stage
has the main one alone, and nothing of stages in its exports.

Test walks (participants of the kind "pilot") are something else: researchers who try the survey, of no stage.
"""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Count, Q
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from study.ballots.table import counted_kind
from study.errors import NotAllowedNow, StudyError
from study.models import Participant, Study, StudyStage
from study.models.log import record
from study.models.participants import CAME_AGAIN
from study.participants.number_ranges import Starts, last_number, with_start

BEGUN = "stage begun"
ORDER = (StudyStage.PILOT, StudyStage.MAIN, StudyStage.FOLLOW_UP)
MOST_PEOPLE = 100_000


def next_stage(study: Study) -> StudyStage | None:
    """The stage that can begin now; None if there is none.

    A draft changes between opening with a pilot stage and opening with the main stage.
    """
    if study.status == Study.Status.CLOSED:
        return None
    if study.settings_can_change:
        return StudyStage.MAIN if study.stage == StudyStage.PILOT else StudyStage.PILOT
    following = ORDER.index(StudyStage(study.stage)) + 1
    return ORDER[following] if following < len(ORDER) else None


@transaction.atomic
def begin_stage(
    study: Study, stage: str, *, target: int | None = None, reason: str = "", actor: Any = None
) -> StudyStage:
    """Make a stage the current one: whoever starts from now on belongs to it, and the stage before takes nobody more.

    Args:
        target: how many people a pilot or a follow-up stage asks for; the main stage's number is in the plan.

    Raises:
        NotAllowedNow: it is not this stage's turn, or the study is closed.
        StudyError: the study is open and no reason is given, or the target is no number of people.
    """
    locked = Study.objects.select_for_update().get(pk=study.pk)
    if stage != next_stage(locked):
        raise NotAllowedNow(
            _("The study is in its %(stage)s: that stage cannot begin now. Look at the page again.")
            % {"stage": StudyStage(locked.stage).label}
        )
    reason = " ".join(reason.split())[:500]
    if not reason and not locked.settings_can_change:
        raise StudyError(_("Give a reason; it is written to the study's log."))
    if target is not None and not 1 <= target <= MOST_PEOPLE:
        raise StudyError(_("A stage asks for 1 to %(most)s people; empty: no number.") % {"most": f"{MOST_PEOPLE:,}"})
    begun, after = StudyStage(stage), last_number(locked)
    fact = {"after": after} | ({} if begun == StudyStage.MAIN else {"target": target})
    # Nobody has taken part in a draft: its stages begin again.
    earlier = {} if locked.settings_can_change else locked.stages or {str(StudyStage.MAIN): {"after": 0}}
    locked.stages = {} if locked.settings_can_change and begun == StudyStage.MAIN else earlier | {str(begun): fact}
    locked.stage = begun
    locked.save(update_fields=["stage", "stages"])
    record(locked, BEGUN, actor=actor, reason=reason, stage=str(begun), after=after, target=fact.get("target"))
    study.stage, study.stages = locked.stage, locked.stages
    return begun


def count_by_stage(study: Study) -> dict[str, dict[str, int]]:
    """How many people began and completed in each stage, counted as on the monitor, in two queries of indexes."""
    people = study.participants.filter(kind=counted_kind(study)).order_by()
    completed = Q(status=Participant.Status.COMPLETED)
    found = {str(stage): {"began": 0, "completed": 0} for stage in ORDER}
    for row in people.values("stage").annotate(began=Count("pk"), completed=Count("pk", filter=completed)):
        found[row["stage"]] = {"began": row["began"], "completed": row["completed"]}
    again = people.filter(CAME_AGAIN & completed, remarked=True).values("stage").annotate(people=Count("pk"))
    for again_in in again:
        found[again_in["stage"]]["completed"] -= again_in["people"]
    return found


def stages_in_words(study: Study) -> list[tuple[str, str]]:
    """The stages that have begun, in their order, with their names; none of a study of the main stage alone."""
    return [(str(stage), str(capfirst(stage.label))) for stage in ORDER if stage in study.stages]


def shown_stage(study: Study, asked: str) -> str:
    """The stage that a page shows: the one asked for, if it has begun; else the current one."""
    return asked if asked in study.stages else study.stage


def stage_starts(starts: Starts, data: Mapping[str, Any]) -> Starts:
    """The starts of the stages by the log, with those of one more entry `BEGUN`.

    Raises ValueError for an entry that no version of Earsight writes.
    """
    after, stage = data.get("after"), data.get("stage")
    if type(after) is not int or after < 0 or stage not in StudyStage.values:
        raise ValueError(f"No stage begins like this: {stage!r} after {after!r}.")
    return with_start(starts, after, stage)
