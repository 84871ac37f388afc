"""The tags of a whole study before and after redefinition: what each rule did, and how often each tag occurs."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from generation.models import ClipStep
from generation.redefinition.decisions import contested_tags
from study.models import Study


@dataclass(frozen=True)
class TagCount:
    """A tag, and how many clips have it before and after redefinition."""

    tag: str
    before: int
    after: int

    @property
    def difference(self) -> int:
        return self.after - self.before


@dataclass(frozen=True)
class VocabularyTag:
    """A tag, and how many clips each of two taggers gives it; None if it is not in that tagger's vocabulary."""

    tag: str
    first: int | None
    second: int | None


@dataclass(frozen=True)
class TagOverview:
    """Counts over the redefined clips of a study.

    `clips`: redefined clips; `unchanged`: clips whose prompts have the same tags; `contested`: clips with
    contested tags; `undecided`: contested tags without a decision. `rules`: (rule, clips that it changed), the most
    frequent first; `tags`: every tag, the most changed first. `vocabularies`: every tag of either tagger by name; empty
    if the study has one tagger.
    """

    clips: int
    unchanged: int
    contested: int
    undecided: int
    rules: tuple[tuple[str, int], ...]
    tags: tuple[TagCount, ...]
    vocabularies: tuple[VocabularyTag, ...] = ()

    @property
    def given_vocabularies(self) -> list[VocabularyTag]:
        """The tags that some clip gets from either tagger."""
        return [row for row in self.vocabularies if row.first or row.second]

    @property
    def other_vocabularies(self) -> list[VocabularyTag]:
        return [row for row in self.vocabularies if not (row.first or row.second)]

    @property
    def tags_before(self) -> int:
        return sum(count.before > 0 for count in self.tags)

    @property
    def tags_after(self) -> int:
        return sum(count.after > 0 for count in self.tags)


def tag_overview(study: Study) -> TagOverview:
    """Count what redefinition did to the included clips, from the results of its steps."""
    steps = ClipStep.objects.filter(
        clip__study=study, clip__included=True, kind=ClipStep.Kind.REDEFINE, result__isnull=False
    )
    results: list[dict[str, Any]] = []
    undecided = 0
    for step in steps.select_related("clip").prefetch_related("clip__tag_decisions"):
        results.append(step.result)
        decided = {decision.tag for decision in step.clip.tag_decisions.all()}
        undecided += len(set(contested_tags(step.result["contested"])) - decided)
    before, after, rules = Counter[str](), Counter[str](), Counter[str]()
    for result in results:
        before.update(set(result["given"]))
        after.update(set(result["corrected"]))
        changes = result["changes"] + result.get("original_changes", [])
        rules.update(dict.fromkeys(change["rule"] for change in changes).keys())
    counts = [TagCount(tag, before[tag], after[tag]) for tag in before.keys() | after.keys()]
    counts.sort(key=lambda count: (-abs(count.difference), -count.before, count.tag))
    return TagOverview(
        clips=len(results),
        unchanged=sum(result["unchanged"] for result in results),
        contested=sum(bool(result["contested"]) for result in results),
        undecided=undecided,
        rules=tuple(rules.most_common()),
        tags=tuple(counts),
        vocabularies=_vocabularies(study, [result["predicted"] for result in results if result.get("predicted")]),
    )


def _vocabularies(study: Study, predicted: list[dict[str, list[str]]]) -> tuple[VocabularyTag, ...]:
    """Return both taggers' tags with the clips that get them, from what the taggers heard; empty with one tagger."""
    if not predicted:
        return ()
    heard = ClipStep.objects.filter(
        clip__study=study, clip__included=True, kind=ClipStep.Kind.LISTEN, result__redefined_tags__isnull=False
    )
    sides = []
    for part, tag_set in (("tags", "original"), ("redefined_tags", "redefined")):
        vocabulary: set[str] = set()
        for probabilities in heard.values_list(f"result__{part}__probabilities", flat=True):
            vocabulary.update(probabilities)
        clips = Counter(tag for found in predicted for tag in found[tag_set])
        sides.append({tag: clips[tag] for tag in vocabulary})
    first, second = sides
    return tuple(VocabularyTag(tag, first.get(tag), second.get(tag)) for tag in sorted(first.keys() | second.keys()))
