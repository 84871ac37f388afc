"""Reading a ballots CSV into coded arrays; errors name file, row and value and say how to correct it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from analysis.statistics.ballots import NONE, PRESET, Ballots, check_ballots
from analysis.statistics.errors import BallotsError
from analysis.tables.coded_columns import CodedColumns, Column, read_columns
from analysis.tables.condition_keys import choose_conditions
from analysis.tables.errors import TableError
from analysis.tables.label_columns import (
    condition_codes,
    condition_keys,
    labels,
    refuse,
    shown_order,
    whole_numbers,
    without_missing,
)
from analysis.tables.person_columns import NO, check_moderators, groups_of, known_pieces
from study.tables.notes import HEADINGS

REQUIRED = ("participant", "clip", "first", "second")
WHOLE_NUMBERS = ("repeat", "trial", "position_first", "position_second")
# How a sealed study names its conditions (study/design/conditions.py).
SEALED_LABEL = re.compile("Condition [P-Z]")
OPTIONAL = (*WHOLE_NUMBERS, "excluded", "order", "knows_piece")


@dataclass(frozen=True)
class BallotTable:
    """The ballots of a file.

    Attributes:
        ballots: without the excluded rows.
        all_ballots: with the excluded rows that are valid ballots; None if nothing is excluded.
        n_excluded: number of excluded rows.
        excluded_reasons: number of excluded rows by the text in the column `excluded`.
        notes: what was changed on reading, and what a reader of the results should look at, in sentences.
        n_known: how many of `ballots` are on pieces that people knew; None if the table does not say of any.
        without_known: the other ballots; None if that is all or none of them.
        moderators: column → participant → group, "" if it is not known, of the columns that were asked for.
    """

    ballots: Ballots
    all_ballots: Ballots | None
    n_excluded: int
    excluded_reasons: dict[str, int]
    notes: tuple[str, ...] = ()
    n_known: int | None = None
    without_known: Ballots | None = None
    moderators: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def groups(self) -> dict[str, list[str]]:
        """The groups of each moderator, one for each participant of `ballots`."""
        people = self.ballots.participants
        return {name: [of_person[person] for person in people] for name, of_person in self.moderators.items()}


def read_ballots(
    path: str | Path,
    conditions: Sequence[str] | None = None,
    *,
    encoding: str | None = None,
    verbatim: bool = False,
    moderators: Sequence[str] = (),
) -> BallotTable:
    """Read and check a ballots CSV.

    Columns `participant,clip,first,second` (condition keys; an empty `second` is no second choice, both empty:
    none of the images fits), optionally `repeat`, `trial`, `position_first`, `position_second`, `excluded`,
    `knows_piece` (1 or 0), and `order` (the keys by position, separated by semicolons; needed if only some were
    shown). Where a value may be missing, the usual words for one (NA, None, …) are read as empty. `encoding`: the
    file's, if a person named it. `verbatim`: Earsight wrote the table: its names are those of its rows, to the last
    space. `moderators`: further columns, each of which says the same of a person in all of that person's rows.

    Without `conditions`: the four preset keys if a key is among them, else the keys found. Raises TableError.
    """
    path = Path(path)
    check_moderators(moderators, (*REQUIRED, *OPTIONAL))
    wanted, required = (*REQUIRED, *OPTIONAL, *moderators), (*REQUIRED, *moderators)
    table = read_columns(path, wanted, required, encoding=encoding, verbatim=verbatim)
    table = _without_further_headings(table)
    if table.n == 0:
        raise TableError(f"{path.name}: there are no ballots under the header; add at least one row.")
    columns = {
        name: column
        if name in ("participant", "clip")
        else without_missing(table, column, name, conditions if name in ("first", "second") else None)
        for name, column in table.columns.items()
    }
    excluded = np.zeros(table.n, dtype=bool)
    if "excluded" in columns:
        excluded = columns["excluded"].rows(lambda value: value.casefold() not in NO)
    keep = ~excluded
    if not keep.any():
        raise TableError(f"{path.name}: all {table.n} ballots are excluded; at least one must be kept.")
    people, person = labels(table, columns["participant"], "participant")
    clips, clip = labels(table, columns["clip"], "clip")
    keys, (first_keys, second_keys) = condition_keys(table, [columns["first"], columns["second"]], conditions or ())
    _refuse_sealed(path, columns, keys)
    choices = first_keys, second_keys
    _check_choices(table, keys, choices, keep)
    names = choose_conditions(table, keys, choices, keep, conditions)
    named = {"first choice": first_keys, "second choice": second_keys}
    first, second = condition_codes(table, keys, named, names, keep)
    whole: dict[str, Any] = {
        name: whole_numbers(table, columns[name], name) for name in WHOLE_NUMBERS if name in columns
    }
    order = shown_order(table, columns["order"], names, keep) if "order" in columns else None
    _check_positions(table, whole, len(names), keep)
    every_row = Ballots(
        conditions=names,
        participants=people,
        clips=clips,
        participant=person,
        clip=clip,
        first=first,
        second=second,
        order=order,
        **whole,
    )
    _check_places(table, every_row, keep & columns["order"].rows(bool) if "order" in columns else None, keep)
    kept = every_row if keep.all() else every_row.select(keep)
    try:
        check_ballots(kept)
    except BallotsError as error:
        if error.row is None:
            raise TableError(f"{path.name}: {error}") from error
        refuse(table, np.flatnonzero(keep)[error.row], str(error))
    everyone = _with_excluded(every_row, keep)
    known = known_pieces(table, columns["knows_piece"]) if "knows_piece" in columns else np.zeros(table.n, dtype=bool)
    n_known = int((keep & known).sum()) if "knows_piece" in columns and any(columns["knows_piece"].values) else None
    return BallotTable(
        _sorted(kept),
        None if everyone is None else _sorted(everyone),
        int(excluded.sum()),
        _count(columns["excluded"], excluded) if "excluded" in columns else {},
        tuple(table.notes.sentences()),
        n_known,
        _sorted(every_row.select(keep & ~known)) if (keep & known).any() and (keep & ~known).any() else None,
        {name: groups_of(table, columns[name], name, people, person) for name in moderators},
    )


def _with_excluded(every_row: Ballots, keep: np.ndarray) -> Ballots | None:
    """The ballots with those excluded rows that are valid ballots; None if no row is excluded or valid."""
    if keep.all():
        return None
    possible = (every_row.first >= NONE) & (every_row.second >= NONE)
    possible &= (every_row.first != every_row.second) | (every_row.first < 0)
    possible &= ~((every_row.first < 0) & (every_row.second >= 0))
    ballots = every_row.select(possible | keep)
    try:
        check_ballots(ballots)
    except BallotsError:
        return None
    return ballots


def _refuse_sealed(path: Path, columns: Mapping[str, Any], keys: Sequence[str]) -> None:
    """Refuse the table of a sealed study: its labels differ from person to person, so they compare nothing."""
    emptied = [columns[name] for name in ("order", "position_first", "position_second") if name in columns]
    is_emptied = len(emptied) == 3 and not any(any(column.values) for column in emptied)
    if is_emptied and all(SEALED_LABEL.fullmatch(key) for key in keys if key):
        raise TableError(
            f"{path.name}: this is the table of a sealed study, whose labels are drawn anew for each person; export "
            "the study again once it is closed."
        )


def _sorted(ballots: Ballots) -> Ballots:
    """The ballots by person, clip and repeat, so that not even a sum's last digit depends on the order of rows."""
    pair = ballots.cell
    if ballots.repeat is None and bool((pair[1:] > pair[:-1]).all()):
        return ballots
    order = np.argsort(pair, kind="stable") if ballots.repeat is None else np.lexsort((ballots.repeat, pair))
    columns = (
        "participant",
        "clip",
        "first",
        "second",
        "repeat",
        "trial",
        "position_first",
        "position_second",
        "order",
    )
    taken: dict[str, Any] = {name: column[order] for name in columns if (column := getattr(ballots, name)) is not None}
    return replace(ballots, **taken)


def _without_further_headings(table: CodedColumns) -> CodedColumns:
    """The table without a first row that holds the questions' texts, as survey tools write it.

    Its person, clip and choices are those of no other row, and its choices are sentences or one text, or the other
    rows have keys of the preset.
    """
    if table.n < 4 or table.verbatim:
        return table
    cells = [table.columns[name].values[table.columns[name].codes[0]] for name in REQUIRED]
    once = all((table.columns[name].codes == table.columns[name].codes[0]).sum() == 1 for name in REQUIRED)
    if not once or not all(cells):
        return table
    first, second = cells[2:]
    others = {
        value
        for name in ("first", "second")
        for value, n in zip(
            table.columns[name].values,
            np.bincount(table.columns[name].codes[1:], minlength=len(table.columns[name].values)),
            strict=True,
        )
        if n and value
    }
    sentences = " " in first.strip() or " " in second.strip() or first.endswith("?") or first == second
    if others & {first, second} or not (sentences or len(others & set(PRESET)) > 1):
        return table
    table.notes.add(HEADINGS, row=table.row_number(0), text=first[:40])
    columns = {name: column.take(slice(1, None)) for name, column in table.columns.items()}
    return replace(table, n=table.n - 1, columns=columns, row_number=lambda index: table.row_number(index + 1))


def _count(reasons: Column, excluded: np.ndarray) -> dict[str, int]:
    counts = np.bincount(reasons.codes[excluded], minlength=len(reasons.values))
    return {value: int(n) for value, n in zip(reasons.values, counts, strict=True) if n}


def _check_choices(
    table: CodedColumns, keys: list[str], choices: tuple[np.ndarray, np.ndarray], keep: np.ndarray
) -> None:
    """Check what is wrong for any conditions, so that these errors come before those about unknown conditions."""
    filled = np.array([key != "" for key in keys], dtype=bool)
    first, second = choices
    for wrong, message in (
        (
            (first == second) & filled[first],
            "'{key}' is both first and second choice; a ballot names two images. "
            "Empty the second choice, or mark the row as excluded.",
        ),
        (
            ~filled[first] & filled[second],
            "there is a second choice without a first; fill the first or empty the second.",
        ),
    ):
        rows = np.flatnonzero(wrong & keep)
        if len(rows):
            refuse(table, rows[0], message.format(key=keys[first[rows[0]]]))


def _check_positions(table: CodedColumns, whole: dict[str, np.ndarray], k: int, keep: np.ndarray) -> None:
    for name in ("position_first", "position_second"):
        if name in whole:
            wrong = np.flatnonzero((whole[name] > k) & keep)
            if len(wrong):
                refuse(table, wrong[0], f"{name} {whole[name][wrong[0]]} is beyond the {k} positions of the page.")


def _check_places(table: CodedColumns, ballots: Ballots, ordered: np.ndarray | None, keep: np.ndarray) -> None:
    """Refuse a position at which the column `order` has another condition, and one position of both choices.

    `ordered`: the kept rows whose order is given.
    """
    places = {"first": ballots.position_first, "second": ballots.position_second}
    for name, place in places.items():
        if place is None or ballots.order is None or ordered is None:
            continue
        choice = getattr(ballots, name)
        there = ballots.order[np.arange(ballots.n), np.maximum(place, 1) - 1]
        wrong = np.flatnonzero((place > 0) & (choice >= 0) & (there != choice) & ordered)
        if len(wrong):
            row = wrong[0]
            found = ballots.conditions[there[row]] if there[row] >= 0 else "nothing"
            refuse(
                table,
                row,
                f"position_{name} is {place[row]}, where the column 'order' has '{found}', not the {name} choice "
                f"'{ballots.conditions[choice[row]]}'; correct one of the two columns.",
            )
    one, other = places["first"], places["second"]
    if one is not None and other is not None:
        wrong = np.flatnonzero((one == other) & (one > 0) & (ballots.second >= 0) & keep)
        if len(wrong):
            message = f"both choices have position {one[wrong[0]]}; correct position_first or position_second."
            refuse(table, wrong[0], message)
