"""Which table of answers a file is, decided by its columns, and its reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis.statistics.errors import DesignError
from analysis.statistics.other_answers import Numbers
from analysis.statistics.pairs import TIE_KEY, Pairs
from analysis.statistics.rankings import Rankings
from analysis.statistics.values import Values
from analysis.tables import answers_table, ballot_table, pair_table, rank_table, rating_table
from analysis.tables.coded_columns import BULK_BYTES
from analysis.tables.errors import TableError
from analysis.tables.long_rows import SHARED, LongTable
from analysis.tables.rating_scales import Ends
from study.tables.errors import TableRefused, message_for_command
from study.tables.reading import read_bytes, read_table

BALLOTS, RATINGS, PAIRS, RANKS, ANSWERS = "ballots", "ratings", "pairs", "ranks", "answers"
_COLUMNS = {
    BALLOTS: ballot_table.REQUIRED,
    ANSWERS: ("participant", "clip", *answers_table.REQUIRED),
    RATINGS: rating_table.REQUIRED,
    PAIRS: pair_table.REQUIRED,
    RANKS: ("rank_1",),
}
_FORMS = (
    "participant,clip,first,second (choices), participant,clip,question,condition,value (ratings), "
    "participant,clip,left,right,chosen (pairs) or participant,clip,rank_1,rank_2,… (ranks)"
)


@dataclass(frozen=True)
class TableForm:
    """What a file's columns say that it is; `ranks`: the columns of ranks."""

    kind: str
    ranks: tuple[str, ...] = ()


@dataclass(frozen=True)
class LongOptions:
    """How to read a long table.

    Attributes:
        conditions: their keys in order; None: those found.
        scales: the ends of scales by question, "" for all others.
        points: of each rank; None for the usual ones.
        tie: the word for a tie.
        moderators: columns that say the same of a person in all rows.
    """

    conditions: tuple[str, ...] | None = None
    scales: Mapping[str, Ends] = field(default_factory=dict)
    points: tuple[float, ...] | None = None
    tie: str = TIE_KEY
    encoding: str | None = None
    moderators: tuple[str, ...] = ()


_SHORT, _LONG = "short ranks", "long ranks"  # one or two ranks are choices, and analysed as those
_MEANT_FOR = {
    "weights": (BALLOTS, _SHORT),
    "second_choice": (BALLOTS, RANKS),
    "clips_per_participant": (BALLOTS, _SHORT),
    "ballots_out": (BALLOTS,),
    "points": (_LONG,),
    "reference": (BALLOTS, RANKS, PAIRS),
    "scale": (RATINGS,),
    "primary_question": (ANSWERS, RATINGS),
    "tie": (PAIRS,),
}
_WORDS = {
    BALLOTS: "first and second choices",
    RATINGS: "ratings",
    PAIRS: "pairs",
    _SHORT: "one or two ranks",
    _LONG: "more than two ranks",
}


def check_options(form: TableForm, options: Mapping[str, Any]) -> None:
    """Refuse an option that was given and means nothing for such a table. Raises DesignError."""
    if form.kind == RANKS:
        _check(options, {RANKS, _SHORT if len(form.ranks) <= 2 else _LONG})
    elif form.kind == ANSWERS:  # its pairs name ties by numbers; the rest is known once it is read
        _check(options, {ANSWERS, RATINGS, RANKS, _SHORT, _LONG})
    else:
        _check(options, {form.kind})


def check_options_of_answers(table: LongTable, options: Mapping[str, Any]) -> None:
    """Refuse an option that means nothing for the questions of a table. Raises DesignError."""
    kinds = {ANSWERS}
    for question in table.questions:
        if isinstance(question.data, Rankings):
            kinds |= {RANKS, _SHORT if question.data.depth <= 2 else _LONG}
        elif isinstance(question.data, Pairs):
            kinds.add(PAIRS)
        elif isinstance(question.data, Values | Numbers):
            kinds.add(RATINGS)
    _check(options, kinds)


def _check(options: Mapping[str, Any], kinds: set[str]) -> None:
    for name, meant_for in _MEANT_FOR.items():
        if options.get(name) in (None, []) or kinds & set(meant_for):
            continue
        found = " and ".join(words for kind, words in _WORDS.items() if kind in kinds) or "such answers"
        instead = ""
        if name == "points" and _SHORT in kinds:
            instead = "; give --weights"
        if name == "weights" and _LONG in kinds:
            instead = "; give --points"
        option = "--" + name.replace("_", "-")
        raise DesignError(f"{option} means nothing for a table of {found}{instead or '; leave it out'}.")


def form_of(path: Path, encoding: str | None = None) -> TableForm:
    """Decide by the columns of a file which table of answers it is; ballots if it is none of the others.

    Raises TableError: the file is no table, has columns of two forms, or a rank is missing.
    """
    keys = _headings(path, encoding)
    if set(_COLUMNS[BALLOTS]) <= keys:
        return TableForm(BALLOTS)
    if set(_COLUMNS[ANSWERS]) <= keys:
        return TableForm(ANSWERS)
    ranks = rank_table.rank_columns(path.name, sorted(keys))
    found = [kind for kind in (RATINGS, PAIRS, RANKS) if set(_COLUMNS[kind]) <= keys]
    if len(found) > 1:
        raise TableError(
            f"{path.name}: the columns are those of {' and of '.join(found)}; keep the columns of one kind in a file, "
            "and analyse each."
        )
    if found:
        return TableForm(found[0], ranks)
    others = {*rating_table.REQUIRED, "question", *pair_table.REQUIRED}
    if not keys & {"first", "second"} and keys & others:
        raise TableError(f"{path.name}: the columns are of no table of answers; the header must name {_FORMS}.")
    return TableForm(BALLOTS)


def read_long_table(path: Path, form: TableForm, options: LongOptions) -> LongTable:
    """Read ratings, pairs, ranks or all answers. Raises TableError with file and row."""
    shared: dict[str, Any] = {"encoding": options.encoding, "moderators": options.moderators}
    conditions = options.conditions
    if form.kind == RATINGS:
        return rating_table.read_ratings(path, conditions, options.scales, **shared)
    if form.kind == PAIRS:
        return pair_table.read_pairs(path, conditions, tie=options.tie, **shared)
    if form.kind == RANKS:
        return rank_table.read_ranks(path, form.ranks, conditions, points=options.points, **shared)
    return answers_table.read_answers(path, conditions, options.scales, points=options.points, **shared)


def _headings(path: Path, encoding: str | None) -> set[str]:
    """The names of the columns; of a large file only its beginning is read as text."""
    known = {*SHARED, *(name for names in _COLUMNS.values() for name in names), "question", "position"}
    try:
        raw = read_bytes(path)
        if len(raw) > BULK_BYTES:
            beginning = raw[: raw.rfind(b"\n", 0, BULK_BYTES) + 1]
            try:
                return set(read_table(beginning, path.name, encoding=encoding, known=known).keys())
            except TableRefused:  # an encoding or a workbook that cannot be cut
                pass
        return set(read_table(raw, path.name, encoding=encoding, known=known).keys())
    except TableRefused as error:
        raise TableError(message_for_command(error)) from error
