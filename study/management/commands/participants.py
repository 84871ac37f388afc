"""`manage.py participants VERB …`: the people of a study, their flags, exclusions, problems and payment."""

from typing import Any

from study.access import Access, Right
from study.api import contents
from study.console.downloads import note_download
from study.console.payment import look_up
from study.errors import StudyError
from study.management.arguments import whole_number
from study.management.scripted.command import Given, ScriptedCommand, Verb, argument
from study.models import StudyStage
from study.participants.approval import PAYABLE
from study.participants.exclusion import set_exclusion
from study.participants.problems import settle_problem
from study.participants.visits import erase_paid, mark_finished

CODE = argument("code", "the participant as ballots.csv names them: r0007")
REASON = argument("--reason", "for the log and the report", required=True)
FILTERS = {
    "stage": "only those of this stage",
    "version": "only those who began under this version",
    "status": "only those in this state, as the page narrows its list: completed, stopped, left_out, …",
    "flag": "only those with this flag",
}
STATE = argument("state", "finished or screened_out", choices=[state.value for state in PAYABLE])


def leave_out(access: Access, given: Given) -> dict[str, Any]:
    set_exclusion(access.study, given["code"], given["reason"], excluded=True, actor=access.user)
    return {"done": f"{given['code']} is left out of the analysis.", "participant": given["code"], "excluded": True}


def take_in(access: Access, given: Given) -> dict[str, Any]:
    set_exclusion(access.study, given["code"], given["reason"], excluded=False, actor=access.user)
    return {"done": f"{given['code']} is included again.", "participant": given["code"], "excluded": False}


def problems(access: Access, given: Given) -> dict[str, Any]:
    rows = access.study.problem_reports.filter(resolved=False)
    return {"problems": [{"id": row.pk, "page": row.page, "text": row.text} for row in rows]}


def settle(access: Access, given: Given) -> dict[str, Any]:
    if not settle_problem(access.study, given["problem"]):
        raise StudyError(f"There is no problem {given['problem']} in this study: `participants problems` lists them.")
    return {"done": "The problem is settled.", "id": given["problem"]}


def to_pay(access: Access, given: Given) -> dict[str, Any]:
    visits = access.study.platform_visits.filter(state=given["state"]).exclude(ids={})
    ids = sorted(visits.values_list("ids", flat=True), key=lambda one: sorted(one.items()))
    if ids:
        note_download(access.study, f"platform ids ({given['state']})", actor=access.user)
    return {"state": given["state"], "number": len(ids), "ids": ids}


def paid(access: Access, given: Given) -> dict[str, Any]:
    rows = access.study.platform_visits.filter(state=given["state"]).exclude(ids={})
    shown = list(rows.values_list("pk", flat=True))
    if len(shown) != given["number"]:
        raise StudyError(f"There are {len(shown)} people, not {given['number']}. Nothing was erased: look again.")
    erased = erase_paid(access.study, shown, actor=access.user)
    return {"done": f"The ids of {erased} people are erased.", "erased": erased}


def find(access: Access, given: Given) -> dict[str, Any]:
    found = look_up(access.study, given["code"])
    if given["finished"]:
        mark_finished(found["visit"])
    return {"participant": found["person"].code, "ids": found["ids"], "finished": given["finished"]}


class Command(ScriptedCommand):
    help = "List a study's participants, leave people out of the analysis, settle problems, pay."
    examples = (
        "list my-study --as mina --json",
        'leave-out my-study r0007 --reason "answered for a friend" --as mina',
    )
    verbs = (
        Verb(
            "list",
            "list them with state, flags and exclusions, 500 at a time",
            Right.SEE,
            lambda access, given: contents.participants_contents(
                access, given["after"], {name: given[name] for name in FILTERS if given[name]}
            ),
            (
                argument("--after", "behind this number", type=whole_number(), default=-1),
                *(argument(f"--{name}", words) for name, words in FILTERS.items()),
            ),
        ),
        Verb(
            "monitor",
            "print how the study is going",
            Right.SEE,
            lambda access, given: contents.monitor_contents(access, given["stage"] or ""),
            (argument("--stage", "of this stage; without, of the current one", choices=StudyStage.values),),
        ),
        Verb(
            "leave-out", "leave somebody out", Right.RUN, leave_out, (CODE, REASON), ("participant_exclude leave-out",)
        ),
        Verb("take-in", "include somebody again", Right.RUN, take_in, (CODE, REASON), ("participant_exclude take-in",)),
        Verb("problems", "list the problems that are not settled", Right.RUN, problems),
        Verb(
            "settle",
            "mark a problem as settled",
            Right.RUN,
            settle,
            (argument("problem", "its id", type=whole_number(1)),),
            ("problem_resolve",),
        ),
        Verb("to-pay", "list the platform's ids of people to be paid", Right.RUN, to_pay, (STATE,)),
        Verb(
            "paid",
            "erase their ids once they are paid",
            Right.RUN,
            paid,
            (STATE, argument("--number", "how many they are, as to-pay says", type=whole_number(1), required=True)),
            ("study_payment",),
        ),
        Verb(
            "find",
            "find the person of a support code",
            Right.RUN,
            find,
            (
                argument("code", "of 16 letters"),
                argument("--finished", "put them among those to be paid", action="store_true"),
            ),
            ("study_payment",),
        ),
    )
