"""Check the answers to further questions: are they those of the plan, possible, and the same in both tables?"""

import json
from collections.abc import Iterator, Mapping
from itertools import chain, zip_longest
from typing import Any

from config.bundles.reading import ANSWERS, BALLOTS, Bundle, Unreadable, naming
from study.instruments.long_rows import long_rows
from study.instruments.possible import content_fault
from study.instruments.questions import Instrument
from study.instruments.reading import InstrumentRefused, instrument_from
from study.tables.spreadsheet import escape_formula

# Of answers.csv: what follows from ballots.csv, in this order.
_COLUMNS = ("participant", "clip", "repeat", "trial", "question", "condition", "position", "value", "excluded")


def instrument_in(bundle: Bundle) -> Instrument | None:
    """Return the instrument that the export states; None for the first and the second choice alone.

    Raises:
        Unreadable: it is none.
    """
    data = bundle.study.get("instrument")
    if not data:
        return None
    if not isinstance(data, dict):
        raise Unreadable("study.json: its instrument is not what an export holds there.")
    try:
        return instrument_from(data)
    except InstrumentRefused as error:
        raise Unreadable(f"study.json: {error}") from error


def check_answers(bundle: Bundle) -> None:
    """Check the contents of ballots against the instrument, the instrument against the plan, and the long table."""
    fixed = bundle.study.get("plan")
    if isinstance(fixed, dict) and (fixed.get("instrument") or {}) != (bundle.study.get("instrument") or {}):
        bundle.faults.append("study.json: the questions of the trials are not those of the plan that was fixed.")
    instrument = instrument_in(bundle)
    if instrument is None:
        if ANSWERS in bundle.members:
            raise Unreadable(f"{ANSWERS} is there, and study.json states no questions of which it could be.")
        if "content" in next(bundle.ballots, {}):
            raise Unreadable(f"{BALLOTS} has a content, and study.json states no questions of which it could be.")
        return
    if bundle.is_sealed:
        return
    for name in bundle.tables_of(BALLOTS):
        with naming(name):
            bundle.blame(list(_impossible(bundle, name, instrument)), name)
        answers = name.replace(BALLOTS.removesuffix(".csv"), ANSWERS.removesuffix(".csv"))
        if answers in bundle.members:
            _check_long_table(bundle, name, answers, instrument)
    bundle.checked.append(f"{ANSWERS}, against the contents of the ballots")


def _impossible(bundle: Bundle, name: str, instrument: Instrument) -> Iterator[str]:
    for number, row in enumerate(bundle.each_row(name), start=2):
        fault = content_fault(
            instrument,
            content_in(row),
            shown=shown_in(row),
            first=row["first"] or None,
            second=row["second"] or None,
            none_fits=row["none_fits"] == "1",
        )
        if fault:
            yield f"{name}, row {number}: {fault}."


def content_in(row: Mapping[str, str]) -> Any:
    """Return the content of a row of the ballot table.

    Raises:
        ValueError: it is no JSON.
    """
    text = row.get("content")
    return json.loads(text) if text else {}


def shown_in(row: Mapping[str, str]) -> list[str]:
    """Return the names of the images of a row of the ballot table, by position."""
    return row["order"].split(";") if row["order"] else []


def _check_long_table(bundle: Bundle, ballots: str, answers: str, instrument: Instrument) -> None:
    with naming(ballots, answers):
        expected = chain.from_iterable(_expected(row, instrument) for row in bundle.each_row(ballots))
        found = (tuple(row[column] for column in _COLUMNS) for row in bundle.each_row(answers))
        for number, (ours, theirs) in enumerate(zip_longest(expected, found), start=2):
            if ours != theirs:
                bundle.faults.append(f"{answers}, row {number}: it is not what {ballots} gives.")
                return


def _expected(row: Mapping[str, str], instrument: Instrument) -> Iterator[tuple[str, ...]]:
    shown, about = shown_in(row), tuple(row[name] for name in ("participant", "clip", "repeat", "trial"))
    position = {name: str(place) for place, name in enumerate(shown, start=1)}
    for question, _kind, image, value in long_rows(
        instrument, content_in(row), shown=shown, first=row["first"], second=row["second"]
    ):
        text = "" if value is None else escape_formula(str(value))
        yield (*about, question, image, position.get(image, ""), text, row["excluded"])
