"""Which clips were left out before opening, by whom and why: the table of an export, and a block of the analysis JSON.

Who leaves out a clip may have seen its images, and so may favour a condition, knowingly or not: results state it.
"""

import csv
import io
from collections import Counter
from typing import Any

from django.db.models import Exists, OuterRef

from study.models import Stimulus, Study
from study.setup.clip_selection import UNCHANGED
from study.tables.spreadsheet import csv_text, unescape_formula

BY_PERSON, BY_REDEFINITION = "person", "redefinition"
COLUMNS = {
    "clip": "file name of the clip",
    "by": f"{BY_PERSON}; or {BY_REDEFINITION}, if the study leaves out clips whose tags it does not change",
    "images": "1 if the clip has images, which could be seen before it was left out; else 0",
    "reason": "why, in the researchers' words; empty if no person left it out",
}


def clips_left_out_csv(study: Study) -> bytes:
    """One row for each clip that was left out, as UTF-8 CSV. Reasons may name conditions: not for sealed studies."""
    ready = Stimulus.objects.filter(clip=OuterRef("pk"), state=Stimulus.State.READY)
    clips = study.clips.filter(included=False).order_by("number").values_list("name", Exists(ready), "exclusion_reason")
    rows = (
        (name, BY_REDEFINITION if reason == UNCHANGED else BY_PERSON, int(seen), "" if reason == UNCHANGED else reason)
        for name, seen, reason in clips
    )
    return csv_text([tuple(COLUMNS), *rows]).encode()


def count_clips_left_out(table: bytes) -> dict[str, Any]:
    """The block `clips_left_out` of the analysis JSON from a table as `clips_left_out_csv` writes it."""
    rows = list(csv.DictReader(io.StringIO(table.decode())))
    by_hand = [row for row in rows if row["by"] == BY_PERSON]
    reasons = Counter(unescape_formula(row["reason"]) for row in by_hand)
    seen = Counter(unescape_formula(row["reason"]) for row in by_hand if row["images"] == "1")
    return {
        "by_hand": len(by_hand),
        "with_images": seen.total(),
        "by_redefinition": len(rows) - len(by_hand),
        # The most frequent reason first.
        "reasons": [
            {"reason": reason, "clips": n, "with_images": seen[reason]}
            for reason, n in sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
        ],
    }
