"""Reading a ballots CSV into coded arrays; errors name file, row and value and say how to correct it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis.statistics.ballots import NONE, PRESET, Ballots, check_ballots, check_conditions
from analysis.statistics.errors import BallotsError, DesignError
from analysis.tables.csv_file import read_text_columns
from analysis.tables.errors import TableError

REQUIRED = ("participant", "clip", "first", "second")
WHOLE_NUMBERS = ("repeat", "trial", "position_first", "position_second")
OPTIONAL = (*WHOLE_NUMBERS, "excluded", "order")
NOT_EXCLUDED = frozenset({"", "0", "0.0", "false", "no", "n", "none"})
UNKNOWN = NONE - 1  # the code of a key that is no condition


@dataclass(frozen=True)
class BallotTable:
    """The ballots of a file.

    Attributes:
        ballots: without the excluded rows.
        all_ballots: with the excluded rows that are valid ballots; None if nothing is excluded.
        n_excluded: number of excluded rows.
        excluded_reasons: number of excluded rows by the text in the column `excluded`.
    """

    ballots: Ballots
    all_ballots: Ballots | None
    n_excluded: int
    excluded_reasons: dict[str, int]


def read_ballots(path: str | Path, conditions: Sequence[str] | None = None) -> BallotTable:
    """Read and check a ballots CSV.

    Columns `participant,clip,first,second` (condition keys; an empty `second` is no second choice, both empty:
    none of the images fits), optionally `repeat`, `trial`, `position_first`, `position_second`, `excluded`, and
    `order` (the keys by position, separated by semicolons; needed if only some were shown).

    Without `conditions`: the four preset keys if all keys are among them, else the keys found. Raises TableError.
    """
    path = Path(path)
    table = _read(path)
    columns = {name: table[name] for name in (*REQUIRED, *OPTIONAL) if name in table.column_names}
    columns |= {name: _unescape_formulas(columns[name]) for name in ("participant", "clip")}
    n = table.num_rows
    if n == 0:
        raise TableError(f"{path.name}: there are no ballots under the header; add at least one row.")
    reasons = _text(columns["excluded"]) if "excluded" in columns else None
    excluded = np.zeros(n, dtype=bool) if reasons is None else _is_excluded(reasons)
    keep = ~excluded
    if not keep.any():
        raise TableError(f"{path.name}: all {n} ballots are excluded; at least one must be kept.")
    people, person = _labels(path, columns["participant"], "participant")
    clips, clip = _labels(path, columns["clip"], "clip")
    keys, choices = _choices(columns["first"], columns["second"])
    _check_choices(path, keys, choices, keep)
    names = _condition_keys(path, keys, choices, keep, conditions)
    first, second = _condition_codes(path, keys, choices, names, keep)
    whole: dict[str, Any] = {name: _whole(path, columns[name], name) for name in WHOLE_NUMBERS if name in columns}
    order = _order(path, columns["order"], names, keep) if "order" in columns else None
    _check_positions(path, whole, len(names), keep)
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
    kept = every_row if keep.all() else every_row.select(keep)
    try:
        check_ballots(kept)
    except BallotsError as error:
        if error.row is None:
            raise TableError(f"{path.name}: {error}") from error
        _refuse(path, np.flatnonzero(keep)[error.row], str(error))
    excluded_reasons = {} if reasons is None else _count(reasons.filter(pa.array(excluded)))
    return BallotTable(kept, _with_excluded(every_row, keep), int(excluded.sum()), excluded_reasons)


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


def _unescape_formulas(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Remove the apostrophe that exported tables put before texts that a spreadsheet would compute."""
    if not pc.any(pc.starts_with(column, "'")).as_py():
        return column
    return pc.replace_substring_regex(column, r"^'([=+\-@\t\r])", r"\1")


def _refuse(path: Path, index: int, message: str) -> NoReturn:
    raise TableError(f"{path.name}, row {int(index) + 2}: {message}")


def _read(path: Path) -> pa.Table:
    table = read_text_columns(path, (*REQUIRED, *OPTIONAL))
    missing = [name for name in REQUIRED if name not in table.column_names]
    if missing:
        raise TableError(
            f"{path.name}, row 1: the column '{missing[0]}' is missing; the header must name {', '.join(REQUIRED)}."
        )
    twice = [name for name in table.column_names if table.column_names.count(name) > 1]
    if twice:
        raise TableError(f"{path.name}, row 1: the column '{twice[0]}' appears twice; keep one.")
    return table


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.utf8_trim_whitespace(column.cast(pa.string()))


def _encoded(column: pa.ChunkedArray) -> tuple[pa.StringArray, np.ndarray]:
    """Distinct values without surrounding spaces (so two may be equal), and each row's index into them."""
    encoded = column.dictionary_encode().combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0)
    return pc.utf8_trim_whitespace(encoded.dictionary), _numbers(encoded.indices)


def _numbers(indices: pa.Int32Array) -> np.ndarray:
    """The indices as a NumPy array. Arrow's `to_numpy` imports pandas, which takes longer than a small analysis."""
    return np.frombuffer(indices.buffers()[1], dtype=np.int32, count=len(indices), offset=4 * indices.offset)


def _dictionary(column: pa.ChunkedArray) -> tuple[list[str], np.ndarray]:
    values, codes = _encoded(column)
    return values.to_pylist(), codes


def _is_excluded(reasons: pa.ChunkedArray) -> np.ndarray:
    values, codes = _dictionary(reasons)
    return np.array([value.lower() not in NOT_EXCLUDED for value in values], dtype=bool)[codes]


def _count(reasons: pa.ChunkedArray) -> dict[str, int]:
    counts = pc.value_counts(reasons.combine_chunks())
    return {row["values"]: row["counts"] for row in counts.to_pylist()}


def _labels(path: Path, column: pa.ChunkedArray, name: str) -> tuple[tuple[str, ...], np.ndarray]:
    """Sorted labels and codes, so that the order of rows does not matter."""
    values, codes = _encoded(column)
    distinct = values.dictionary_encode()
    order = pc.array_sort_indices(distinct.dictionary)
    place = np.empty(len(order), dtype=np.int32)
    place[np.array(order.to_pylist())] = np.arange(len(order))
    coded = place[_numbers(distinct.indices)][codes]
    labels = tuple(distinct.dictionary.take(order).to_pylist())
    if labels[0] == "":
        _refuse(path, np.flatnonzero(coded == 0)[0], f"the {name} is empty; every ballot needs one.")
    return labels, coded


def _choices(first: pa.ChunkedArray, second: pa.ChunkedArray) -> tuple[list[str], tuple[np.ndarray, np.ndarray]]:
    """The keys of both columns in one list, and each column as indices into it."""
    keys: list[str] = []
    coded = []
    for column in (first, second):
        values, codes = _dictionary(column)
        places = []
        for value in values:
            if value not in keys:
                keys.append(value)
            places.append(keys.index(value))
        coded.append(np.array(places, dtype=np.int64)[codes])
    return keys, (coded[0], coded[1])


def _check_choices(path: Path, keys: list[str], choices: tuple[np.ndarray, np.ndarray], keep: np.ndarray) -> None:
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
            _refuse(path, rows[0], message.format(key=keys[first[rows[0]]]))


def _condition_keys(
    path: Path,
    keys: list[str],
    choices: tuple[np.ndarray, np.ndarray],
    keep: np.ndarray,
    conditions: Sequence[str] | None,
) -> tuple[str, ...]:
    used = np.bincount(np.concatenate([codes[keep] for codes in choices]), minlength=len(keys)) > 0
    found = sorted(key for key, present in zip(keys, used, strict=True) if key and present)
    if conditions is None:
        conditions = PRESET if set(found) <= set(PRESET) else found
    try:
        return check_conditions(conditions)
    except DesignError as error:
        raise TableError(f"{path.name}: {error} Use --conditions a,b,… to name them.") from error


def _condition_codes(
    path: Path, keys: list[str], choices: tuple[np.ndarray, np.ndarray], names: tuple[str, ...], keep: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Condition numbers of both columns, `NONE` for no choice, `UNKNOWN` in excluded rows with another key."""
    number = {key: index for index, key in enumerate(names)} | {"": NONE}
    lookup = np.array([number.get(key, UNKNOWN) for key in keys], dtype=np.int8)
    for name, indices in zip(("first", "second"), choices, strict=True):
        wrong = np.flatnonzero((lookup[indices] == UNKNOWN) & keep)
        if len(wrong):
            _refuse(
                path,
                wrong[0],
                f"{name} choice '{keys[indices[wrong[0]]]}' is no condition ({', '.join(names)}); "
                "correct the key or name it in --conditions.",
            )
    return lookup[choices[0]], lookup[choices[1]]


def _whole(path: Path, column: pa.ChunkedArray, name: str) -> np.ndarray:
    """Whole numbers that are not negative; empty is 0."""
    values, codes = _dictionary(column)
    numbers = np.zeros(len(values), dtype=np.int32)
    for index, value in enumerate(values):
        text = value.removesuffix(".0")
        if text == "":
            continue
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            row = np.flatnonzero(codes == index)[0]
            _refuse(path, row, f"{name} '{value}' is not a whole number; correct it or leave it empty.")
        numbers[index] = int(text)
    return numbers[codes]


def _check_positions(path: Path, whole: dict[str, np.ndarray], k: int, keep: np.ndarray) -> None:
    for name in ("position_first", "position_second"):
        if name in whole:
            wrong = np.flatnonzero((whole[name] > k) & keep)
            if len(wrong):
                _refuse(path, wrong[0], f"{name} {whole[name][wrong[0]]} is beyond the {k} positions of the page.")


def _order(path: Path, column: pa.ChunkedArray, names: tuple[str, ...], keep: np.ndarray) -> np.ndarray:
    """The condition at each position (N, K), NONE beyond the shown ones. An empty value: all, in unknown order."""
    values, codes = _dictionary(column)
    table = np.full((len(values), len(names)), NONE, dtype=np.int8)
    for index, value in enumerate(values):
        shown = [key.strip() for key in value.split(";")] if value else list(names)
        wrong = [key for key in shown if key not in names or shown.count(key) > 1]
        rows = np.flatnonzero((codes == index) & keep)
        if (wrong or len(shown) < 2) and len(rows):
            _refuse(
                path,
                rows[0],
                f"order '{value}' must name at least two conditions, each once, separated by semicolons.",
            )
        if not wrong:
            table[index, : len(shown)] = [names.index(key) for key in shown]
    return table[codes]
