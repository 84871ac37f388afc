"""The table of participants: one row a person, with what they said beside their ballots."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from study.coarse_times import hour_text
from study.models import Participant, Study
from study.participants.answers_table import AnswerColumn, Value, answer_columns, iterate_answers, typed_values
from study.participants.exclusion_rules import refresh_unfinished, rule_from_json
from study.participants.questions import localized
from study.tables.spreadsheet import csv_parts, csv_text

_ABOUT = {
    "participant": "code of the person, as in ballots.csv",
    "kind": "real or simulated",
    "status": "started, completed or screened_out; people who withdrew are no row",
    "language": "the language in which the person saw the last page",
    "started_at": "the hour in which the person pressed Start (ISO 8601, UTC)",
    "completed_at": "the hour in which the person finished; empty if not",
    "excluded": "1 if the person is excluded from the analysis",
    "exclusion_reason": "why: a researcher's reason, and the rules of the plan that leave the person out",
    "flags": "quality flags, separated by semicolons",
    "slot": "the place in the balanced plan that gave the person's orders; empty while the study is sealed",
    "settings_digest": "digest of the plan at the person's start",
}
# Of a study that has stages; the tables of others are as they have always been.
_STAGE = {"stage": "pilot, main or follow_up: the stage in which the person began; only main gives the results"}
# Of a study that was changed while it ran.
_VERSION = {"study_version": "the version of the study under which the person began; study.json says what each changed"}


def about_columns(study: Study) -> dict[str, str]:
    """The columns about the person, with what each means."""
    return _ABOUT | (_STAGE if study.stages else {}) | (_VERSION if study.version > 1 else {})


def participants_csv_parts(study: Study) -> Iterator[bytes]:
    """One row for each person whose kind counts, also without ballots, as UTF-8 CSV, in parts.

    While the study is sealed it has no slot, which with the plan's seed reveals the position of each condition, and
    nothing that people wrote in their own words.
    """
    header, rows = participants_table(study)
    yield from csv_parts(chain([header], (row for _number, row in rows)))


def participants_table(study: Study, *, after: int = -1) -> tuple[Sequence[str], Iterator[tuple[int, Sequence[Value]]]]:
    """The same table: the names of its columns, and each person's number and row, behind the number `after`."""
    refresh_unfinished(study)
    columns, about, sealed = answer_columns(study), about_columns(study), study.is_sealed
    rows = (
        (
            row.participant.number,
            [*person_facts(row.participant, about, sealed), *(_cell(row.values, column, sealed) for column in columns)],
        )
        for row in iterate_answers(study, after=after)
    )
    return (*about, *(column.name for column in columns)), rows


def participants_codebook_csv(study: Study) -> bytes:
    """One row for each column of the table, with its meaning and what its values mean, as UTF-8 CSV."""
    answers = [(column.name, meaning_of(column), values_of(column)) for column in answer_columns(study)]
    return csv_text(
        [("column", "meaning", "values"), *((name, text, "") for name, text in about_columns(study).items()), *answers]
    ).encode()


def joined_columns(study: Study) -> tuple[AnswerColumn, ...]:
    """The columns of answers that stand in the ballot table too: all but people's own words."""
    return tuple(column for column in answer_columns(study) if not column.is_personal_text)


def person_cells(person: Participant, columns: Sequence[AnswerColumn]) -> list[Value]:
    """The cells of one person in `columns`, those of `joined_columns`."""
    values = typed_values(person.answers, columns)
    return [_cell(values, column, sealed=False) for column in columns]


def meaning_of(column: AnswerColumn) -> str:
    """The question that a column answers, in the active language."""
    part = column.name.partition("_")[0]
    when = {"before": "asked before the trials", "after": "asked after the trials"}.get(part, "")
    question = localized(column.text)
    return f"{when}: {question}" if when else question


def values_of(column: AnswerColumn) -> str:
    """What the values of a column are, in the active language."""
    if column.kind == "choice":
        return "; ".join(f"{key} = {localized(text)}" for key, text in column.options.items())
    if column.steps:
        return f"{column.steps[0]} to {column.steps[1]}"
    return {"number": "a number", "text": "the person's own words; empty while the study is sealed"}[column.kind]


def person_facts(person: Participant, about: Iterable[str], sealed: bool) -> list[Value]:
    """The cells of one person in the columns `about`, of those of `about_columns`."""
    facts: dict[str, Value] = {
        "participant": person.code,
        "kind": person.kind,
        "status": person.status,
        "language": person.language,
        "started_at": hour_text(person.created_at),
        "completed_at": hour_text(person.completed_at),
        "excluded": int(person.left_out),
        "exclusion_reason": "; ".join(filter(None, [person.exclusion_reason, *rules_that_exclude(person)])),
        "flags": ";".join(person.flag_kinds),
        "slot": "" if person.slot is None or sealed else person.slot,
        "settings_digest": person.settings_digest,
        "stage": person.stage,
        "study_version": person.study_version,
    }
    return [facts[name] for name in about]


def _cell(values: Mapping[str, Value], column: AnswerColumn, sealed: bool) -> Value:
    value = values[column.name]
    return "" if value is None or (sealed and column.is_personal_text) else value


def rules_that_exclude(person: Participant) -> list[str]:
    """The plan's rules that leave the person out."""
    return [f"rule of the plan: {rule_from_json(rule)}" for rule in person.rule_exclusions]
