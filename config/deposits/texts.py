"""The texts of a study that stand in its deposit: in tables, documents, report and metadata."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from analysis.study_results.registration import registration_of
from analysis.study_results.reporting_answers import FIELDS, reporting_answers
from config.bundles.write import deviations_in_english
from config.deposits.facts import PublicationFacts
from config.deposits.tables.study_tables import Tables
from study.models import Study

_LOCALIZED = ("question", "consent_text", "instructions", "screen_out_text")
_SHORT = ("researcher", "institution", "ethics_board", "ethics_number", "ethics_reason")
_DIGEST = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def texts_of(tables: Tables, facts: PublicationFacts) -> dict[str, str]:
    """Each text that people wrote, by where it is from; those that are empty are left out."""
    study = tables.study
    found = {
        **_of_study(study),
        **_of_plan(study),
        **_of_reporting(study),
        **_of_facts(facts),
        **_of_images(study),
    }
    shown = tables.without_what_is_left_out()
    found |= {f"deviation {n}": text for n, text in enumerate(deviations_in_english(shown, None), start=1)}
    return {where: text for where, text in found.items() if text}


def _of_study(study: Study) -> dict[str, str]:
    found = {"study: title": study.title, "study: description": study.description}
    for name in _LOCALIZED:
        found |= {f"study: {name} ({code})": text for code, text in getattr(study, name).items()}
    for name in (*_SHORT, "questions_before", "questions_after"):
        found[f"study: {name}"] = getattr(study, name)
    found["study: instrument"] = _leaves(study.instrument)
    for row in study.conditions.all():
        found[f"study: condition {row.key}"] = "\n".join([row.label, *map(str, row.levels), *row.levels.values()])
    return found


def _of_plan(study: Study) -> dict[str, str]:
    """The plan as it was fixed at opening, which may hold other words than the study has now."""
    return {
        "study: plan as it was fixed": _leaves(study.plan.get("fixed")),
        "study: consent": _leaves(study.plan.get("consent")),
    }


def _of_reporting(study: Study) -> dict[str, str]:
    said, registration = reporting_answers(study), registration_of(study)
    found = {f"reporting: {key}": said[key] for key, _label, _help in FIELDS if key in said and key != "contact"}
    found |= {f"preregistration: {key}": text for key, text in registration.answers.items()}
    found |= {f"preregistration {n}: address": one.address for n, one in enumerate(registration.filed, start=1)}
    captions = study.interface_pictures.exclude(caption="").values_list("caption", flat=True)
    return found | {f"picture of the interface {n}": caption for n, caption in enumerate(captions, start=1)}


def _of_facts(facts: PublicationFacts) -> dict[str, str]:
    return {
        "publish: keywords": "\n".join(facts.keywords),
        "publish: funding": "\n".join(facts.funding),
        "publish: publisher": facts.publisher,
        "publish: related works": "\n".join(row.title for row in facts.related),
    }


def _of_images(study: Study) -> dict[str, str]:
    return {
        f"provenance of {clip.name}, {stimulus.condition.key}: {key}": text
        for clip in study.clips.filter(included=True).prefetch_related("stimuli__condition")
        for stimulus in clip.stimuli.all()
        for key, text in stimulus.provenance.items()
        if isinstance(text, str) and key != "prompt"
    }


def _leaves(data: Any) -> str:
    """Every text in it, a line each, but for digests."""
    return "\n".join(text for text in texts_in(data) if not _DIGEST.fullmatch(text))


def texts_in(data: Any, *, keys: bool = False) -> Iterator[str]:
    """Every text in what JSON holds, also the keys of objects if asked."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping):
        for key, value in data.items():
            if keys:
                yield key
            yield from texts_in(value, keys=keys)
    elif isinstance(data, list):
        for value in data:
            yield from texts_in(value, keys=keys)
