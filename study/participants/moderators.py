"""Moderators in the plan: the answers by which the analysis groups people, fixed when the study opens.

Written one a line, as a column of the table of participants: `before_training_years`, or with the numbers at which a
new group begins: `before_age: 30, 50`.
"""

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _

from study.errors import StudyError
from study.models import Study
from study.participants.answers_table import AnswerColumn, asked_columns

MOST_CUTS = 5


def moderator_columns(study: Study) -> list[AnswerColumn]:
    """The columns that can group people: device, language, sound check and the questions before the trials.

    An answer after the trials may depend on what was seen in them, and people's own words make no groups.
    """
    return [
        column
        for column in asked_columns(study)
        if not column.is_personal_text and not column.name.startswith("after_")
    ]


def planned_moderators(study: Study) -> list[dict[str, Any]]:
    """The moderators of the plan: [{"column", "cuts"}]."""
    return list((study.plan.get("analysis") or {}).get("moderators") or [])


def moderator_lines(study: Study) -> str:
    """The moderators of the plan as a person writes them."""
    return "\n".join(
        row["column"] + (": " + ", ".join(f"{cut:g}" for cut in row["cuts"]) if row["cuts"] else "")
        for row in planned_moderators(study)
    )


def parse_moderators(text: str, columns: Iterable[AnswerColumn]) -> list[dict[str, Any]]:
    """The moderators that a person wrote, one a line.

    Raises:
        StudyError: a line names no such column, one twice, or cuts that make no groups; it says what to write.
    """
    by_name = {column.name: column for column in columns}
    found: dict[str, dict[str, Any]] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, _colon, numbers = (part.strip() for part in line.partition(":"))
        name = name if name in by_name else f"before_{name}"
        if name not in by_name:
            raise StudyError(
                _("“%(line)s”: there is no such answer. You can name: %(names)s.")
                % {"line": line[:80], "names": ", ".join(by_name)}
            )
        if name in found:
            raise StudyError(_("“%(line)s”: named twice. Keep one of the lines.") % {"line": line[:80]})
        found[name] = {"column": name, "cuts": _cuts(line, numbers, by_name[name])}
    return list(found.values())


def _cuts(line: str, numbers: str, column: AnswerColumn) -> list[float]:
    if not numbers:
        if column.kind == "number":
            raise StudyError(
                _("“%(line)s”: write at which numbers a new group begins, for example %(example)s: 30, 50.")
                % {"line": line[:80], "example": column.name}
            )
        return []
    try:
        cuts = [float(number) for number in numbers.split(",")]
    except ValueError:
        cuts = [math.nan]
    rises = all(low < high for low, high in pairwise(cuts))
    if column.kind == "choice" or not rises or not all(map(math.isfinite, cuts)) or len(cuts) > MOST_CUTS:
        raise StudyError(
            _(
                "“%(line)s”: after the colon write up to %(most)d rising numbers, at which a new group of a number or "
                "scale begins; after a choice write none."
            )
            % {"line": line[:80], "most": MOST_CUTS}
        )
    return cuts
