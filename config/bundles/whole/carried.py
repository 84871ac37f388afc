"""Which columns of a study an export carries to another installation, and their values as JSON.

All of a row's own columns are carried except those named here, so that a column which is added later comes along; one
that must not needs a line here.
"""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import models

from analysis.models import InterfacePicture
from generation.models import ClipStep, GenerationRun, ReviewDecision, StudyFile, TagDecision
from study.models import Clip, Condition, Stimulus, Study

# Codes and addresses of a recruiting platform are worth money to whoever reads a published export; links and short
# codes let people in; the rest is made anew or stated elsewhere in the bundle.
LEFT_BEHIND: dict[type[models.Model], frozenset[str]] = {
    Study: frozenset(
        {"slug", "open_link_token", "short_code", "completion_code", "return_url", "screen_out_code", "screen_out_url"}
        | {"events_erased_at", "rehearsal"}
    ),
    Condition: frozenset(),
    Clip: frozenset(),
    Stimulus: frozenset(),
    ClipStep: frozenset(
        {"queued_at", "lease_token", "leased_until", "lease_holder", "attempts", "interruptions", "not_before"}
        | {"waiting_since", "waits", "waits_alone"}
    ),
    TagDecision: frozenset(),
    ReviewDecision: frozenset({"step_before", "undone"}),
    GenerationRun: frozenset({"number", "notify"}),
    StudyFile: frozenset({"text"}),
    InterfacePicture: frozenset(),
}

# Columns that are newer than exports whose bytes must stay: absent if they have their default.
ABSENT_BY_DEFAULT: dict[type[models.Model], frozenset[str]] = {
    Study: frozenset({"instrument", "licence"}),
    Clip: frozenset({"licence", "sound_may_be_published"}),
}


def carried_fields(model: type[models.Model]) -> list[models.Field]:
    """Return the columns of a model that come along: no keys, no relations, no files, nothing computed."""
    return [
        field
        for field in model._meta.concrete_fields
        if not (field.primary_key or field.is_relation or field.generated or isinstance(field, models.FileField))
        and field.name not in LEFT_BEHIND[model]
    ]


def carried(row: models.Model, *, leave: Collection[str] = ()) -> dict[str, Any]:
    """Return the row's carried columns as JSON holds them."""
    absent = ABSENT_BY_DEFAULT.get(type(row), frozenset())
    return {
        field.name: _plain(getattr(row, field.attname))
        for field in carried_fields(type(row))
        if field.name not in leave and not (field.name in absent and getattr(row, field.attname) == field.get_default())
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
