"""People under new codes and in an order of their own: the study's codes count them as they came.

Who has a recruiting platform's list, with the times at which its people began, could lay it beside the study's codes.
The new order is that of a digest of each person's secret number: the same in each deposit, and nobody else's to know.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis.study_results import early_stop
from study.ballots.table import in_batches, kinds_of
from study.models import Participant, Study
from study.tables.spreadsheet import csv_text

Rows = Iterable[tuple[str, Iterable[Sequence[Any]]]]
_PIECE = 2**20


def keeps_order(study: Study) -> bool:
    """Whether the deposit keeps the order in which people came: an analysis that may stop early goes by it."""
    return early_stop.is_planned(study)


def new_codes(study: Study) -> dict[str, str]:
    """The code in the deposit of each person who counts, by that in the study, in the order of the deposit."""
    people = study.participants.filter(kind__in=kinds_of(study)).exclude(status=Participant.Status.WITHDRAWN)
    found = [
        (person.code, hashlib.sha256(f"deposit {study.slug} {person.nonce}".encode()).digest())
        for batch in in_batches(people.only("study", "kind", "number", "nonce"))
        for person in batch
    ]
    if not keeps_order(study):
        found.sort(key=lambda pair: pair[1])
    width = max(4, len(str(len(found))))
    return {code: f"p{place:0{width}}" for place, (code, _digest) in enumerate(found, start=1)}


def write_by_person(path: Path, header: Sequence[str], people: Rows, codes: Mapping[str, str]) -> None:
    """Write a table whose first column is the person's code: under the new codes and in their order.

    Rows wait on disk, not in memory.

    Args:
        people: each person's code in the study, with their rows, of which the first cell is replaced.
    """
    scratch = path.with_name(f"{path.name}.unordered")
    places: dict[str, tuple[int, int]] = {}
    try:
        with scratch.open("wb") as file:
            for code, rows in people:
                content = csv_text([codes[code], *row[1:]] for row in rows).encode()
                places[codes[code]] = (file.tell(), len(content))
                file.write(content)
        with scratch.open("rb") as source, path.open("wb") as out:
            out.write(csv_text([header]).encode())
            for code in codes.values():
                if code in places:
                    out.writelines(_pieces(source, *places[code]))
    finally:
        scratch.unlink(missing_ok=True)


def _pieces(file: Any, start: int, length: int) -> Iterator[bytes]:
    file.seek(start)
    while length and (piece := file.read(min(length, _PIECE))):
        length -= len(piece)
        yield piece
