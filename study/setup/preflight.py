"""What must hold before a study opens. Other apps register checks of their own when they start."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from study.blinding_audit.verdicts import last_verdict
from study.models import Clip, Stimulus, Study
from study.participants.questions import QuestionSetError, load_question_set
from study.setup.path_steps import applies_to, step_named


class Level(Enum):
    BLOCKS = "blocks"
    WARNS = "warns"


@dataclass(frozen=True)
class Finding:
    """One thing found: what it is, and how to mend it; `url_name` is the step where that is done."""

    level: Level
    message: str
    url_name: str = ""


Check = Callable[[Study], Iterable[Finding]]
_checks: list[Check] = []


def register(check: Check) -> Check:
    """Adds a check; usable as a decorator."""
    if check not in _checks:
        _checks.append(check)
    return check


def run(study: Study) -> list[Finding]:
    """All findings, what blocks first."""
    found = [finding for check in _checks for finding in check(study)]
    return sorted(found, key=lambda finding: finding.level is not Level.BLOCKS)


@register
def enough_to_show(study: Study) -> Iterable[Finding]:
    conditions = study.conditions.count()
    if not 2 <= conditions <= 6:
        yield Finding(
            Level.BLOCKS,
            _("The study has %(n)d conditions; a trial shows two to six images.") % {"n": conditions},
            "study_describe",
        )
    included = study.clips.filter(included=True, is_practice=False).count()
    if not included:
        yield Finding(Level.BLOCKS, _("No clip is included. Upload clips first."), "study_clips")
    elif included < 12:
        yield Finding(
            Level.WARNS,
            ngettext(
                "Only %(n)d clip: for a statement about music beyond it, at least 12 are advised.",
                "Only %(n)d clips: for a statement about music beyond these, at least 12 are advised.",
                included,
            )
            % {"n": included},
            "study_clips",
        )
    if study.trials_per_participant and included and study.trials_per_participant > included:
        yield Finding(
            Level.BLOCKS,
            _("Each participant is to hear %(k)d clips, but only %(n)d are included.")
            % {"k": study.trials_per_participant, "n": included},
            "study_plan",
        )


NAMED = 3  # clips that a finding names; the rest is counted


def _names(clips: Sequence[Clip]) -> str:
    """The first few by name, the others by number."""
    named = ", ".join(clip.name if len(clip.name) <= 60 else f"{clip.name[:57]}…" for clip in clips[:NAMED])
    if len(clips) <= NAMED:
        return named
    return _("%(names)s and %(n)d more") % {"names": named, "n": len(clips) - NAMED}


@register
def everything_is_painted(study: Study) -> Iterable[Finding]:
    wanted = study.conditions.count()
    ready = Count("stimuli", filter=Q(stimuli__state=Stimulus.State.READY))
    clips = list(study.clips.filter(included=True).annotate(ready=ready))
    makes_images = step_named("generate")
    mended_at = makes_images.url_name if makes_images else "study_clips"
    takes_images = step_named("upload")  # there for conditions whose images come ready-made
    is_uploaded = takes_images is not None and applies_to(takes_images, study)
    unpainted = [clip for clip in clips if clip.ready != wanted]
    if unpainted and takes_images and is_uploaded:
        yield Finding(
            Level.BLOCKS,
            ngettext(
                "%(n)d clip has not all its %(wanted)d images: %(names)s. Upload them, or leave it out.",
                "%(n)d clips have not all their %(wanted)d images: %(names)s. Upload them, or leave them out.",
                len(unpainted),
            )
            % {"n": len(unpainted), "wanted": wanted, "names": _names(unpainted)},
            takes_images.url_name,
        )
    elif unpainted:
        yield Finding(
            Level.BLOCKS,
            ngettext(
                "%(n)d clip has not all its %(wanted)d images: %(names)s. Generate them, or leave it out.",
                "%(n)d clips have not all their %(wanted)d images: %(names)s. Generate them, or leave them out.",
                len(unpainted),
            )
            % {"n": len(unpainted), "wanted": wanted, "names": _names(unpainted)},
            mended_at,
        )
    unheard = [clip for clip in clips if not clip.survey_audio]
    if unheard:
        yield Finding(
            Level.BLOCKS,
            ngettext(
                "%(n)d clip has no audio for the survey yet: %(names)s. Start generation.",
                "%(n)d clips have no audio for the survey yet: %(names)s. Start generation.",
                len(unheard),
            )
            % {"n": len(unheard), "names": _names(unheard)},
            mended_at,
        )


@register
def weights_are_ordered(study: Study) -> Iterable[Finding]:
    first, second = study.weights
    if second > first:
        yield Finding(
            Level.BLOCKS,
            _("A 2nd choice counts %(second)g points and a 1st only %(first)g. Swap them.")
            % {"first": first, "second": second},
            "study_plan",
        )


@register
def extras_have_what_they_need(study: Study) -> Iterable[Finding]:
    for text, name in ((study.questions_before, _("before")), (study.questions_after, _("after"))):
        if text.strip():
            try:
                load_question_set(text)
            except QuestionSetError as error:
                yield Finding(
                    Level.BLOCKS,
                    _("Questions %(name)s: %(why)s") % {"name": name, "why": error},
                    "study_describe",
                )
    included = study.clips.filter(included=True)
    if study.practice_trial and not included.filter(is_practice=True).exists():
        yield Finding(
            Level.WARNS,
            _("No clip is marked for practice, so there will be no practice trial. Mark one, or turn it off."),
            "study_clips",
        )
    if study.match_controls and included.filter(is_practice=False).count() < 2:
        yield Finding(Level.BLOCKS, _("Match-control trials need two clips. Add one, or turn them off."), "study_plan")


@register
def nothing_tells_the_condition(study: Study) -> Iterable[Finding]:
    """What the audit of the study as it is now has found; where there was none yet, opening runs it."""
    verdict = last_verdict(study)
    if verdict is not None and verdict.state == verdict.State.LEAKS:
        yield Finding(
            Level.BLOCKS,
            _("The blinding check could tell conditions by: %(leaks)s. Mend that and check again.")
            % {"leaks": "; ".join(verdict.leaks[:NAMED])},
        )
