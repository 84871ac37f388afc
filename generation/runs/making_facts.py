"""State for the report where the tags of a study came from, and what became of them in the prompts."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from generation.models import ClipStep
from generation.runs.conditions import painted_conditions
from study.models import Study
from study.setup.making_facts import register

Kind = ClipStep.Kind


@register
def tags_and_words(study: Study) -> Iterable[str]:
    """Yield a sentence on the tags and one on the words; clips that differ are counted."""
    if not painted_conditions(study):
        return
    clips = study.clips.filter(included=True, is_practice=False).exclude(stimuli__painter="uploaded")
    steps = ClipStep.objects.filter(clip__in=clips, kind__in=(Kind.LISTEN, Kind.REDEFINE), result__isnull=False)
    results: dict[int, dict[str, Any]] = {}
    for clip_id, kind, result in steps.values_list("clip_id", "kind", "result"):
        results.setdefault(clip_id, {})[kind] = result
    redefined = [found for found in results.values() if Kind.REDEFINE in found]
    for sentence_of in (_tags_sentence, _words_sentence):
        yield from _counted(redefined, sentence_of)
    yield from _choices_and_stand_ins(redefined)


def _choices_and_stand_ins(results: list[dict[str, Any]]) -> Iterable[str]:
    """Yield sentences on the researchers' choices for unknown tags and on general tags that prompts leave out."""
    # Imported here: every command imports this module, and the rules of redefinition are slow to import.
    from generation.redefinition.choices import STAGE

    changes = [
        change
        for found in results
        for part in ("changes", "original_changes")
        for change in found[Kind.REDEFINE].get(part, [])
    ]
    chosen = {change["tag"]: change["action"] for change in changes if change["rule"].startswith(f"{STAGE}: ")}
    if chosen:
        actions = Counter(chosen.values())
        yield _(
            "Before the rules, the researchers' choices were applied to tags that the rules do not know: "
            "%(mapped)d were mapped into known tags, %(dropped)d dropped."
        ) % {"mapped": actions["merged"], "dropped": actions["removed"]}
    clips = sum(any(_is_stand_in(change) for change in found[Kind.REDEFINE]["changes"]) for found in results)
    if clips:
        yield ngettext(
            "In %(n)d clip the redefined tags leave out a general tag for which a more special one stands.",
            "In %(n)d clips the redefined tags leave out general tags for which more special ones stand.",
            clips,
        ) % {"n": clips}


def _is_stand_in(change: Mapping[str, Any]) -> bool:
    from generation.redefinition.prompts import IN_PROMPTS  # imported here as above

    return change["rule"].startswith(IN_PROMPTS)


def _counted(results: list[dict[str, Any]], sentence_of: Callable[[Mapping[str, Any]], str]) -> Iterable[str]:
    sentences = Counter(map(sentence_of, results))
    for sentence, clips in sentences.most_common():
        if len(sentences) == 1:
            yield sentence
        else:
            yield _("In %(n)d of %(all)d clips: %(fact)s") % {"n": clips, "all": len(results), "fact": sentence}


def _tags_sentence(found: Mapping[str, Any]) -> str:
    redefined, heard = found[Kind.REDEFINE], found.get(Kind.LISTEN, {})
    words = {"rules": redefined["rules"].get("rules", ""), "first": _tagger_name(heard.get("tags", {}))}
    if not redefined.get("predicted"):
        if redefined["source"] == "people":
            return (
                _("The original tags were given by people; the redefined tags are those after the rules “%(rules)s”.")
                % words
            )
        return (
            _(
                "The original tags are predictions of %(first)s; the redefined tags are those after the rules "
                "“%(rules)s”."
            )
            % words
        )
    words["second"] = _tagger_name(heard.get("redefined_tags", {}))
    rules = {
        "redefined": _("The rules “%(rules)s” were applied to the redefined tags."),
        "original": _("The rules “%(rules)s” were applied to the original tags."),
        "both": _("The rules “%(rules)s” were applied to both."),
        "neither": _("No rules were applied to them."),
    }[redefined["rules_for"]]
    taggers = _("The original tags were predicted by %(first)s, the redefined tags by %(second)s.") % words
    return f"{taggers} {rules % words}"


def _tagger_name(heard: Mapping[str, Any]) -> str:
    """Return a tagger's name with what distinguishes it: the digest of its head, the name of a file."""
    identity = heard.get("tagger", {})
    if identity.get("name") == "imported":
        return _("imported predictions (%(file)s, %(digest)s)") % {
            "file": identity["file"],
            "digest": identity["file_sha256"][:8],
        }
    name = identity.get("name") or _("a tagger")
    head = identity.get("head_sha256", "")
    return _("%(name)s (head %(digest)s)") % {"name": name, "digest": head[:8]} if head else name


def _words_sentence(found: Mapping[str, Any]) -> str:
    # Results from before the setting existed gave words to the redefined set alone.
    if found[Kind.REDEFINE].get("prompt_words", "redefined") == "both":
        return _(
            "The word that a tag becomes in a prompt was used in both tag sets alike, so that the sets differ by their "
            "tags alone."
        )
    return _(
        "Only the redefined tags became prompt words (such as “low-pitched” for “low”); the original tags were used as "
        "they are. So the comparison of the tag sets measures this wording together with the tags."
    )
