"""The path of a study in the console: its steps, and how each says that it is done.

`study` does not know the other apps; each app registers its steps here when it starts, and the console's
frame shows them all in order.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from django.utils.translation import gettext_lazy as _

from study.models import Condition, Stimulus, Study


class Progress(Enum):
    """How far a step is."""

    TODO = "todo"
    PARTLY = "partly"
    DONE = "done"


class Group(Enum):
    """The three headings of the path."""

    SETUP = "setup"
    RUNNING = "running"
    RESULTS = "results"


@dataclass(frozen=True)
class Step:
    """One step: `url_name` takes the study's slug; `progress` is asked when the frame is drawn."""

    key: str
    title: object
    url_name: str
    group: Group
    order: int
    progress: Callable[[Study], Progress] | None = field(default=None, compare=False)
    # Beside the title, a word or two about how it stands: "optional", "sealed".
    note: Callable[[Study], str] | None = field(default=None, compare=False)
    optional: bool = False
    # Where it stands on the path of some studies only.
    applies: Callable[[Study], bool] | None = field(default=None, compare=False)


_steps: dict[str, Step] = {}


def register(step: Step) -> None:
    """Adds a step to every study's path; the same key again replaces it."""
    _steps[step.key] = step


def step_named(key: str) -> Step | None:
    """The step of this key, where an app has registered one."""
    return _steps.get(key)


def progress_of(step: Step, study: Study) -> Progress | None:
    """How far a step is; asked once for each loaded study, since the frame and the overview both show it."""
    if step.progress is None:
        return None
    known: dict[str, Progress] = study.__dict__.setdefault("_progress_by_step", {})
    if step.key not in known:
        known[step.key] = step.progress(study)
    return known[step.key]


def steps_of(group: Group, study: Study) -> list[Step]:
    """The steps of this study under a heading, in order."""
    steps = (step for step in _steps.values() if step.group is group)
    return sorted((step for step in steps if applies_to(step, study)), key=lambda step: step.order)


def step_after(key: str, study: Study) -> Step | None:
    """The set-up step that a researcher goes on with after this one; optional ones are passed over."""
    steps = steps_of(Group.SETUP, study)
    here = next((at for at, step in enumerate(steps) if step.key == key), len(steps))
    return next((step for step in steps[here + 1 :] if not step.optional), None)


def applies_to(step: Step, study: Study) -> bool:
    """Whether the step stands on this study's path; asked once for each loaded study, as progress is."""
    if step.applies is None:
        return True
    known: dict[str, bool] = study.__dict__.setdefault("_applies_by_step", {})
    if step.key not in known:
        known[step.key] = step.applies(study)
    return known[step.key]


def conditions_of(study: Study) -> list[Condition]:
    """The study's conditions in order; asked once for each loaded study, for several steps depend on them."""
    known: list[Condition] = study.__dict__.setdefault("_conditions_in_order", [])
    known[:] = known or study.conditions.order_by("number")
    return known


def _described(study: Study) -> Progress:
    return Progress.DONE if study.title else Progress.TODO


def _clips(study: Study) -> Progress:
    return Progress.DONE if study.clips.exists() else Progress.TODO


def _tags(study: Study) -> Progress:
    """Tags are optional (a clip without has its tags predicted): done as soon as any clip has some."""
    total = study.clips.count()
    tagged = study.clips.exclude(imported_tags=[]).count()
    if total and tagged == total:
        return Progress.DONE
    return Progress.PARTLY if tagged else Progress.TODO


def _planned(study: Study) -> Progress:
    """Done once somebody has looked at the plan and saved it: its defaults are good, but nobody's choice."""
    if study.plan_digest or study.plan.get("reviewed"):
        return Progress.DONE
    return Progress.TODO


def _opened(study: Study) -> Progress:
    return Progress.TODO if study.status == Study.Status.DRAFT else Progress.DONE


def images_ready(study: Study) -> Progress:
    """Whether every included clip has all its stimuli."""
    rows = Stimulus.objects.filter(clip__study=study, clip__included=True)
    ready = rows.filter(state=Stimulus.State.READY).count()
    wanted = study.clips.filter(included=True).count() * len(conditions_of(study))
    if wanted and ready == wanted:
        return Progress.DONE
    return Progress.PARTLY if ready else Progress.TODO


register(Step("describe", _("Describe"), "study_describe", Group.SETUP, 10, _described))
register(Step("clips", _("Clips"), "study_clips", Group.SETUP, 20, _clips))
register(Step("tags", _("Tags"), "study_tags", Group.SETUP, 30, _tags))
register(Step("plan", _("Plan"), "study_plan", Group.SETUP, 60, _planned))
register(Step("preview", _("Preview"), "study_preview", Group.SETUP, 70, None))
register(Step("open", _("Open"), "study_open", Group.SETUP, 80, _opened))
register(Step("monitor", _("Monitor"), "study_monitor", Group.RUNNING, 10, None))
register(Step("links", _("Links"), "study_links", Group.RUNNING, 20, None))
