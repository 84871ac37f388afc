"""Ballots from a survey tool's download and its mapping; a row that prevents it is named."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from analysis.tables.errors import TableError
from analysis.tables.survey_exports.columns import Row, SurveyTable
from analysis.tables.survey_exports.mapping import NONE_FITS, ClipQuestions, Mapping, TrialRows
from study.tables.cells import clean_name
from study.tables.notes import MAPPED, ORDERED_TICKS, ROWS_LEFT_OUT, SAME_PLACES, UNANSWERED
from study.tables.spreadsheet import csv_text

COLUMNS = ["participant", "clip", "first", "second", "position_first", "position_second", "excluded"]
TWICE = "the same image as 1st and 2nd choice"
FEWEST_TICKS = 10
_NUMBER = re.compile(
    r"(?:rank|no\.?|nr\.?|#|제)?\s*(\d{1,2})(?:\.0+)?\s*(?:st|nd|rd|th|순위|위|번째|位|番目|番|\.)?"
    r"(?:\s*(?:choice|place|rank|선택))?",
    re.IGNORECASE,
)
_FIRST = re.compile(r"\b(first|best)\b|첫\s*번째|첫째|가장|一|erste|premi|primer", re.IGNORECASE)
_SECOND = re.compile(r"\b(second)\b|두\s*번째|둘째|차선|二|zweit|deuxi|segund", re.IGNORECASE)
_IN_ONE_CELL = re.compile(r"(?:(?<!\s)\s*)?[;,|\n]\s*")
_LONGEST_RANK = 40
Read = Callable[[list[str]], str]


@dataclass
class _Answer:
    """What a person chose for a clip, in the words of the download; `row`: where it stands."""

    row: int
    person: int
    clip: str
    first: str = ""
    second: str = ""
    positions: tuple[str, str] = ("", "")
    answers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class MappedBallots:
    """The ballots of a download: `rows` under `header`. People are called by the row in which they come first."""

    header: list[str]
    rows: list[list[str]]

    def csv(self) -> str:
        """Return the table without formulas, as Earsight writes all of its tables."""
        return csv_text([self.header, *self.rows])


def map_ballots(table: SurveyTable, mapping: Mapping) -> MappedBallots:
    """Return the ballots of a download; what was left out goes into the table's notes.

    Raises:
        TableError: the mapping does not fit the table, or an answer has no meaning; with row, value and what to do.
    """
    rows = list(_kept_rows(table, mapping))
    people = _people(table, mapping, rows)
    answers = mapping.answers
    given = (
        list(_clip_answers(table, mapping, rows, people))
        if mapping.clips
        else list(_trial_answers(table, mapping.trials, rows, people))  # type: ignore[arg-type]
    )
    of_people = {name: table.reader(reference) for name, reference in mapping.people.items()}
    _refuse_taken_names(table, mapping)
    ballots: list[list[str]] = []
    seen: dict[tuple[int, str], int] = {}
    unanswered = 0
    cells_of = dict(rows)
    for answer in sorted(given, key=lambda answer: answer.row):
        if not answer.first and not answer.second:
            unanswered += 1
            continue
        key = (answer.person, answer.clip)
        if key in seen:
            raise _fault(
                table,
                answer.row,
                _(
                    "the person of row %(person)d answered clip “%(clip)s” in row %(other)d already; name one of the "
                    "rows under leave_out_rows in the mapping."
                )
                % {"person": answer.person, "clip": answer.clip[:60], "other": seen[key]},
            )
        seen[key] = answer.row
        known = answers | answer.answers
        first, second = (_condition(table, answer, value, known) for value in (answer.first, answer.second))
        if answer.second and (not answer.first or (second and not first)):
            raise _fault(
                table,
                answer.row,
                _("clip “%(clip)s” has a 2nd choice and no 1st; complete it, or name the row under leave_out_rows.")
                % {"clip": answer.clip[:60]},
            )
        excluded = ""
        if first and first == second:
            if mapping.same_image_twice == "refuse":
                raise _fault(
                    table,
                    answer.row,
                    _(
                        "clip “%(clip)s” has “%(answer)s” as 1st and as 2nd choice; correct it, or write "
                        "same_image_twice: leave_out into the mapping."
                    )
                    % {"clip": answer.clip[:60], "answer": answer.first[:60]},
                )
            excluded = TWICE
        people_cells = [read(cells_of[answer.row]) for read in of_people.values()]
        ballots.append([f"row {answer.person}", answer.clip, first, second, *answer.positions, excluded, *people_cells])
    if not ballots:
        raise TableError(
            _("%(file)s: the mapping finds no answer; check the columns that it names.") % {"file": table.file}
        )
    _note(table, mapping, ballots, len(rows), unanswered)
    return _without_empty_columns([*COLUMNS, *of_people], ballots)


def _without_empty_columns(header: list[str], rows: list[list[str]]) -> MappedBallots:
    """Leave out optional columns in which nothing is said."""
    said = [at for at, name in enumerate(header) if at < 4 or name not in COLUMNS or any(row[at] for row in rows)]
    return MappedBallots([header[at] for at in said], [[row[at] for at in said] for row in rows])


def _fault(table: SurveyTable, row: int, message: str) -> TableError:
    return TableError(_("%(file)s, row %(row)d: %(problem)s") % {"file": table.file, "row": row, "problem": message})


def _refuse_taken_names(table: SurveyTable, mapping: Mapping) -> None:
    taken = [name for name in mapping.people if name in (*COLUMNS, "repeat", "trial", "order", "knows_piece")]
    if taken:
        raise TableError(
            _("%(file)s: “%(name)s” under people has a meaning of its own in ballots; rename it.")
            % {"file": table.file, "name": taken[0]}
        )


def _kept_rows(table: SurveyTable, mapping: Mapping) -> Iterator[Row]:
    numbers = {number for number, _cells in table.rows}
    for number in mapping.leave_out_rows:
        if number not in numbers:
            raise TableError(
                _("%(file)s: leave_out_rows names row %(row)d, which holds no answers.")
                % {"file": table.file, "row": number}
            )
    without = [(table.reader(column), set(map(clean_name, values))) for column, values in mapping.leave_out.items()]
    only = mapping.trials.only if mapping.trials else {}
    among = [(table.reader(column), set(map(clean_name, values))) for column, values in only.items()]
    left_out = 0
    for number, cells in table.rows:
        if number in mapping.leave_out_rows or any(read(cells) in values for read, values in without):
            left_out += 1
        elif all(read(cells) in values for read, values in among):
            yield number, cells
    if left_out:
        table.notes.add(ROWS_LEFT_OUT, n=left_out)


def _people(table: SurveyTable, mapping: Mapping, rows: list[Row]) -> dict[int, int]:
    """Each row's person, called by the row in which the person comes first."""
    if mapping.participant is None:
        return {number: number for number, _cells in rows}
    read = table.reader(mapping.participant)
    first_row: dict[str, int] = {}
    people = {}
    for number, cells in rows:
        person = read(cells)
        if not person:
            raise _fault(
                table,
                number,
                _(
                    "the column “%(column)s” does not say who answered; complete it, or name the row under "
                    "leave_out_rows."
                )
                % {"column": mapping.participant[:60]},
            )
        people[number] = first_row.setdefault(person, number)
    return people


def _condition(table: SurveyTable, answer: _Answer, value: str, known: dict[str, str]) -> str:
    if not value:
        return ""
    meaning = {clean_name(text): condition for text, condition in known.items()}
    if value not in meaning:
        raise _fault(
            table,
            answer.row,
            _(
                "the answer “%(answer)s” for clip “%(clip)s” is not under answers in the mapping; add it with its "
                "condition (empty if it means that none fits), or correct the cell."
            )
            % {"answer": value[:60], "clip": answer.clip[:60]},
        )
    condition = meaning[value]
    return "" if condition in NONE_FITS else condition


def _clip_answers(table: SurveyTable, mapping: Mapping, rows: list[Row], people: dict[int, int]) -> Iterator[_Answer]:
    for clip in mapping.clips:
        read = _reader_of_clip(table, mapping, clip, rows)
        for number, cells in rows:
            first, second = read(number, cells)
            yield _Answer(number, people[number], clip.clip, first, second, answers=clip.answers)


def _reader_of_clip(
    table: SurveyTable, mapping: Mapping, clip: ClipQuestions, rows: list[Row]
) -> Callable[[int, list[str]], tuple[str, str]]:
    if clip.first:
        first = table.reader(clip.first)
        second: Read = table.reader(clip.second) if clip.second else lambda cells: ""
        return lambda number, cells: (first(cells), second(cells))
    if clip.ranks:
        readers = [(clean_name(answer), table.reader(column)) for answer, column in clip.ranks.items()]
        return lambda number, cells: _best_two(table, number, clip, [(name, read(cells)) for name, read in readers])
    read = table.reader(clip.ranking or "")
    known = [clean_name(answer) for answer in mapping.answers | clip.answers]
    listed = [(number, _listed(read(cells), known)) for number, cells in rows]
    _refuse_ticks(table, clip, [found[:2] for _number, found in listed if len(found) >= 2], known)
    by_row = {number: (found[0] if found else "", found[1] if found[1:] else "") for number, found in listed}
    return lambda number, cells: by_row[number]


def _listed(cell: str, known: list[str]) -> list[str]:
    """The answers of a cell in their order; an answer may hold the separator itself."""
    found: list[str] = []
    longest_first = sorted(filter(None, known), key=len, reverse=True)
    while cell:
        for answer in longest_first:
            rest = cell.removeprefix(answer)
            if rest != cell and (not rest or _IN_ONE_CELL.match(rest)):
                break
        else:
            answer = _IN_ONE_CELL.split(cell, maxsplit=1)[0]
            rest = cell[len(answer) :]
        found.append(answer)
        separator = _IN_ONE_CELL.match(rest)
        cell = rest[separator.end() :] if separator else ""
    return found


def _refuse_ticks(table: SurveyTable, clip: ClipQuestions, pairs: list[list[str]], known: list[str]) -> None:
    """Refuse cells whose answers stand in the order of `known` for everybody, as those of tick boxes do."""
    in_form_order = all(known.index(one) < known.index(other) for one, other in pairs if {one, other} <= set(known))
    if len(pairs) >= FEWEST_TICKS and in_form_order:
        raise TableError(
            _(
                "%(file)s: the answers for clip “%(clip)s” stand in the same order in every cell, as tick boxes give "
                "them, so they do not say which is the 1st choice; ask in two questions, or by ranks."
            )
            % {"file": table.file, "clip": clip.clip[:60]}
        )
    if pairs:
        table.notes.add(ORDERED_TICKS, clip=clip.clip)


def _best_two(table: SurveyTable, number: int, clip: ClipQuestions, ranks: list[tuple[str, str]]) -> tuple[str, str]:
    found: dict[int, str] = {}
    for name, cell in ranks:
        if not cell:
            continue
        rank = _rank(cell)
        if rank is None:
            message = _("“%(value)s” for clip “%(clip)s” is no rank such as 1 or 2nd; correct it.")
            raise _fault(table, number, message % {"value": cell[:60], "clip": clip.clip[:60]})
        if rank in (1, 2) and rank in found:
            raise _fault(
                table,
                number,
                _(
                    "clip “%(clip)s” has two images of rank %(rank)d, “%(one)s” and “%(other)s”; correct it, or name "
                    "the row under leave_out_rows."
                )
                % {"clip": clip.clip[:60], "rank": rank, "one": found[rank][:40], "other": name[:40]},
            )
        found[rank] = name
    return found.get(1, ""), found.get(2, "")


def _rank(cell: str) -> int | None:
    if len(cell) > _LONGEST_RANK:  # nor is it safe to look for one: the time grows by the square of the length
        return None
    number = _NUMBER.fullmatch(cell)
    if number:
        return int(number.group(1))
    return 2 if _SECOND.search(cell) else 1 if _FIRST.search(cell) else None


def _trial_answers(table: SurveyTable, trials: TrialRows, rows: list[Row], people: dict[int, int]) -> Iterator[_Answer]:
    clip_of, first_of = table.reader(trials.clip), table.reader(trials.first)
    second_of: Read = table.reader(trials.second) if trials.second else lambda cells: ""
    choice_of = table.reader(trials.choice.column) if trials.choice else None
    order_of = table.reader(trials.order) if trials.order else None
    halves: dict[tuple[int, str], _Answer] = {}
    for number, cells in rows:
        clip = clip_of(cells)
        if not clip:
            message = _("the column “%(column)s” names no clip; narrow the rows under only.")
            raise _fault(table, number, message % {"column": trials.clip[:60]})
        values, positions = (first_of(cells), second_of(cells)), ("", "")
        if order_of:
            values, positions = _by_place(table, number, order_of(cells), values)
        if choice_of is None or trials.choice is None:
            yield _Answer(number, people[number], clip, *values, positions)
            continue
        part = choice_of(cells)
        answer = halves.setdefault((people[number], clip), _Answer(number, people[number], clip))
        if part not in (*trials.choice.first, *trials.choice.second):
            message = _("“%(value)s” is neither under first nor under second of choice; add it to one of them.")
            raise _fault(table, number, message % {"value": part[:60]})
        name = "first" if part in trials.choice.first else "second"
        if getattr(answer, name):
            message = _("this choice for clip “%(clip)s” is there already; name one row under leave_out_rows.")
            raise _fault(table, number, message % {"clip": clip[:60]})
        setattr(answer, name, values[0])
        answer.positions = (
            (positions[0], answer.positions[1]) if name == "first" else (answer.positions[0], positions[0])
        )
    yield from halves.values()


def _by_place(
    table: SurveyTable, number: int, order: str, values: tuple[str, str]
) -> tuple[tuple[str, str], tuple[str, str]]:
    """The images at two places of a list of images, counted from 0, and the places counted from 1."""
    try:
        shown = json.loads(order)
    except (ValueError, RecursionError):
        shown = _IN_ONE_CELL.split(order)
    images, positions = ["", ""], ["", ""]
    for at, value in enumerate(values):
        if not value:
            continue
        if not isinstance(shown, list) or not value.isdecimal() or int(value) >= len(shown):
            message = _("“%(value)s” is no place, counted from 0, in the order “%(order)s”; correct it.")
            raise _fault(table, number, message % {"value": value[:40], "order": order[:80]})
        images[at], positions[at] = clean_name(str(shown[int(value)])), str(int(value) + 1)
    return (images[0], images[1]), (positions[0], positions[1])


def _note(table: SurveyTable, mapping: Mapping, ballots: list[list[str]], rows: int, unanswered: int) -> None:
    notes = table.notes
    notes.add(MAPPED, n=len(ballots), people=len({row[0] for row in ballots}), rows=rows, file=table.file)
    if unanswered:
        notes.add(UNANSWERED, n=unanswered)
    in_one_order = mapping.trials.order is None if mapping.trials else len(mapping.clips) > 1
    if in_one_order and not any(clip.answers for clip in mapping.clips):
        notes.add(SAME_PLACES)
