"""How many answers each clip has: counted with each ballot, so that no page counts millions of them.

The counts of a study together are the sum of `Participant.main_answered`, which is read in the same statement. If the
two differ (rows written in bulk by an import, say, or by hand), all ballots are counted again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Greatest

from study.ballots.table import counted_kind, kinds_of
from study.models import Ballot, Clip, ClipAnswers, Participant, Study, StudyStage, Trial


@dataclass(frozen=True)
class ClipCount:
    """One clip that people judge, and how many answers it has, without hidden repeats."""

    number: int
    name: str
    answered: int


def begin_counts(clips: Iterable[Clip], kind: str, stage: str) -> None:
    """Give clips the rows in which answers of people of this kind and stage are counted, unless they have them."""
    rows = (ClipAnswers(clip=clip, kind=kind, stage=stage) for clip in clips)
    ClipAnswers.objects.bulk_create(rows, ignore_conflicts=True)


def count_answer(trial: Trial) -> None:
    """Count the first ballot of a main trial, in the ballot's transaction and last of its locks but the ballot's own.

    A clip without a row, of a study that began with an earlier version, gets it by `clip_counts`.
    """
    participant = trial.participant
    if trial.kind == Trial.Kind.MAIN and participant.kind in kinds_of(participant.study):
        column = "repeated" if trial.repeat else "answered"
        counts = ClipAnswers.objects.filter(clip=trial.clip_id, kind=participant.kind, stage=participant.stage)
        counts.update(**{column: F(column) + 1})


def uncount_answers(participant: Participant) -> None:
    """Take back what a person's ballots have counted, before these are deleted, in that transaction."""
    mine = Ballot.objects.filter(
        trial__participant=participant, trial__clip=OuterRef("clip"), trial__kind=Trial.Kind.MAIN
    )
    clips = participant.trials.order_by().values("clip")
    # One order for all who lock several: two who wait for each other would both have waited in vain.
    counts = ClipAnswers.objects.filter(kind=participant.kind, stage=participant.stage, clip__in=clips)
    rows = counts.select_for_update().order_by("clip")
    # Not below 0, which no table takes: counts that are wrong are made again by the next who reads them, and nobody's
    # withdrawal may fail for them.
    ClipAnswers.objects.filter(pk__in=[row.pk for row in rows]).update(
        answered=Greatest(F("answered") - _number(mine.filter(trial__repeat=0)), Value(0)),
        repeated=Greatest(F("repeated") - _number(mine.filter(trial__repeat__gt=0)), Value(0)),
    )


def clip_counts(study: Study, stage: str = StudyStage.MAIN) -> Sequence[ClipCount]:
    """The clips that people judge, by number, with the answers of a stage's people; in one query as a rule."""
    kind = counted_kind(study)
    if not _agree(study, kind, stage):
        recount(study, stage)
    counts = ClipAnswers.objects.filter(clip=OuterRef("pk"), kind=kind, stage=stage).values("answered")
    clips = study.clips.filter(included=True, is_practice=False).order_by("number")
    rows = clips.annotate(n=Coalesce(Subquery(counts), 0)).values_list("number", "name", "n")
    return [ClipCount(*row) for row in rows]


def _agree(study: Study, kind: str, stage: str) -> bool:
    """Whether the counts are those of the people, told in one statement: an answer may come between two."""
    people = study.participants.filter(kind=kind, stage=stage).order_by()
    counts = ClipAnswers.objects.filter(clip__study=study, kind=kind, stage=stage)
    of_people = people.values("study").annotate(n=Sum("main_answered")).values("n")
    of_clips = counts.values("clip__study").annotate(n=Sum(F("answered") + F("repeated"))).values("n")
    totals = Study.objects.filter(pk=study.pk).values_list(
        Coalesce(Subquery(of_people), 0), Coalesce(Subquery(of_clips), 0)
    )
    told, counted = totals.get()
    return bool(told == counted)


@transaction.atomic
def recount(study: Study, stage: str = StudyStage.MAIN) -> None:
    """Count every ballot of a stage, if the counts differ from the people's. Answers that come meanwhile wait.

    Those who wait for the rows look again: the one before them has counted.
    """
    kind = counted_kind(study)
    clips = list(study.clips.order_by("pk").only("pk"))
    begin_counts(clips, kind, stage)
    rows = ClipAnswers.objects.select_for_update().filter(clip__in=clips, kind=kind, stage=stage).order_by("clip")
    stored = {row.clip_id: row for row in rows}
    if _agree(study, kind, stage):
        return
    main = Ballot.objects.filter(
        trial__participant__study=study,
        trial__participant__kind=kind,
        trial__participant__stage=stage,
        trial__kind=Trial.Kind.MAIN,
    )
    first = Q(trial__repeat=0)
    found = (
        main.order_by()
        .values("trial__clip")
        .annotate(first=Count("pk", filter=first), again=Count("pk", filter=~first))
    )
    given = {row["trial__clip"]: (row["first"], row["again"]) for row in found}
    for clip, row in stored.items():
        row.answered, row.repeated = given.get(clip, (0, 0))
    ClipAnswers.objects.bulk_update(stored.values(), ["answered", "repeated"])


def _number(ballots: QuerySet[Ballot]) -> Coalesce:
    """How many there are, as a subquery."""
    of_clip = ballots.order_by().values("trial__clip").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(of_clip, output_field=IntegerField()), 0)
