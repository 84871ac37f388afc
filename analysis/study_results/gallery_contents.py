"""What a gallery shows: the answer, the conditions over all clips, and page by page how each clip's images fared.

Of a single clip there are means and how many answers they are of, and no test: a study is analysed over its clips.
Where fewer than five people answered, no number is shown: it could tell what one of them chose.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.paginator import Paginator
from django.utils.translation import gettext as _

from analysis.models import Analysis, Gallery
from analysis.report import ReportContext
from analysis.report.analysis_json import mean_of, value_at
from analysis.report.context import ConditionView, condition_views
from analysis.report.questions import is_of_choices, sentences_of_questions
from analysis.report.text.answer import answer_sentences
from analysis.report.text.korean_particles import with_particles
from analysis.report.text.number_format import interval, percent, percent_interval, plain
from analysis.report.text.question_names import scale_of, view_of
from analysis.statistics.disclosure import SMALLEST_GROUP
from analysis.study_results.question_views import question_views
from study.models import Clip, Stimulus, Study
from study.participants.asked_of_design import asked_of_design

CLIPS_OF_PAGE = 24
BY_NUMBER, BY_DIFFERENCE = "clip", "difference"


@dataclass(frozen=True)
class Measure:
    """The main question's number of an image, and how it is written.

    Attributes:
        name: what the number is, with its unit; empty if no question compares images.
        by_clip: clip's name → condition → (mean, answers); answers that could point to a person are left out.
        scores: by condition over all clips, as the analysis JSON has them.
        lowest, highest: ends of the scale on which bars are drawn.
    """

    kind: str
    name: str
    scores: Mapping[str, Any]
    by_clip: Mapping[str, Mapping[str, tuple[float, int]]]
    lowest: float
    highest: float

    def text(self, value: float | None) -> str:
        return percent(value) if self.kind == "pair" else plain(value)

    def bar(self, value: float) -> float:
        """Its place on the scale, 0 to 100."""
        return round(100 * min(max((value - self.lowest) / (self.highest - self.lowest), 0.0), 1.0), 1)

    def difference(self, clip: str) -> float | None:
        """Between the highest and the lowest mean of a clip; None with fewer than two."""
        values = [mean for mean, _n in self.by_clip.get(clip, {}).values()]
        return max(values) - min(values) if len(values) > 1 else None

    def ahead(self, clip: str) -> str:
        """The condition that has the highest mean of a clip alone; empty if none has."""
        means = {key: mean for key, (mean, _n) in self.by_clip.get(clip, {}).items()}
        best = [key for key, mean in means.items() if mean >= max(means.values()) - 1e-9]
        return best[0] if len(means) > 1 and len(best) == 1 else ""


@dataclass(frozen=True)
class Result:
    """One condition's number: over all clips (`interval`, `more`), or of one clip. `text` is empty if it has none."""

    condition: ConditionView
    text: str = ""
    bar: float = 0.0
    answers: int | None = None
    is_ahead: bool = False
    interval: str = ""
    more: str = ""
    has_image: bool = False
    prompt: str = ""


@dataclass(frozen=True)
class ClipShown:
    """A clip of the page. `answers`: of each image if all have as many, else None, and each result has its own."""

    number: int
    name: str
    tags: Sequence[str]
    has_sound: bool
    licence: str
    results: Sequence[Result]
    difference: str
    answers: int | None


@dataclass(frozen=True)
class Numbers:
    """What the analysis says: the answer in words, each condition over all clips, and the measure by clip.

    `answer` is its first sentence, `more` says how far that goes.
    """

    answer: str = ""
    more: str = ""
    overall: Sequence[Result] = ()
    measure: Measure | None = None
    counts: Mapping[str, int] = field(default_factory=dict)


def conditions_of(study: Study) -> list[ConditionView]:
    """The study's conditions, in the current language."""
    rows = list(study.conditions.order_by("number"))
    labels = {row.key: _(row.label) for row in rows}
    return condition_views([row.key for row in rows], labels, {row.key: row.levels for row in rows})


def numbers_of(study: Study, analysis: Analysis | None, conditions: Sequence[ConditionView]) -> Numbers:
    """What is said of the results, in the current language; nothing without an analysis that may be used."""
    if analysis is None or analysis.result is None:
        return Numbers()
    data = analysis.result
    context = ReportContext(study.title, conditions=conditions, questions=question_views(study))
    alpha = float(study.alpha)
    in_sentences = sentences_of_questions if data.get("questions") else answer_sentences
    said, *more = map(with_particles, in_sentences(data, context, alpha))
    measure = _measure(study, data, context)
    return Numbers(
        said,
        " ".join(more),
        _overall(measure, conditions) if measure else (),
        measure,
        {name: data.get(name) or 0 for name in ("n_participants", "n_clips", "n_ballots")},
    )


def _measure(study: Study, data: Mapping[str, Any], context: ReportContext) -> Measure | None:
    name = str(data.get("primary_question") or "")
    block = value_at(data, "questions", name)
    if block is None or is_of_choices(data, name):
        return _of_choices(data) if data.get("scores") and data.get("weights") else None
    if not block.get("scores") or not block.get("by_clip"):
        return None
    kind = block["kind"]
    per_person = 1.0
    if kind == "pair":  # of each condition, a person compares so many pairs of a clip
        asked = asked_of_design(study, len(context.conditions))
        per_person = max(1.0, 2 * asked.trials_per_clip / len(context.conditions))
    return Measure(
        kind,
        _named(kind, block, context, name),
        block["scores"],
        _kept(block["by_clip"], block["answers_by_clip"] or {}, SMALLEST_GROUP * per_person),
        *_scale_of_block(kind, block),
    )


def _of_choices(data: Mapping[str, Any]) -> Measure:
    shown = data.get("shown_by_clip") or {}
    means = {
        clip: {key: value / n for key, value in row.items() if (n := value_at(shown, clip, key))}
        for clip, row in (data.get("by_clip") or {}).items()
    }
    kept = _kept(means, shown, SMALLEST_GROUP)
    return Measure("choose", _("points an answer"), data["scores"], kept, 0.0, data["weights"][0])


def _named(kind: str, block: Mapping[str, Any], context: ReportContext, name: str) -> str:
    if kind == "pair":
        return _("share of comparisons won, a tie counting half")
    if kind == "choose":
        return _("points an answer")
    return _("mean rating on %(scale)s") % {"scale": scale_of(block, view_of(name, context))}


def _scale_of_block(kind: str, block: Mapping[str, Any]) -> tuple[float, float]:
    if kind == "pair":
        return 0.0, 1.0
    if kind == "choose":
        return 0.0, max(block.get("points") or (1.0,))
    return block["lowest"], block["highest"]


def _kept(
    means: Mapping[str, Mapping[str, float | None]], answers: Mapping[str, Any], fewest: float
) -> dict[str, dict[str, tuple[float, int]]]:
    """Each mean with its number of answers, of those that enough people gave."""
    return {
        clip: {
            key: (mean, int(n))
            for key, mean in row.items()
            if mean is not None and (n := value_at(answers, clip, key) or 0) >= fewest
        }
        for clip, row in means.items()
    }


def _overall(measure: Measure, conditions: Sequence[ConditionView]) -> list[Result]:
    results = []
    for condition in conditions:
        row = measure.scores.get(condition.key) or {}
        mean, ends = mean_of(row), row.get("ci95")
        if mean is None:
            results.append(Result(condition))
            continue
        said = percent_interval(ends) if measure.kind == "pair" else interval(ends)
        more = ""
        if row.get("first") is not None:
            more = _("chosen first %(first)s×, second %(second)s×") % {"first": row["first"], "second": row["second"]}
        results.append(
            Result(
                condition, measure.text(mean), measure.bar(mean), row.get("answers"), False, said if ends else "", more
            )
        )
    return results


@dataclass(frozen=True)
class Order:
    """How the clips are sorted, and which are shown: those in which the condition `ahead` is."""

    sort: str = BY_NUMBER
    ahead: str = ""

    @classmethod
    def asked(cls, sent: Mapping[str, str], conditions: Sequence[ConditionView]) -> "Order":
        """What an address asks for; what is no order or condition is left out."""
        keys = {condition.key for condition in conditions}
        sort, ahead = sent.get("sort", ""), sent.get("ahead", "")
        return cls(sort if sort in {BY_DIFFERENCE, *keys} else BY_NUMBER, ahead if ahead in keys else "")

    def sorted(self, clips: Sequence[Clip], measure: Measure | None) -> list[Clip]:
        if measure is None:
            return list(clips)
        found = [clip for clip in clips if not self.ahead or measure.ahead(clip.name) == self.ahead]
        if self.sort == BY_NUMBER:
            return found
        return sorted(found, key=lambda clip: -self._value(measure, clip.name))

    def _value(self, measure: Measure, clip: str) -> float:
        """What is sorted by, the highest first; clips without numbers come last."""
        if self.sort == BY_DIFFERENCE:
            value = measure.difference(clip)
        else:
            value = measure.by_clip.get(clip, {}).get(self.sort, (None, 0))[0]
        return float("-inf") if value is None else value


def clips_of(study: Study) -> list[Clip]:
    """The clips that people judged, in their order: neither practice nor left out."""
    clips = study.clips.filter(included=True, is_practice=False).order_by("number")
    return list(clips.defer("outline", "file_outline", "audio_notes"))


def may_be_heard(clip: Clip) -> bool:
    """Whether the clip's licence lets anybody hear it, as the researchers said."""
    return clip.sound_may_be_published and bool(clip.survey_audio)


def page_of(
    gallery: Gallery, conditions: Sequence[ConditionView], measure: Measure | None, order: Order, number: str
) -> tuple[Any, list[ClipShown]]:
    """The page of clips with this number, else the nearest there is, as Django's paginator has it and as it is shown.

    Reads the clips and the images of the page: two queries, however many there are.
    """
    page = Paginator(order.sorted(clips_of(gallery.study), measure), CLIPS_OF_PAGE).get_page(number)
    images = _images(gallery, list(page)) if gallery.images or gallery.prompts else {}
    return page, [_shown(gallery, clip, conditions, measure, images) for clip in page]


def _images(gallery: Gallery, clips: Sequence[Clip]) -> dict[tuple[int, str], Stimulus]:
    rows = Stimulus.objects.filter(clip__in=clips).exclude(image="").select_related("condition").order_by()
    rows = rows.defer("error") if gallery.prompts else rows.defer("error", "provenance")
    return {(row.clip_id, row.condition.key): row for row in rows}


def _shown(
    gallery: Gallery,
    clip: Clip,
    conditions: Sequence[ConditionView],
    measure: Measure | None,
    images: Mapping[tuple[int, str], Stimulus],
) -> ClipShown:
    found = measure.by_clip.get(clip.name, {}) if measure else {}
    ahead = measure.ahead(clip.name) if measure else ""
    results = []
    for condition in conditions:
        image = images.get((clip.pk, condition.key))
        mean, n = found.get(condition.key, (None, None))
        results.append(
            Result(
                condition,
                measure.text(mean) if measure and mean is not None else "",
                measure.bar(mean) if measure and mean is not None else 0.0,
                n,
                condition.key == ahead,
                has_image=gallery.images and image is not None,
                prompt=str(image.provenance.get("prompt") or "") if gallery.prompts and image else "",
            )
        )
    counts = {n for _mean, n in found.values()}
    difference = measure.difference(clip.name) if measure else None
    return ClipShown(
        clip.number,
        clip.name if gallery.names else "",
        clip.imported_tags if gallery.prompts else (),
        gallery.sounds and may_be_heard(clip),
        clip.licence,
        results,
        measure.text(difference) if measure and difference is not None else "",
        counts.pop() if len(counts) == 1 and len(found) == len(conditions) else None,
    )
