"""The path of a study in the console: its steps, and how far each is done.

`study` does not know the other apps: each app registers its steps here when it starts, and the console's frame shows
them all in order.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from django.db.models import Count, Q, prefetch_related_objects
from django.utils.translation import gettext_lazy as _

from study.access import Right
from study.models import Condition, Stimulus, Study
from study.setup.responsible import missing_names
from study.texts import RESPONSIBLE


class Progress(Enum):
    """How far a step is done."""

    TODO = "todo"
    PARTLY = "partly"
    DONE = "done"


class Group(Enum):
    """The three headings of the path."""

    SETUP = "setup"
    RUNNING = "running"
    RESULTS = "results"


@dataclass(frozen=True)
class PathStep:
    """One step of the path; the URL of `url_name` takes the study's slug."""

    key: str
    title: object
    url_name: str
    group: Group
    order: int
    progress: Callable[[Study], Progress] | None = field(default=None, compare=False)
    # A word beside the title, such as "sealed".
    note: Callable[[Study], str] | None = field(default=None, compare=False)
    optional: bool = False
    # For a step that only some studies have.
    applies: Callable[[Study], bool] | None = field(default=None, compare=False)
    right: Right = Right.LOOK  # needed to open it


_steps: dict[str, PathStep] = {}


def register(step: PathStep) -> None:
    """Add a step to every study's path; a step with the same key is replaced."""
    _steps[step.key] = step


def step_named(key: str) -> PathStep | None:
    """Return the step with this key, or None if no app has registered one."""
    return _steps.get(key)


def progress_of(step: PathStep, study: Study) -> Progress | None:
    """Return how far a step is done, or None if it is never done."""
    return step.progress(study) if step.progress else None


def applies_to(step: PathStep, study: Study) -> bool:
    """Whether the step is on this study's path."""
    return step.applies(study) if step.applies else True


def steps_of(group: Group, study: Study) -> list[PathStep]:
    """Return the steps of this study under a heading, in order."""
    steps = (step for step in _steps.values() if step.group is group)
    return sorted((step for step in steps if applies_to(step, study)), key=lambda step: step.order)


def step_after(key: str, study: Study) -> PathStep | None:
    """Return the next set-up step that is not optional, or None."""
    steps = steps_of(Group.SETUP, study)
    here = next((at for at, step in enumerate(steps) if step.key == key), len(steps))
    return next((step for step in steps[here + 1 :] if not step.optional), None)


def conditions_of(study: Study) -> list[Condition]:
    """Return the study's conditions in order; read once for each loaded study, since several steps depend on them."""
    prefetch_related_objects([study], "conditions")
    return list(study.conditions.all())


def _described(study: Study) -> Progress:
    """Done once the consent text can name who asks; a study that has opened keeps the text that people agreed to."""
    if not (study.settings_can_change and missing_names(study)):
        return Progress.DONE
    return Progress.PARTLY if any(getattr(study, name) for name in RESPONSIBLE) else Progress.TODO


def _clips(study: Study) -> Progress:
    return Progress.DONE if study.clips.exists() else Progress.TODO


def _tags(study: Study) -> Progress:
    """Done once every clip has tags. Tags are optional: those of other clips are predicted."""
    clips = study.clips.aggregate(total=Count("pk"), untagged=Count("pk", filter=Q(imported_tags=[])))
    if clips["total"] == clips["untagged"]:
        return Progress.TODO
    return Progress.PARTLY if clips["untagged"] else Progress.DONE


def _planned(study: Study) -> Progress:
    """Done once the plan was saved: its defaults are good, but nobody has chosen them."""
    if study.plan_digest or study.plan.get("reviewed"):
        return Progress.DONE
    return Progress.TODO


def _has_platform(study: Study) -> bool:
    return bool(study.recruitment_platform)


def _has_opened(study: Study) -> bool:
    return study.status != Study.Status.DRAFT


def _opened(study: Study) -> Progress:
    return Progress.DONE if _has_opened(study) else Progress.TODO


def images_progress(study: Study) -> Progress:
    """Return how far the images of the included clips are made."""
    is_ready = Q(stimuli__state=Stimulus.State.READY)
    made = study.clips.filter(included=True).aggregate(
        clips=Count("pk", distinct=True), ready=Count("stimuli", filter=is_ready)
    )
    wanted = made["clips"] * len(conditions_of(study))
    if wanted and made["ready"] == wanted:
        return Progress.DONE
    return Progress.PARTLY if made["ready"] else Progress.TODO


def has_all_images(study: Study) -> bool:
    """Whether every included clip has an image of each condition."""
    return images_progress(study) is Progress.DONE


register(PathStep("describe", _("Describe"), "study_describe", Group.SETUP, 10, _described))
register(PathStep("clips", _("Clips"), "study_clips", Group.SETUP, 20, _clips))
register(PathStep("tags", _("Tags"), "study_tags", Group.SETUP, 30, _tags))
register(PathStep("instrument", _("Questions in each trial"), "study_instrument", Group.SETUP, 55, None, optional=True))
register(PathStep("plan", _("Plan"), "study_plan", Group.SETUP, 60, _planned))
register(PathStep("preview", _("Preview"), "study_preview", Group.SETUP, 70, None))
register(PathStep("open", _("Open"), "study_open", Group.SETUP, 80, _opened, right=Right.SEE))
register(PathStep("monitor", _("Monitor"), "study_monitor", Group.RUNNING, 10, right=Right.SEE))
register(PathStep("participants", _("Participants"), "study_participants", Group.RUNNING, 15, right=Right.SEE))
register(PathStep("links", _("Links"), "study_links", Group.RUNNING, 20, right=Right.SEE))
register(PathStep("stages", _("Stages"), "study_stages", Group.RUNNING, 25, right=Right.SEE))
register(PathStep("versions", _("Versions"), "study_versions", Group.RUNNING, 27, applies=_has_opened, right=Right.SEE))
register(PathStep("payment", _("Payment"), "study_payment", Group.RUNNING, 30, applies=_has_platform, right=Right.RUN))
