"""Rows as text and back: everything that goes with a row when it is deleted, value by value, with its key.

What people gave is never among them: their rows are erased at once and for good, and are named in `NEVER_KEPT`.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from graphlib import TopologicalSorter
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models.deletion import Collector

from study.models import BlindingAudit

# Rows that no undo brings back. Of people: they are erased at once. Of jobs: their files are looked after by time.
# Invitations, shared reports and tokens: what was ended stays ended. A schedule: nothing opens by itself afterwards.
# Counts and pictures of the interface are made anew; a notice is about a study that runs; an import is told of once.
NEVER_KEPT = frozenset(
    {
        *("study.Participant", "study.Trial", "study.Event", "study.Ballot", "study.BallotRevision"),
        *("study.LateAnswer", "study.ProblemReport", "study.PlatformVisit", "study.VisitKey"),
        *("study.Job", "study.JobFile", "study.Invitation", "study.ApiToken", "study.Schedule"),
        *("study.ClipAnswers", "study.Notice", "study.NoticeMail", "study.StudyImport"),
        *("analysis.Analysis", "analysis.SharedReport", "analysis.InterfacePicture", "analysis.Gallery"),
        *("study.Deletion", "study.DeletedFile"),
    }
)
KEPT = frozenset(
    {
        *("study.Study", "study.Clip", "study.Condition", "study.Stimulus", "study.BlindingAudit", "study.InviteLink"),
        *("study.ChainHead", "study.LogEntry", "study.Membership", "study.MailChoice"),
        *("generation.StudyGeneration", "generation.StudyFile", "generation.GenerationRun", "generation.SentenceCall"),
        *("generation.ClipStep", "generation.TagDecision", "generation.ReviewDecision"),
    }
)

_AT_ONCE = 500

Values = dict[str, Any]
Tidy = Callable[[Values], Values | None]
_tidied: dict[str, Tidy] = {}


class CannotRestore(Exception):
    """Rows that other rows stand in the way of, or that refer to rows that are gone."""


def tidy(label: str) -> Callable[[Tidy], Tidy]:
    """Register what becomes of a kept row when it comes back: other values, or None if it does not."""

    def register(function: Tidy) -> Tidy:
        _tidied[label] = function
        return function

    return register


@tidy("study.InviteLink")
def _link(values: Values) -> Values | None:
    """Links of pilots and of audits are for people who are erased."""
    return None if values["audit_id"] is not None or values["kind"] == "pilot" else values


@tidy("study.Membership")
@tidy("study.MailChoice")
def _of_account(values: Values) -> Values | None:
    """What belongs to an account that was deleted since went with it."""
    return values if get_user_model().objects.filter(pk=values["user_id"]).exists() else None


@tidy("study.BlindingAudit")
def _audit(values: Values) -> Values | None:
    """An audit that was going is asked for anew, and none of before opens the study."""
    return None if values["state"] in BlindingAudit.GOING else values | {"opens_plan": ""}


def rows_of(tops: Iterable[models.Model]) -> list[models.Model]:
    """Return these rows and all that would be deleted with them, except what is never kept.

    Raises:
        LookupError: a table is in neither list above: somebody has to decide.
    """
    collector = Collector(using="default")
    collector.collect(list(tops))
    found: dict[type[models.Model], set[Any]] = {}
    for rows in (*collector.data.values(), *collector.fast_deletes):
        for row in rows:
            label = row._meta.label
            if label in NEVER_KEPT:
                continue
            if label not in KEPT:
                raise LookupError(f"Say in {__name__} whether an undo brings rows of {label} back.")
            found.setdefault(type(row), set()).add(row.pk)
    # Read anew: what is collected lacks most columns, and would ask for them one by one.
    return [row for model, keys in found.items() for row in _whole(model, sorted(keys))]


def _whole(model: type[models.Model], keys: list[Any]) -> Iterator[models.Model]:
    for first in range(0, len(keys), _AT_ONCE):
        yield from model._base_manager.filter(pk__in=keys[first : first + _AT_ONCE]).order_by("pk")


def as_text(rows: Iterable[models.Model]) -> str:
    """Write rows as JSON: each with its table and the value of each column."""
    return json.dumps([[row._meta.label, _values_of(row)] for row in rows], ensure_ascii=False)


def _values_of(row: models.Model) -> Values:
    return {
        field.attname: None if field.value_from_object(row) is None else field.value_to_string(row)
        for field in row._meta.concrete_fields
    }


def put_back(text: str, changed: Callable[[str, Values], Values] = lambda label, values: values) -> list[models.Model]:
    """Insert rows that `as_text` wrote, with their keys; return them. Call it in a transaction.

    Args:
        changed: gives other values to a row that cannot come back as it was.

    Raises:
        CannotRestore: a row refers to one that is gone.
        LookupError, FieldDoesNotExist, ValueError: the tables have changed since.
    """
    rows = []
    for label, values in json.loads(text):
        kept = _tidied[label](values) if label in _tidied else values
        if kept is not None:
            rows.append(_row(label, changed(label, kept)))
    # A row comes after those that it refers to.
    order = {model: place for place, model in enumerate(_by_reference({type(row) for row in rows}))}
    rows.sort(key=lambda row: order[type(row)])
    _check_references(rows)
    for row in rows:
        row.save_base(raw=True, force_insert=True)  # raw: times of creation stay as they were
    return rows


def _row(label: str, values: Values) -> models.Model:
    model = apps.get_model(label)
    fields = {field.attname: field for field in model._meta.concrete_fields}
    if unknown := values.keys() - fields.keys():
        raise LookupError(f"{label} no longer has {', '.join(sorted(unknown))}.")
    return model(**{name: None if value is None else fields[name].to_python(value) for name, value in values.items()})


def _references(model: type[models.Model]) -> list[Any]:
    return [field for field in model._meta.concrete_fields if field.is_relation]


def _by_reference(wanted: set[type[models.Model]]) -> list[type[models.Model]]:
    graph = {model: {field.related_model for field in _references(model)} & wanted - {model} for model in wanted}
    return list(TopologicalSorter(graph).static_order())


def _check_references(rows: list[models.Model]) -> None:
    """Empty references to rows that are gone where deleting them would have; refuse others."""
    there = {(type(row), row.pk) for row in rows}
    asked: dict[tuple[Any, Any], bool] = {}
    for row in rows:
        for field in _references(type(row)):
            key = getattr(row, field.attname)
            target = (field.related_model, key)
            if key is None or target in there:
                continue
            if target not in asked:
                asked[target] = field.related_model._base_manager.filter(pk=key).exists()
            if asked[target]:
                continue
            if field.remote_field.on_delete is not models.SET_NULL:
                raise CannotRestore(f"{row._meta.label}.{field.name}")
            setattr(row, field.attname, None)
