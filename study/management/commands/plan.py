"""`manage.py plan VERB …`: a study's plan and the questions to its participants."""

from functools import partial
from typing import Any

from study.access import Access, Right
from study.console.forms.plan import PlanForm
from study.console.question_page import QuestionsPage
from study.errors import StudyError
from study.management.arguments import input_file
from study.management.scripted.command import Given, ScriptedCommand, Verb, argument
from study.management.scripted.forms import VALUES, checked, stored_values, values_of
from study.models import Study
from study.participants.questions import SHIPPED
from study.setup import drafting, question_editing

PART = argument("part", "before or after the clips", choices=("before", "after"))


def plan(access: Access, given: Given) -> dict[str, Any]:
    study, values = access.study, values_of(given)
    make = partial(PlanForm, instance=Study.objects.get(pk=study.pk))
    if not values:
        return {"values": stored_values(make(None)), "plan_digest": study.plan_digest}
    form = checked(make, values)
    drafting.save_plan(study, form.plan(), rules=form.rules(), actor=access.user)
    return {"done": "The plan is saved.", "changed": sorted(values)}


def questions(access: Access, given: Given) -> dict[str, Any]:
    part = given["part"]
    if given["file"] is None:
        return {"part": part, "yaml": getattr(access.study, f"questions_{part}")}
    try:
        text = given["file"].read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise StudyError(f"{given['file']} is no UTF-8 text.") from error
    question_editing.import_questions(access.study, part, text, actor=access.user)
    return {"done": "The questions are saved.", "part": part}


def change(access: Access, given: Given) -> dict[str, Any]:
    part, what, key = given["part"], given["what"], given["key"]
    match what:
        case "up" | "down":
            question_editing.move_question(access.study, part, key, -1 if what == "up" else 1, actor=access.user)
        case "copy":
            key = question_editing.copy_question(access.study, part, key, actor=access.user)
        case "remove":
            question_editing.remove_question(access.study, part, key, actor=access.user)
        case _:
            if key not in SHIPPED:
                raise StudyError(f"There is no ready set '{key}': {', '.join(SHIPPED)}.")
            question_editing.add_shipped_set(access.study, part, key, actor=access.user)
    return {"done": "The questions are changed.", "part": part, "key": key}


def people(access: Access, given: Given) -> dict[str, Any]:
    """The forms of the page “Questions” about screening, quotas, groups and headings."""
    name, values = given["form"], values_of(given)
    page = QuestionsPage(access.study, access.user)
    if not values:
        return {"values": stored_values(page.form_named(name))}
    checked(lambda data: page.form_named(name, data), values)
    page.store(name)
    return {"done": "Saved.", "changed": sorted(values)}


class Command(ScriptedCommand):
    help = "Print or change a study's plan, the questions to its participants, and who may take part."
    examples = (
        "set my-study target_participants=30 trials_per_participant=10 --as mina",
        "set my-study --as mina --json",
        "questions my-study before questions.yaml --as mina",
    )
    verbs = (
        Verb("set", "print or change the plan", Right.LOOK, plan, VALUES, ("study_plan",), Right.EDIT),
        Verb(
            "questions",
            "print a question set as YAML, or replace it by that of a file",
            Right.LOOK,
            questions,
            (PART, argument("file", "YAML", nargs="?", type=input_file)),
            ("questions_yaml", "question_add", "question_edit"),
            Right.EDIT,
        ),
        Verb(
            "change",
            "move, copy or remove one question, or add a ready set",
            Right.EDIT,
            change,
            (
                PART,
                argument(
                    "what", "up, down, copy, remove or add-set", choices=("up", "down", "copy", "remove", "add-set")
                ),
                argument("key", "of the question, or the name of the ready set"),
            ),
            ("questions_change",),
        ),
        Verb(
            "people",
            "print or change quotas, groups to compare, the text for people who are screened out, or a heading",
            Right.LOOK,
            people,
            (
                argument("form", "which", choices=("quotas", "groups", "screening", "heading-before", "heading-after")),
                *VALUES,
            ),
            ("study_questions",),
            Right.EDIT,
        ),
    )
