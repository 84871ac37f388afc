"""The overview of one study: what is done, what comes next."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from study.access import Access, Right
from study.ballots.commitments import FINISHED
from study.ballots.table import counted_people
from study.console.common import access_to, condition_rows, readable_entries, study_page
from study.console.instrument import asked_rows, readable_instrument
from study.instruments.of_study import is_classic
from study.models import Participant, Study
from study.published_heads.summary import head_summary
from study.setup import sharing
from study.setup.path_steps import Group, PathStep, Progress, images_progress, progress_of, steps_of


@dataclass(frozen=True)
class SetupRow:
    """A set-up step as the overview lists it."""

    key: str
    title: object
    url: str
    progress: Progress | None
    words: str
    optional: bool


@dataclass(frozen=True)
class NextAction:
    """The one thing to do now: a heading, a sentence, a button; `more` is a second, quieter link."""

    title: object
    words: str
    url: str = ""
    button: object = ""
    more: str = ""
    more_url: str = ""


@require_safe
@study_page(Right.SEE)
def study_overview(request: HttpRequest, study: Study) -> HttpResponse:
    """Show what is done in a study, and the one thing to do next."""
    access = access_to(request)
    steps = _setup_rows(access)
    recent = readable_entries(access).exclude(action=FINISHED).order_by("-number")[:5]
    return render(
        request,
        "study/overview.html",
        {
            "study": study,
            "steps": steps,
            "next": _next_action(access, steps),
            "conditions": condition_rows(study) if access.allows(Right.LOOK) else (),
            "trial": _asked(study) if access.allows(Right.LOOK) else [],
            "sealed": study.is_blinded,
            "archived": sharing.is_archived(study),
            "completed": counted_people(study, study.stage).filter(status=Participant.Status.COMPLETED).count(),
            "clip_count": study.clips.filter(included=True).count(),
            "head": head_summary(study),
            "recent": recent,
        },
    )


def _asked(study: Study) -> list[dict[str, Any]]:
    """The questions of each trial, of a study that asks for more than a first and a second choice."""
    return [] if is_classic(study) else asked_rows(study, readable_instrument(study)[0])


def _purpose_of(key: str) -> str:
    """Return a sentence about a step's purpose; empty for a step that is not listed here."""
    return {
        "describe": _("Write what participants read: the question, the consent, the instructions."),
        "clips": _("Upload the music that people will hear."),
        "tags": _("Import the original tags; clips without any have theirs predicted."),
        "generate": _("Make the images of every clip."),
        "review": _("Look at the images of every clip and decide the doubtful tags."),
        "instrument": _("What participants are asked for each clip: choices, pairs, ratings, words."),
        "plan": _("Set weights, participants and checks before the first answer."),
        "power": _("How many people and clips are needed to find an effect."),
        "analysis_rules": _("Whether the study may end early, and the smallest difference that matters."),
        "reporting": _("What the report's checklists ask for and only you know."),
        "preregister": _("The text for a registry, before the first answer."),
        "upload": _("Upload the images that were made elsewhere."),
        "preview": _("Take the survey yourself, as a participant sees it."),
        "rehearse": _("Let simulated people answer a copy, to its report."),
        "open": _("Let participants in. From then on the plan is fixed."),
    }.get(key, "")


def _setup_rows(access: Access) -> list[SetupRow]:
    study = access.study
    return [
        SetupRow(step.key, step.title, url, progress_of(step, study), _purpose_of(step.key), step.optional)
        for step in steps_of(Group.SETUP, study)
        if access.allows(step.right) and (url := _url_of(step, study))
    ]


def _url_of(step: PathStep, study: Study) -> str:
    try:
        return reverse(step.url_name, args=[study.slug])
    except NoReverseMatch:
        return ""


def _next_action(access: Access, steps: list[SetupRow]) -> NextAction:
    study, runs = access.study, access.allows(Right.RUN)
    progress = {"url": reverse("study_monitor", args=[study.slug]), "button": _("See the progress")}
    match study.status:
        case Study.Status.DRAFT if not access.allows(Right.EDIT):
            return NextAction(
                title=_("The study is being prepared"),
                words=_("Its owner, %(owner)s, and its editors prepare and open it.")
                % {"owner": study.owner.get_username()},
            )
        case Study.Status.DRAFT:
            return _next_in_setup(study, steps)
        case Study.Status.OPEN if not runs:
            return NextAction(title=_("The study is open"), words=_("Follow the answers."), **progress)
        case Study.Status.OPEN:
            return NextAction(
                title=_("The study is open"),
                words=_("Share the link and follow the answers."),
                url=reverse("study_links", args=[study.slug]),
                button=_("Share the link"),
                more=progress["button"],
                more_url=progress["url"],
            )
        case Study.Status.PAUSED:
            words = _("New participants cannot start; participants who have started may finish.")
            if not runs:
                return NextAction(title=_("The study is paused"), words=words, **progress)
            return NextAction(
                title=_("The study is paused"),
                words=words,
                url=reverse("study_open", args=[study.slug]),
                button=_("Resume or close") if access.allows(Right.OWN) else _("Resume the study"),
            )
        case _:
            return _next_after_closing(access)


def _next_in_setup(study: Study, steps: list[SetupRow]) -> NextAction:
    has_images = images_progress(study) is not Progress.TODO
    left = [
        row
        for row in steps
        if row.progress not in (None, Progress.DONE) and not row.optional and not (row.key == "tags" and has_images)
    ]
    if not left:
        return NextAction(title=_("Everything is done"), words="", url=steps[-1].url, button=steps[-1].title)
    row = left[0]
    after_tags = left[1] if row.key == "tags" and len(left) > 1 else None
    return NextAction(
        title=row.title,
        words=row.words,
        url=row.url,
        button=_("Go on with: %(step)s") % {"step": row.title},
        more=_("Go on without tags") if after_tags else "",
        more_url=after_tags.url if after_tags else "",
    )


def _next_after_closing(access: Access) -> NextAction:
    study = access.study
    monitor_url = reverse("study_monitor", args=[study.slug])
    if study.is_sealed:
        return NextAction(
            title=_("The study is closed and still sealed"),
            words=_("Participants who have started may finish first; then the results open."),
            url=monitor_url,
            button=_("See the progress"),
        )
    if not access.allows(Right.RESULTS):
        return NextAction(
            title=_("The study is closed"),
            words=_("Results are not shown to runners, who stay blind."),
            url=monitor_url,
            button=_("See the progress"),
        )
    results = next(iter(steps_of(Group.RESULTS, study)), None)
    return NextAction(
        title=_("The study is closed"),
        words=_("The seal is removed: results by condition are open."),
        url=reverse(results.url_name, args=[study.slug]) if results else monitor_url,
        button=_("Read the results"),
    )
