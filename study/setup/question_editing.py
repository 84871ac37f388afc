"""Change the question sets of a draft, its quotas, and the groups that its analysis compares.

Quotas, groups and rules of exclusion name answers by their keys. A new name of a key is carried into them; a change
after which one of them would name nothing is refused.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from study.errors import StudyError
from study.models import Study
from study.models.log import record
from study.participants.answer_rules import AnswerRule, parse_answer_rules
from study.participants.answers_table import asked_columns
from study.participants.exclusion_rules import Rule, rules_json, rules_of
from study.participants.moderators import cuts_text, moderator_columns, planned_moderators, read_cuts
from study.participants.question_writing import free_key, names_in, question_set_yaml
from study.participants.questions import (
    MOST_QUESTIONS,
    Choice,
    Question,
    QuestionSet,
    Several,
    Texts,
    load_question_set,
    shipped_question_set,
)
from study.setup.draft_lock import lock_settings


@dataclass(frozen=True)
class Renames:
    """New names: of columns of the table of answers, and within one of them (by its old name) of its answers.

    Attributes:
        taken_columns, taken_answers: removed ones, whose names others have now.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    taken_columns: Collection[str] = ()
    taken_answers: Mapping[str, Collection[str]] = field(default_factory=dict)


_NO_RENAMES = Renames()


def stored_set(study: Study, part: str) -> QuestionSet | None:
    """The question set of a part ("before" or "after"), None without questions.

    Raises:
        QuestionSetError: it was saved before it was checked, and cannot be read.
    """
    text = getattr(study, f"questions_{part}").rstrip()
    return load_question_set(text) if text else None


def add_question(study: Study, part: str, question: Question, *, actor: Any = None) -> None:
    """Add a question at the end."""
    _change(study, part, lambda rows: [*rows, question], key=question.key, change="added", actor=actor)


def replace_question(
    study: Study, part: str, key: str, question: Question, *, renames: Renames = _NO_RENAMES, actor: Any = None
) -> bool:
    """Put a question in the place of another; return whether a quota, group or rule took over a new name."""

    def replaced(rows: list[Question]) -> list[Question]:
        rows[_at(rows, key)] = question
        return rows

    return _change(study, part, replaced, key=question.key, change="changed", actor=actor, renames=renames)


def move_question(study: Study, part: str, key: str, by: int, *, actor: Any = None) -> None:
    """Move a question up (-1) or down (1); at the end it stays."""

    def moved(rows: list[Question]) -> list[Question]:
        at = _at(rows, key)
        rows.insert(max(0, at + by), rows.pop(at))
        return rows

    _change(study, part, moved, key=key, change="moved", actor=actor)


def copy_question(study: Study, part: str, key: str, *, actor: Any = None) -> str:
    """Add a copy behind a question; return its key."""
    made = ""

    def copied(rows: list[Question]) -> list[Question]:
        nonlocal made
        at = _at(rows, key)
        made = free_key(key, names_in(rows), key)
        rows.insert(at + 1, rows[at].model_copy(update={"key": made}))
        return rows

    _change(study, part, copied, key=key, change="copied", actor=actor)
    return made


def remove_question(study: Study, part: str, key: str, *, actor: Any = None) -> None:
    """Remove a question that no quota, group or rule needs."""

    def removed(rows: list[Question]) -> list[Question]:
        del rows[_at(rows, key)]
        return rows

    _change(study, part, removed, key=key, change="removed", actor=actor)


def add_shipped_set(study: Study, part: str, name: str, *, actor: Any = None) -> None:
    """Add the questions of a set that ships with Earsight; a part without a heading gets its heading, too."""
    shipped = load_question_set(shipped_question_set(name))

    def joined(rows: list[Question]) -> list[Question]:
        if names_in(rows) & names_in(shipped.questions):
            raise StudyError(_("Questions of this set are there already. Remove them first, or change them there."))
        return [*rows, *shipped.questions]

    _change(study, part, joined, key=name, change="set added", actor=actor, title=shipped.title)


def set_heading(study: Study, part: str, title: Texts, *, actor: Any = None) -> None:
    """Set the heading of the page of questions, by language."""
    given = {code: text for code, text in title.items() if text}
    _change(study, part, list, key="", change="heading", actor=actor, title=given, replace_title=True)


@transaction.atomic
def import_questions(study: Study, part: str, text: str, *, actor: Any = None) -> None:
    """Replace a part's set with a text of YAML, kept as it is; an empty text removes it.

    Raises:
        QuestionSetError: it is no valid question set.
        StudyError: a quota, group or rule needs an answer that it has not.
    """
    locked = lock_settings(study)
    # The first line is indented as the others are.
    text = text.replace("\r\n", "\n").strip("\n").rstrip()
    if text:
        found = load_question_set(text, is_new=True)
        if part == "after":
            _refuse_screening(found)
    _store(study, locked, part, text, _NO_RENAMES)
    record(study, "questions changed", actor=actor, part=part, change="imported")


def _refuse_screening(questions: QuestionSet) -> None:
    """Refuse answers that would screen out people who have seen the clips: nobody does that."""
    for question in questions.questions:
        for option in question.options if isinstance(question, Choice | Several) else ():
            if option.screen_out:
                raise StudyError(
                    _(
                        "“%(name)s” has screen_out, but after the clips nobody is screened out. Delete it there, or "
                        "ask the question before the clips."
                    )
                    % {"name": f"{question.key} = {option.key}"}
                )


@transaction.atomic
def save_quotas(study: Study, quotas: Sequence[Mapping[str, Any]], *, actor: Any = None) -> None:
    """Set the most participants who may give each of some answers to choices asked before the clips."""
    locked = lock_settings(study)
    locked.quotas = study.quotas = [dict(quota) for quota in quotas]
    _refuse_faults(locked)
    locked.save(update_fields=["quotas"])
    record(study, "quotas saved", actor=actor, quotas=locked.quotas)


@transaction.atomic
def save_groups(study: Study, moderators: Sequence[Mapping[str, Any]], *, actor: Any = None) -> None:
    """Set the answers by which the analysis compares groups of people."""
    locked = lock_settings(study)
    _set_moderators(locked, moderators)
    _refuse_faults(locked)
    locked.save(update_fields=["plan"])
    study.plan = locked.plan
    record(study, "groups of people saved", actor=actor, groups=planned_moderators(locked))


@transaction.atomic
def save_screen_out_text(study: Study, texts: Texts, *, actor: Any = None) -> None:
    """Set what people read who are screened out, by language; an empty text is the one that ships."""
    locked = lock_settings(study)
    locked.screen_out_text = study.screen_out_text = {code: text for code, text in texts.items() if text}
    locked.save(update_fields=["screen_out_text"])
    record(study, "text for people who are screened out changed", actor=actor)


def _at(rows: Sequence[Question], key: str) -> int:
    for at, row in enumerate(rows):
        if row.key == key:
            return at
    raise StudyError(_("This question is no longer there: somebody removed or renamed it. Nothing was saved."))


@transaction.atomic
def _change(
    study: Study,
    part: str,
    changed: Callable[[list[Question]], list[Question]],
    *,
    key: str,
    change: str,
    actor: Any,
    renames: Renames = _NO_RENAMES,
    title: Texts | None = None,
    replace_title: bool = False,
) -> bool:
    """Write the set as `changed` returns its questions; return whether a quota, group or rule took over a new name.

    Args:
        title: the heading, if there is none yet or `replace_title`.
    """
    locked = lock_settings(study)
    old = stored_set(locked, part)
    rows = changed(list(old.questions) if old else [])
    if len(rows) > MOST_QUESTIONS:
        raise StudyError(
            _("A page has at most %(most)d questions. Ask fewer, or ask some after the clips.")
            % {"most": MOST_QUESTIONS}
        )
    heading = old.title if old else {}
    if title is not None and (replace_title or not heading):
        heading = title
    text = ""
    if rows:
        text = question_set_yaml(QuestionSet.model_construct(title=heading, questions=rows)).strip()
        load_question_set(text, is_new=True)
    carried = _store(study, locked, part, text, renames)
    record(study, "questions changed", actor=actor, part=part, change=change, key=key)
    return carried


def _store(study: Study, locked: Study, part: str, text: str, renames: Renames) -> bool:
    """Save a part's text with the quotas, groups and rules under their new names, unless one of them names nothing."""
    # Read before the questions change: the rules' columns are those of the old ones.
    rules = rules_of(locked)
    _refuse_other_meanings(locked, rules, renames)
    setattr(locked, f"questions_{part}", text)
    before = (locked.quotas, locked.plan)
    locked.quotas = [_renamed_quota(quota, renames) for quota in locked.quotas]
    _set_moderators(
        locked,
        [row | {"column": renames.columns.get(row["column"], row["column"])} for row in planned_moderators(locked)],
    )
    if "exclusions" in locked.plan:
        locked.plan = locked.plan | {"exclusions": rules_json([_renamed_rule(rule, renames) for rule in rules])}
    carried = (locked.quotas, locked.plan) != before
    _refuse_faults(locked)
    locked.save(update_fields=[f"questions_{part}", "quotas", "plan"])
    setattr(study, f"questions_{part}", text)
    study.quotas, study.plan = locked.quotas, locked.plan
    return carried


def _refuse_other_meanings(study: Study, rules: Sequence[Rule], renames: Renames) -> None:
    """Refuse that what a quota, group or rule names becomes another answer."""
    named: list[tuple[str, Any]] = [(f"before_{quota['question']}", quota["answer"]) for quota in study.quotas]
    named += [(row["column"], None) for row in planned_moderators(study)]
    named += [(rule.column, rule.value) for rule in rules if isinstance(rule, AnswerRule)]
    for column, answer in named:
        if column in renames.taken_columns or answer in renames.taken_answers.get(column, ()):
            raise StudyError(
                _(
                    "Nothing was saved: a quota, a group or a rule names “%(name)s”, which you removed, and another "
                    "answer has its key now. Give that answer another key."
                )
                % {"name": column if answer is None else f"{column} = {answer}"}
            )


def _renamed_quota(quota: Mapping[str, Any], renames: Renames) -> dict[str, Any]:
    column = f"before_{quota['question']}"
    return {
        **quota,
        "question": renames.columns.get(column, column).removeprefix("before_"),
        "answer": renames.answers.get(column, {}).get(quota["answer"], quota["answer"]),
    }


def _renamed_rule(rule: Rule, renames: Renames) -> Rule:
    if not isinstance(rule, AnswerRule):
        return rule
    answers = renames.answers.get(rule.column, {})
    value = answers.get(rule.value, rule.value) if isinstance(rule.value, str) else rule.value
    return replace(rule, column=renames.columns.get(rule.column, rule.column), value=value)


def _set_moderators(study: Study, moderators: Sequence[Mapping[str, Any]]) -> None:
    rows = [dict(row) for row in moderators]
    if rows or planned_moderators(study):
        analysis = (study.plan.get("analysis") or {}) | {"moderators": rows}
        study.plan = study.plan | {"analysis": analysis}


def _refuse_faults(study: Study) -> None:
    """Refuse questions, quotas, groups and rules that do not agree."""
    if faults := list(disagreements(study)):
        raise StudyError(_("Nothing was saved: %(faults)s") % {"faults": " ".join(faults)})


def disagreements(study: Study) -> Iterator[str]:
    """Yield what does not agree among the study's questions, quotas, groups and rules, a sentence each."""
    questions = stored_set(study, "before")
    choices = {
        question.key: {option.key for option in question.options}
        for question in (questions.questions if questions else [])
        if isinstance(question, Choice)
    }
    for quota in study.quotas:
        if quota["answer"] not in choices.get(quota["question"], ()):
            yield _("A quota counts the answer “%(question)s = %(answer)s”. Empty its limit first.") % quota
    columns = {column.name: column for column in moderator_columns(study)}
    for row in planned_moderators(study):
        name = row["column"]
        try:
            if name not in columns:
                raise StudyError(_("it is not asked before the clips."))
            read_cuts(cuts_text(row["cuts"]), columns[name])
        except StudyError as error:
            yield _("The analysis compares groups by “%(name)s”: %(why)s Untick it first.") % {
                "name": name,
                "why": error,
            }
    asked = asked_columns(study)
    for rule in rules_of(study):
        if isinstance(rule, AnswerRule):
            try:
                parse_answer_rules(str(rule), asked)
            except StudyError as error:
                yield _("A rule on the page “Plan” leaves people out: %(why)s Delete it there first.") % {"why": error}
