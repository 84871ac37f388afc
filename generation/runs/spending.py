"""Cost of a study's sentences: the estimate before a run, the count after it, and the cap over all runs.

Each call has a row before it is made, with the most tokens that it may take, and is counted when it is answered, even
if the answer cannot be used. So the caps hold over all workers and runs of a study, whatever they do at the same time.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings as django_settings
from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, QuerySet, Sum
from django.db.models.functions import Least

from generation.models import ClipStep, GenerationRun, SentenceCall
from generation.runs.conditions import painted_conditions
from generation.settings_model import GenerationSettings
from generation.writing import OpenAIOptions
from generation.writing.usage import EXPECTED_ANSWER_TOKENS, Estimate, Usage, check_cap, fits_cap
from study.models import Study

# The token limit of Stable Diffusion and similar models. It only occurs in the request's text, so that another limit
# costs about the same.
USUAL_TOKEN_LIMIT = 77
# Seconds between two checks whether the calls under way have left room under a cap.
WAIT_FOR_CALLS = 0.25


def answers_folder() -> Path:
    """Return the folder of the service's answers, which are never asked for twice."""
    return Path(django_settings.DATA_DIR) / "sentences"


def _calls(study: Study, *, under_way: bool) -> QuerySet[SentenceCall]:
    return SentenceCall.objects.filter(run__study=study, under_way=under_way)


def used(study: Study, run: GenerationRun | None = None) -> Usage:
    """Return the calls and tokens of a study's runs, or of one of them, as the service counted them."""
    rows = _calls(study, under_way=False)
    if run is not None:
        rows = rows.filter(run=run)
    sums = rows.aggregate(calls=Count("pk"), read=Sum("input_tokens"), written=Sum("output_tokens"))
    return Usage(calls=sums["calls"], input_tokens=sums["read"] or 0, output_tokens=sums["written"] or 0)


class StudyUsage(Usage):
    """A usage with a row for each call, shared by all workers that write for the study.

    `lease_token`: the lease of the step that writes. If a call is under way and no worker holds its step, its worker
    was killed: the call counts as the tokens that it was expected to take.
    """

    def __init__(self, run: GenerationRun, lease_token: str = "") -> None:
        super().__init__()
        self._run, self._token = run, lease_token

    def begin_call(self, options: OpenAIOptions, input_tokens: int) -> int:
        while True:
            self._settle_abandoned()
            # The study's row is locked, so that two workers see each other's calls.
            with transaction.atomic():
                Study.objects.select_for_update().get(pk=self._run.study_id)
                now, under_way = self._tokens()
                most = (input_tokens, options.max_answer_tokens)
                check_cap(options, now, most)
                if fits_cap(options, [now, under_way, most]):
                    return SentenceCall.objects.create(
                        run=self._run,
                        input_tokens=input_tokens,
                        output_tokens=options.max_answer_tokens,
                        under_way=True,
                        lease_token=self._token,
                    ).pk
            time.sleep(WAIT_FOR_CALLS)

    def _tokens(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return (read, written) tokens of the counted calls and of those under way.

        It is one query: between two, a call could end and be missed by both.
        """
        calls = SentenceCall.objects.filter(run__study_id=self._run.study_id).order_by()
        rows = calls.values("under_way").annotate(read=Sum("input_tokens"), written=Sum("output_tokens"))
        sums = {row["under_way"]: (row["read"], row["written"]) for row in rows}
        return sums.get(False, (0, 0)), sums.get(True, (0, 0))

    def end_call(self, number: int, input_tokens: int, output_tokens: int) -> None:
        SentenceCall.objects.filter(pk=number).update(
            under_way=False, input_tokens=input_tokens, output_tokens=output_tokens
        )
        self.calls += 1
        self.input_tokens += input_tokens
        self.output_tokens += output_tokens

    def drop_call(self, number: int) -> None:
        SentenceCall.objects.filter(pk=number).delete()

    def _settle_abandoned(self) -> None:
        """Count the calls of killed workers at what they were expected to take."""
        held = ClipStep.objects.held_under(OuterRef("lease_token"))
        abandoned = _calls(self._run.study, under_way=True).exclude(Exists(held)).exclude(lease_token="")
        abandoned.update(under_way=False, output_tokens=Least(F("output_tokens"), EXPECTED_ANSWER_TOKENS))


def estimate(study: Study, settings: GenerationSettings) -> Estimate | None:
    """Estimate the cost of the sentences still to be written; None if they cost nothing.

    The estimate is made from the tag sets of redefined clips; for other clips from the imported tags, or from as many
    invented tags as a prompt may have.
    """
    if not isinstance(settings.writer, OpenAIOptions) or not painted_conditions(study):
        return None
    from generation.writing.answer_store import FolderAnswers
    from generation.writing.openai_writer import OpenAIWriter

    writer = OpenAIWriter(settings.writer, answers=FolderAnswers(answers_folder()))
    tag_sets = _tag_sets(study, settings)
    return writer.estimate(tag_sets, token_limit=USUAL_TOKEN_LIMIT, seeds=[study.seed] * len(tag_sets))


def _tag_sets(study: Study, settings: GenerationSettings) -> list[Sequence[str]]:
    steps = ClipStep.objects.filter(clip__study=study, kind=ClipStep.Kind.REDEFINE, result__isnull=False)
    known: dict[int, Any] = dict(steps.values_list("clip_id", "result"))
    uploaded = set(study.clips.filter(stimuli__painter="uploaded").values_list("pk", flat=True))
    found: list[Sequence[str]] = []
    for clip in study.clips.filter(included=True).only("pk", "name", "imported_tags"):
        if clip.pk in uploaded:
            continue
        if clip.pk in known:
            found += [known[clip.pk]["original"], known[clip.pk]["redefined"]]
            continue
        # The clip's number makes each request distinct, so that equal tags of two clips count as two calls.
        tags = clip.imported_tags[: settings.tag_limit] or ["a usual tag"] * settings.tag_limit
        found += [[*tags, f"first {clip.pk}"], [*tags, f"second {clip.pk}"]]
    return found
