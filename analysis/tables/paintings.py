"""How often images were painted again by hand, and why: the table of an export, and the block of the analysis JSON.

Who chooses by looking which images are painted again can favour a condition, knowingly or not, so results state it.
"""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from typing import Any

from study.models import Study
from study.setup.paintings import RepaintReason, paintings
from study.tables.spreadsheet import csv_text, unescape_formula

COLUMNS = {
    "clip": "file name of the clip",
    "painting": "number of the painting of all images of the clip, from 1",
    "reason": f"why they were painted again: {', '.join(RepaintReason.values)}; empty for the first painting",
    "note": "the reason in the researchers' words, if they gave one",
    "named": "conditions whose image was the reason, separated by semicolons; empty if none was named",
}


def paintings_csv(study: Study) -> bytes:
    """One row for each painting of a clip's images, as UTF-8 CSV. It names conditions: not for sealed studies."""
    rows = ((row.clip, row.number, row.reason, row.note, ";".join(row.named)) for row in paintings(study))
    return csv_text([tuple(COLUMNS), *rows]).encode()


def count_paintings(table: bytes, conditions: Sequence[str]) -> dict[str, Any] | None:
    """The block `paintings` of the analysis JSON from a table as `paintings_csv` writes it.

    None without a clip that was painted here.
    """
    rows = list(csv.DictReader(io.StringIO(table.decode())))
    times = Counter(row["clip"] for row in rows)
    again = [row for row in rows if int(row["painting"]) > 1]
    if not times:
        return None
    repainted = len({row["clip"] for row in again})
    attempts = Counter(times.values())
    return {
        "clips": len(times),
        "repainted_clips": repainted,
        "repaints": len(again),
        # Clips by how often their images were painted.
        "attempts": {str(n): attempts[n] for n in sorted(attempts)},
        "reasons": {reason: sum(row["reason"] == reason for row in again) for reason in RepaintReason.values},
        # All images of a clip are painted together, so conditions differ only in how often theirs was the reason.
        "conditions": {
            key: {
                "repainted": repainted,
                "paintings": len(rows),
                "named": {
                    reason: sum(
                        row["reason"] == reason and key in unescape_formula(row["named"]).split(";") for row in again
                    )
                    for reason in RepaintReason.values
                },
            }
            for key in conditions
        },
    }
