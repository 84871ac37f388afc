"""Moderators in the plan: the answers by which the analysis groups people, fixed when the study opens.

Each is a column of the table of participants; of a number, and if wanted of a scale, with the numbers at which a new
group begins.
"""

import math
import re
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


def read_cuts(text: str, column: AnswerColumn) -> list[float]:
    """The numbers at which a new group of a column begins, as a person wrote them: `30, 50`; none for a choice.

    Raises:
        StudyError: they make no groups; it says what to write.
    """
    numbers = [number for number in re.split(r"[;,\s]+", text.strip()) if number]
    if not numbers:
        if column.kind == "number":
            raise StudyError(_("Write at which numbers a new group begins, for example: 30, 50."))
        return []
    try:
        cuts = [float(number) for number in numbers]
    except ValueError:
        cuts = [math.nan]
    rises = all(low < high for low, high in pairwise(cuts))
    if column.kind == "choice" or not rises or not all(map(math.isfinite, cuts)) or len(cuts) > MOST_CUTS:
        raise StudyError(
            _("Write up to %(most)d rising numbers, at which a new group begins; for a choice none.")
            % {"most": MOST_CUTS}
        )
    return cuts


def cuts_text(cuts: Iterable[float]) -> str:
    """The numbers as `read_cuts` reads them."""
    return ", ".join(f"{cut:.10g}" for cut in cuts)
