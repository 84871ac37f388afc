"""`manage.py stages VERB …`: the pilot, the main and the follow-up stage of a study."""

from typing import Any

from study.access import Access, Right
from study.console.forms.stages import BeginStageForm
from study.errors import StudyError
from study.management.arguments import whole_number
from study.management.scripted.command import Given, ScriptedCommand, Verb, argument
from study.management.scripted.forms import checked
from study.models import StudyStage
from study.participants.study_stages import MOST_PEOPLE, ORDER, begin_stage, count_by_stage, next_stage


def show(access: Access, given: Given) -> dict[str, Any]:
    study, following = access.study, next_stage(access.study)
    counts = count_by_stage(study)
    return {
        "current": study.stage,
        "next": None if following is None else str(following),
        "stages": [
            {"stage": str(stage), "begun": stage in study.stages, "target": study.target_of(stage)} | counts[stage]
            for stage in ORDER
        ],
    }


def begin(access: Access, given: Given) -> dict[str, Any]:
    study, following = access.study, next_stage(access.study)

    def make(data: Any) -> BeginStageForm:
        return BeginStageForm(data, study=study, stage=following)

    asked = make(None).fields
    if given["target"] is not None and "target" not in asked:
        raise StudyError("The main stage has its target in the plan: `plan set`, or `versions change` once it is open.")
    if "confirmed" in asked and not given["yes"]:
        raise StudyError("The stage before takes nobody more then, and cannot begin again: give --yes if you are sure.")
    sent = {"stage": given["stage"], "target": given["target"], "reason": given["reason"], "confirmed": True}
    values = {name: value for name, value in sent.items() if name in asked}
    data = checked(make, values).cleaned_data
    begun = begin_stage(
        study, data["stage"], target=data.get("target"), reason=data.get("reason", ""), actor=access.user
    )
    when = "The study will open with it." if study.settings_can_change else "Whoever starts from now on belongs to it."
    return {"done": f"The stage is {begun} now. {when}", "stage": str(begun)}


class Command(ScriptedCommand):
    help = "Print the stages of a study with the people of each, and begin the next one."
    examples = (
        "list my-study --as mina --json",
        'begin my-study main --reason "the pilot went well" --yes --as mina',
    )
    verbs = (
        Verb("list", "list them; which is the current one, and which can begin", Right.SEE, show),
        Verb(
            "begin",
            "begin the next one, or for a draft choose with which it opens",
            Right.EDIT,
            begin,
            (
                argument("stage", "which", choices=StudyStage.values),
                argument("--target", "how many people it asks for", type=whole_number(1, MOST_PEOPLE)),
                argument("--reason", "for the study's log; needed once the study has opened", default=""),
                argument("--yes", "you are sure: the stage before cannot begin again", action="store_true"),
            ),
            ("study_stages",),
        ),
    )
