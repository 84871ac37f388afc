"""Who took part: how many people gave which answer to each question, without pointing to anybody.

Sizes of groups under five are hidden, with as many others as keep them from being computed (`analysis.statistics.
disclosure`). What people wrote in their own words is only counted. A scale of which a count is hidden has no mean: of
few steps, mean and spread give the counts. Numbers have a mean from ten answers on. Means and spreads have one decimal,
in every file: with all decimals, those with and without a person would give the person's number.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import mean, stdev

from django.utils.translation import gettext as _

from analysis.report.context import AnswerLabels, AnswersGiven
from analysis.statistics.disclosure import SMALLEST_GROUP, hidden_groups
from analysis.tables.person_columns import group_label
from study.ballots.table import counted_people, in_batches
from study.models import Study
from study.models.participants import LEFT_OUT
from study.participants.answers_table import AnswerColumn, Value, answer_columns, typed_values
from study.participants.moderators import planned_moderators
from study.participants.questions import localized

FEWEST_FOR_A_MEAN = 10


def who_took_part(study: Study) -> list[AnswersGiven]:
    """The answers of the people whose ballots are analysed, question by question, in the active language.

    Device, language and checks stand there if anybody has a value, questions always; nothing of `hidden_answers`.
    """
    columns = [column for column in answer_columns(study) if column.name not in study.hidden_answers]
    counted = counted_people(study).filter(main_answered__gt=0).exclude(LEFT_OUT)
    batches = in_batches(counted.only("study", "kind", "number", "answers"))
    people = [typed_values(person.answers, columns) for batch in batches for person in batch]
    cuts = {row["column"]: row["cuts"] for row in planned_moderators(study)}
    found = []
    for column in columns:
        given = [value for values in people if (value := values[column.name]) is not None]
        if given or column.name.startswith(("before_", "after_")):
            found.append(_answers(column, given, len(people) - len(given), cuts.get(column.name)))
    return found


def answer_labels(study: Study) -> dict[str, AnswerLabels]:
    """The texts of the columns of answers, and of the answers to choices, by the names of the columns."""
    return {
        column.name: AnswerLabels(
            localized(column.text), {key: localized(text) for key, text in column.options.items()}
        )
        for column in answer_columns(study)
    }


def _answers(column: AnswerColumn, given: Sequence[Value], missing: int, cuts: Sequence[float] | None) -> AnswersGiven:
    """`cuts`: of a moderator of the plan, whose groups are counted so that they agree with its comparison."""
    question = localized(column.text)
    if column.is_personal_text:
        told = len(given) if not 0 < len(given) < SMALLEST_GROUP else None
        return AnswersGiven(question, [(_("in the person's own words"), told)], None if told is None else missing)
    if column.kind == "choice":
        return _counted(question, {key: localized(text) for key, text in column.options.items()}, given, missing)
    if cuts is not None:
        groups = [group_label(str(value), cuts) for value in given]
        return _counted(question, _in_order(zip(given, groups, strict=True)), groups, missing)
    numbers = [float(value) for value in given if value is not None]
    if column.steps:
        steps = {str(step): str(step) for step in range(column.steps[0], column.steps[1] + 1)}
        counted = _counted(question, steps, [f"{number:g}" for number in numbers], missing)
        if counted.hidden or len(numbers) < 2:
            return counted
        return _with_mean(counted, numbers)
    if len(numbers) < FEWEST_FOR_A_MEAN:
        return AnswersGiven(question, (), None if numbers else missing)
    return _with_mean(AnswersGiven(question, (), missing), numbers)


def _with_mean(found: AnswersGiven, numbers: Sequence[float]) -> AnswersGiven:
    return replace(found, mean=round(mean(numbers), 1), sd=round(stdev(numbers), 1), answered=len(numbers))


def _in_order(groups: Iterable[tuple[Value, str]]) -> dict[str, str]:
    """The groups by their values, each as its own text."""
    return {group: group for _value, group in sorted(groups, key=lambda pair: float(pair[0] or 0))}


def _counted(question: str, texts: Mapping[str, str], given: Iterable[Value], missing: int) -> AnswersGiven:
    counts = Counter(map(str, given))
    hidden = hidden_groups(counts)
    names = [*texts, *sorted(counts.keys() - texts.keys())]
    return AnswersGiven(
        question,
        [(texts.get(name, name), None if name in hidden else counts[name]) for name in names],
        missing,
        hidden=sum(counts[name] for name in hidden),
    )
