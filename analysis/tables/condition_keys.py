"""Which keys of a ballot table are the conditions, and which are probably misspelt."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

import numpy as np

from analysis.statistics.ballots import PRESET, check_conditions, natural_key
from analysis.statistics.errors import DesignError
from analysis.tables.coded_columns import CodedColumns
from analysis.tables.errors import TableError
from study.tables.notes import RARE_KEY

RARE_SHARE = 0.01
RARE_SHARE_OF_A_SIMILAR_KEY = 0.05


def nearest_key(key: str, names: Sequence[str]) -> str | None:
    """Return the name of which `key` is probably another spelling, or None."""
    by_spelling = {_spelling(name): name for name in names}
    found = difflib.get_close_matches(_spelling(key)[:200], by_spelling, n=1, cutoff=0.75)
    return by_spelling[found[0]] if found else None


def _spelling(key: str) -> str:
    return re.sub(r"[\s_\-]+", "_", key.casefold())


def choose_conditions(
    table: CodedColumns,
    keys: list[str],
    choices: Sequence[np.ndarray],
    keep: np.ndarray,
    conditions: Sequence[str] | None,
) -> tuple[str, ...]:
    """Return the conditions as named; else the preset's if a key is one of them in any spelling, else the keys found.

    A found key on few ballots is noted. Raises TableError, also for keys that differ in capitals or spaces only.
    """
    counts = np.zeros(len(keys), dtype=int)
    for codes in choices:
        counts += np.bincount(codes[keep], minlength=len(keys))
    found = sorted((key for key, n in zip(keys, counts, strict=True) if key and n), key=natural_key)
    if conditions is None:
        preset = {_spelling(key) for key in PRESET}
        if not found or any(_spelling(key) in preset for key in found):
            conditions = PRESET
        else:
            conditions = found
            _refuse_two_spellings(table, keys, choices, keep, found)
    try:
        names = check_conditions(conditions)
    except DesignError as error:
        raise TableError(f"{table.file}: {error} Use --conditions a,b,… to name them.") from error
    if conditions is found:
        _note_rare_keys(table, dict(zip(keys, counts.tolist(), strict=True)), names, int(keep.sum()))
    return names


def _refuse_two_spellings(
    table: CodedColumns,
    keys: list[str],
    choices: Sequence[np.ndarray],
    keep: np.ndarray,
    found: list[str],
) -> None:
    spelt: dict[str, str] = {}
    for key in found:
        other = spelt.setdefault(_spelling(key), key)
        if other != key:
            rows = np.flatnonzero(np.any([codes == keys.index(key) for codes in choices], axis=0) & keep)
            raise TableError(
                f"{table.file}, row {table.row_number(int(rows[0]))}: '{key}' and '{other}' differ in capitals, spaces "
                "or dashes only; write the condition in one way, or name all conditions with --conditions."
            )


def _note_rare_keys(table: CodedColumns, counts: dict[str, int], names: Sequence[str], n: int) -> None:
    for key in names:
        similar = nearest_key(key, [name for name in names if counts[name] > counts[key]])
        limit = RARE_SHARE_OF_A_SIMILAR_KEY if similar and len(key) > 4 else RARE_SHARE
        if counts[key] < limit * n:
            table.notes.add(RARE_KEY, key=key, n=counts[key], all=n)
