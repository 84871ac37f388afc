"""How many sentences of a study leave out a tag, or add music that no tag names, and which words these are."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from study.models import Stimulus, Study

# So many words are named; the rest are counted.
MOST_WORDS = 8


@dataclass
class SentenceCounts:
    """The checked sentences of one condition: those with a tag missing or a word added, and the tags and words."""

    label: str
    sentences: int = 0
    leaving_out: int = 0
    adding: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    added: Counter[str] = field(default_factory=Counter)


def sentence_counts(study: Study) -> list[SentenceCounts]:
    """The counts of each condition with images made from checked sentences; none while the study is sealed."""
    if study.is_blinded:
        return []
    stimuli = Stimulus.objects.filter(
        clip__study=study, clip__included=True, clip__is_practice=False, state=Stimulus.State.READY
    )
    found: dict[int, SentenceCounts] = {}
    for stimulus in stimuli.select_related("condition").order_by("condition__number"):
        written = stimulus.provenance.get("writer") or {}
        if "added_words" not in written:
            continue
        counts = found.setdefault(stimulus.condition_id, SentenceCounts(_(stimulus.condition.label)))
        counts.sentences += 1
        counts.leaving_out += bool(written["missing_tags"])
        counts.adding += bool(written["added_words"])
        counts.missing.update(written["missing_tags"])
        counts.added.update(written["added_words"])
    return list(found.values())


def sentence_details(counts: Iterable[SentenceCounts]) -> list[tuple[str, str]]:
    """Rows for the report's table of the design."""
    counts = list(counts)
    if not counts:
        return []
    leaving_out = [_of(row, row.leaving_out, row.missing) for row in counts]
    adding = [_of(row, row.adding, row.added) for row in counts]
    return [
        (_("Sentences that leave out a tag"), "; ".join(leaving_out)),
        (_("Sentences that add music no tag names"), "; ".join(adding)),
    ]


def sentence_notice(counts: Iterable[SentenceCounts]) -> list[str]:
    """A warning for the report's top if a sentence does not match its tags."""
    counts = list(counts)
    sentences = sum(row.sentences for row in counts)
    leaving_out, adding = sum(row.leaving_out for row in counts), sum(row.adding for row in counts)
    if not leaving_out + adding:
        return []
    text = ngettext(
        "Of %(all)d sentence, %(missing)d leaves out a tag and %(added)d adds music that no tag names: sentences "
        "against tags compare content too, not form alone.",
        "Of %(all)d sentences, %(missing)d leave out a tag and %(added)d add music that no tag names: sentences "
        "against tags compare content too, not form alone.",
        sentences,
    )
    return [text % {"all": sentences, "missing": leaving_out, "added": adding}]


def _of(row: SentenceCounts, number: int, words: Counter[str]) -> str:
    text = _("%(condition)s: %(n)d of %(all)d") % {"condition": row.label, "n": number, "all": row.sentences}
    if not words:
        return text
    named = [f"{word} {count}" for word, count in words.most_common(MOST_WORDS)]
    more = len(words) - len(named)
    if more:
        named.append(_("%(n)d more") % {"n": more})
    return f"{text} ({', '.join(named)})"
