"""Generation's steps in the console's path, and its checks before a study opens."""

from collections.abc import Iterable
from dataclasses import replace

from django.db.models import Count, Exists, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from generation.errors import GenerationError
from generation.models import ClipStep, ReviewDecision
from generation.runs.conditions import is_painted, is_ready_made, painted_conditions
from generation.runs.progress import unchanged_clips, undecided
from generation.runs.review_state import review_of
from study.models import Clip, Stimulus, Study
from study.setup import preflight
from study.setup.path_steps import (
    Group,
    PathStep,
    Progress,
    applies_to,
    conditions_of,
    images_progress,
    register,
    step_named,
)
from study.setup.preflight import Finding, Level

UPLOAD = PathStep(
    "upload",
    gettext_lazy("Upload images"),
    "generation_upload",
    Group.SETUP,
    45,
    images_progress,
    applies=lambda study: not all(is_painted(row.levels) for row in conditions_of(study)),
)


def _generated(study: Study) -> Progress:
    if applies_to(UPLOAD, study) and not painted_conditions(study):
        clips = study.clips.filter(included=True)
        heard = clips.exclude(survey_audio="").count()
        if not heard:
            return Progress.TODO
        return Progress.DONE if heard == clips.count() else Progress.PARTLY
    progress = images_progress(study)
    if progress is Progress.TODO and ClipStep.objects.filter(clip__study=study).exists():
        return Progress.PARTLY
    return progress


def _reviewed(study: Study) -> Progress:
    """Done once somebody approved the images of every clip and decided every contested tag.

    Once the study is open, nothing can be decided any more, so nothing is left to do.
    """
    made = images_progress(study)
    if made is not Progress.DONE or not study.settings_can_change:
        return made
    approved = ReviewDecision.objects.filter(clip=OuterRef("pk"), kind=ReviewDecision.Kind.APPROVED, undone=False)
    # Asked first, since it is cheap: the path is on every page of the console.
    if study.clips.filter(~Exists(approved), included=True).exists() or undecided(study):
        return Progress.PARTLY
    return Progress.PARTLY if review_of(study).counts["undecided"] else Progress.DONE


# Prompts are made from tags; a study with uploaded images only needs none.
if (tags := step_named("tags")) is not None:
    register(replace(tags, applies=lambda study: any(is_painted(row.levels) for row in conditions_of(study))))
register(PathStep("generate", gettext_lazy("Generate"), "generation_run", Group.SETUP, 40, _generated))
register(UPLOAD)
register(PathStep("review", gettext_lazy("Review"), "generation_review", Group.SETUP, 50, _reviewed))


@preflight.register
def no_run_is_running(study: Study) -> Iterable[Finding]:
    """Images must not change while participants look at them."""
    running = study.generation_runs.filter(state="running").exists()
    held = ClipStep.objects.filter(clip__study=study, state=ClipStep.State.RUNNING).exists()
    if running or held:
        yield Finding(
            Level.BLOCKS,
            _("Images are still being made. Wait for the run to end, or cancel it."),
            "generation_run",
        )


@preflight.register
def images_are_current(study: Study) -> Iterable[Finding]:
    """Images whose generation was begun again and did not finish may show an earlier excerpt, or earlier tags.

    Before the clip is heard anew it has no sound, which blocks by itself; afterwards only its steps know. Steps that
    were not finished are missing in copies and in what was brought back.
    """
    if study.generation_runs.filter(state="running").exists():
        return  # no_run_is_running says so
    images = Stimulus.objects.filter(clip=OuterRef("pk"), state=Stimulus.State.READY)
    finished = Q(steps__state__in=ClipStep.COMPLETE)
    clips = list(
        study.clips.filter(Exists(images), ~Exists(images.filter(painter="uploaded")), included=True)
        .exclude(survey_audio="")
        .annotate(begun=Count("steps"), finished=Count("steps", filter=finished))
        .filter(begun__gt=0, finished__lt=len(ClipStep.ORDER))
    )
    if clips:
        yield Finding(
            Level.BLOCKS,
            ngettext(
                "%(n)d clip has images that may not be of its present sound and tags, since generation was begun again "
                "and did not finish: %(names)s. Start generation, or leave it out.",
                "%(n)d clips have images that may not be of their present sound and tags, since generation was begun "
                "again and did not finish: %(names)s. Start generation, or leave them out.",
                len(clips),
            )
            % {"n": len(clips), "names": preflight.names(clips)},
            "generation_run",
        )


@preflight.register
def tags_of_excerpts_are_known(study: Study) -> Iterable[Finding]:
    """What was imported is about the file: trimming a clip changes neither its tags nor its predictions."""
    clips = list(study.clips.filter(included=True, trim_start__isnull=False).prefetch_related("stimuli"))
    clips = [clip for clip in clips if not is_ready_made(clip)]
    if not clips or not painted_conditions(study):
        return
    from generation.settings_model import settings_of  # slow to import, and every command imports this module

    try:
        settings = settings_of(study)
    except GenerationError:
        return  # the step “Generate” says so
    imported = settings.tagger.kind == "imported" or (
        settings.redefined_tagger is not None and settings.redefined_tagger.kind == "imported"
    )
    clips = [clip for clip in clips if imported or (clip.imported_tags and settings.tag_source != "predicted")]
    if clips:
        yield Finding(
            Level.WARNS,
            ngettext(
                "%(n)d trimmed clip has imported tags or predictions, which stay those of the whole file: %(names)s. "
                "Check that they are true of the excerpt.",
                "%(n)d trimmed clips have imported tags or predictions, which stay those of the whole files: "
                "%(names)s. Check that they are true of the excerpts.",
                len(clips),
            )
            % {"n": len(clips), "names": preflight.names(clips)},
            "study_tags",
        )


@preflight.register
def images_are_reviewed(study: Study) -> Iterable[Finding]:
    """What the review knows is no reason to wait.

    Until the researcher decides on tags, the rules do. A sentence that leaves out a tag, or adds music, differs from
    the tags by more than its form.
    """
    review = review_of(study)
    if count := review.undecided_tags + review.undecided_elsewhere:
        yield Finding(
            Level.WARNS,
            ngettext(
                "%(n)d doubtful tag is not decided; until then the rules keep it or leave it out.",
                "%(n)d doubtful tags are not decided; until then the rules keep them or leave them out.",
                count,
            )
            % {"n": count},
            "generation_decide",
        )
    if count := review.counts["undecided"]:
        yield Finding(
            Level.WARNS,
            ngettext(
                "Nobody has approved the images of %(n)d clip in the review.",
                "Nobody has approved the images of %(n)d clips in the review.",
                count,
            )
            % {"n": count},
            "generation_review",
        )
    if review.outdated:
        yield Finding(
            Level.WARNS,
            ngettext(
                "Tags of %(n)d clip were decided after its images were made. Make them again.",
                "Tags of %(n)d clips were decided after their images were made. Make them again.",
                len(review.outdated),
            )
            % {"n": len(review.outdated)},
            "generation_review",
        )
    if count := review.unfaithful:
        yield Finding(
            Level.WARNS,
            ngettext(
                "%(n)d sentence does not match its tags: it leaves one out, or adds music that no tag names.",
                "%(n)d sentences do not match their tags: they leave some out, or add music that no tag names.",
                count,
            )
            % {"n": count},
            "generation_review",
        )


@preflight.register
def unchanged_clips_are_known(study: Study) -> Iterable[Finding]:
    """Clips that redefinition does not change are no evidence about it."""
    count = unchanged_clips(study)
    if not count:
        return
    fate = _("kept in the study") if study.include_unchanged_clips else _("left out of the study")
    yield Finding(
        Level.WARNS,
        ngettext(
            "%(n)d clip has the same original and corrected tags, which says nothing about correcting; it is %(fate)s.",
            "%(n)d clips have the same original and corrected tags, which says nothing about correcting; they are "
            "%(fate)s.",
            count,
        )
        % {"n": count, "fate": fate},
        "generation_run",
    )


@preflight.register
def sketches_are_known(study: Study) -> Iterable[Finding]:
    """The built-in painter is for trying out the platform."""
    if Stimulus.objects.filter(clip__study=study, clip__included=True, painter="sketch").exists():
        yield Finding(
            Level.WARNS,
            _(
                "These are sketches by the built-in painter, not images by an image model. All results carry this "
                "notice."
            ),
            "generation_settings",
        )


@preflight.register
def same_pictures_are_known(study: Study) -> Iterable[Finding]:
    """Two conditions of a clip with the same picture cannot be distinguished by participants."""
    alike = Stimulus.objects.filter(clip__study=study, clip__included=True).exclude(image_digest="")
    twice = alike.values("clip", "image_digest").annotate(times=Count("pk")).filter(times__gt=1)
    clips = Clip.objects.filter(pk__in=twice.values("clip"))
    count = clips.count()
    if count:
        yield Finding(
            Level.WARNS,
            ngettext(
                "%(n)d clip has the same picture under several conditions: %(names)s.",
                "%(n)d clips have the same picture under several conditions: %(names)s.",
                count,
            )
            % {"n": count, "names": ", ".join(clips.values_list("name", flat=True)[:5])},
            "generation_review",
        )
