"""Where each clip stands in the review: approved, undecided, being painted again, and what asks for a look."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import QuerySet

from generation.models import ClipStep, GenerationRun, ReviewDecision
from generation.runs.conditions import clips_to_generate
from generation.runs.image_versions import version_of
from generation.runs.progress import TagQuestions, tag_questions, unfaithful_sentences
from study.models import Clip, Stimulus, Study

Kind = ReviewDecision.Kind
NOTHING_ASKED = TagQuestions((), False)


@dataclass(frozen=True)
class LastDecision:
    """The decision that holds for a clip; `actor`: the account's name, empty if it was no person."""

    pk: int
    kind: str
    version: str
    at: datetime
    actor: str

    @property
    def words(self) -> str:
        return str(Kind(self.kind).label)


@dataclass(frozen=True)
class ClipReview:
    """A clip's place in the review.

    `version`: of its images. `is_complete`: it has an image of each condition. `is_being_made`: a running run has a
    step of it to do. `waits_for_run`: a step of it was planned, and the run ended before. `failed`: a step failed.
    `last`: the decision that holds. `repaints`: how often its images were sent to be painted again.
    `is_alike`: two conditions have the same picture. `unfaithful`: how many sentences do not match their tags.
    """

    clip_id: int
    number: int
    name: str
    version: str = ""
    is_complete: bool = False
    is_being_made: bool = False
    waits_for_run: bool = False
    failed: bool = False
    last: LastDecision | None = None
    repaints: int = 0
    questions: TagQuestions = NOTHING_ASKED
    is_alike: bool = False
    unfaithful: int = 0

    @property
    def is_approved(self) -> bool:
        """Whether somebody approved the images that the clip has now."""
        last = self.last
        return last is not None and last.kind == Kind.APPROVED and last.version == self.version and self.is_complete

    @property
    def can_be_approved(self) -> bool:
        return self.is_complete and not self.is_being_made and not self.is_approved

    @property
    def asks_for_a_look(self) -> bool:
        """Whether a check found something in the images, or they are not those that the settings would give."""
        outdated = self.waits_for_run or self.questions.is_outdated
        return self.failed or self.is_alike or bool(self.unfaithful) or outdated or not self.is_complete

    @property
    def seen(self) -> str:
        """What a form that was shown with this state sends back: images and decision of another state differ."""
        return f"{self.version}.{self.last.pk if self.last else 0}"


FILTERS: Mapping[str, Callable[[ClipReview], bool]] = {
    "all": lambda row: True,
    "undecided": lambda row: not row.is_approved,
    "approved": lambda row: row.is_approved,
    "repainted": lambda row: row.repaints > 0,
    "checks": lambda row: row.asks_for_a_look,
    "contested": lambda row: bool(row.questions.undecided),
}


@dataclass(frozen=True)
class Review:
    """The review of a study's included clips, in their order.

    `undecided_elsewhere`: undecided tags of clips that are left out as unchanged; a decision may change them.
    """

    rows: list[ClipReview]
    undecided_elsewhere: int = 0

    @cached_property
    def counts(self) -> dict[str, int]:
        """Return how many clips each filter shows."""
        return {name: sum(map(shows, self.rows)) for name, shows in FILTERS.items()}

    @cached_property
    def undecided_tags(self) -> int:
        return sum(len(row.questions.undecided) for row in self.rows)

    @cached_property
    def unfaithful(self) -> int:
        """Count the sentences that do not match their tags."""
        return sum(row.unfaithful for row in self.rows)

    @cached_property
    def outdated(self) -> list[ClipReview]:
        """The clips whose images may be of other tags than the decisions on contested tags say."""
        return [row for row in self.rows if row.questions.is_outdated and not row.is_being_made]

    def shown(self, show: str) -> list[ClipReview]:
        """Return the clips that the filter `show` shows."""
        return [row for row in self.rows if FILTERS[show](row)]

    def next_undecided(self, number: int) -> ClipReview | None:
        """Return the first undecided clip after the one with this number, or else from the start."""
        left = [row for row in self.shown("undecided") if row.number != number]
        return next((row for row in left if row.number > number), left[0] if left else None)


def review_of(study: Study) -> Review:
    """Return where all included clips stand, in a constant number of queries."""
    questions = tag_questions(clips_to_generate(study))
    review = Review(_rows(study, study.clips.filter(included=True), questions))
    asked = sum(len(found.undecided) for found in questions.values())
    return Review(review.rows, asked - review.undecided_tags)


def review_rows(study: Study, clips: QuerySet[Clip]) -> list[ClipReview]:
    """Return where these clips of the study stand, in a constant number of queries."""
    return _rows(study, clips, tag_questions(clips))


def _rows(study: Study, clips: QuerySet[Clip], questions: Mapping[int, TagQuestions]) -> list[ClipReview]:
    named = list(clips.order_by("number").values_list("pk", "number", "name"))
    names: dict[int, list[str]] = defaultdict(list)
    digests: dict[int, list[str]] = defaultdict(list)
    ready = Stimulus.objects.filter(clip__in=clips, state=Stimulus.State.READY).order_by()
    for clip_id, image, digest in ready.values_list("clip", "image", "image_digest"):
        names[clip_id].append(image)
        digests[clip_id].append(digest)
    last: dict[int, LastDecision] = {}
    repaints = Counter[int]()
    decisions = ReviewDecision.objects.filter(clip__in=clips, undone=False).order_by("pk")
    for clip_id, pk, kind, version, at, actor in decisions.values_list(
        "clip", "pk", "kind", "version", "at", "actor__username"
    ):
        last[clip_id] = LastDecision(pk, kind, version, at, actor or "")
        repaints[clip_id] += kind == Kind.REPAINTED
    steps: dict[int, set[tuple[str, str]]] = defaultdict(set)
    unfinished = ClipStep.objects.filter(clip__in=clips).exclude(state__in=ClipStep.COMPLETE)
    for clip_id, state, run_state in unfinished.order_by().values_list("clip", "state", "run__state"):
        steps[clip_id].add((state, run_state))
    unfaithful = Counter(unfaithful_sentences(study).filter(clip__in=clips).order_by().values_list("clip", flat=True))
    wanted = study.conditions.count()
    return [
        ClipReview(
            pk,
            number,
            name,
            version=version_of(names[pk]),
            is_complete=len(names[pk]) == wanted,
            is_being_made=any(map(_is_under_way, steps[pk])),
            waits_for_run=any(step[0] == ClipStep.State.WAITING and not _is_under_way(step) for step in steps[pk]),
            failed=any(state == ClipStep.State.FAILED for state, _run in steps[pk]),
            last=last.get(pk),
            repaints=repaints[pk],
            questions=questions.get(pk, NOTHING_ASKED),
            is_alike=_has_twins(digests[pk]),
            unfaithful=unfaithful[pk],
        )
        for pk, number, name in named
    ]


def _is_under_way(step: tuple[str, str]) -> bool:
    """Return whether a worker does, or will do, a step (its state, its run's); one after a failed step is not done."""
    state, run_state = step
    if state == ClipStep.State.RUNNING:
        return True
    return state == ClipStep.State.WAITING and run_state == GenerationRun.State.RUNNING


def _has_twins(digests: list[str]) -> bool:
    known = [digest for digest in digests if digest]
    return len(known) != len(set(known))
