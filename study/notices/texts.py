"""The words of the mails: what was found, what to do, and where. Nobody, no condition and no result is in them."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from study.models import Notice, NoticeKind, Study, StudyStage
from study.participants.links import full_url

# The page that helps with each kind.
_PAGES = {NoticeKind.TARGET: "study_open", NoticeKind.STOPS: "study_monitor", NoticeKind.WORK: "study_overview"}


def choices_url(study: Study) -> str:
    """The absolute address of the page on which mails are switched off."""
    return full_url(reverse("study_mails", args=[study.slug]))


def subject_and_text(notice: Notice) -> tuple[str, str]:
    """Return the mail in the language of now."""
    study = notice.study
    title = " ".join(study.title.split())
    text = "\n\n".join(
        [
            sentence_of(notice),
            _advice(notice),
            full_url(reverse(_page_of(notice), args=[study.slug])),
            _("You get this mail because you work on the study. Switch such mails off here:")
            + f"\n{choices_url(study)}",
        ]
    )
    return f"{NoticeKind(notice.kind).label}: {title}"[:200], f"{title}\n\n{text}\n"


def sentence_of(notice: Notice) -> str:
    """What was found, as a sentence."""
    facts: Mapping[str, Any] = notice.facts
    if notice.kind == NoticeKind.TARGET:
        if "stage" in facts:
            return _("The study has reached the target of its %(stage)s: %(target)d participants who finished.") % {
                **facts,
                "stage": StudyStage(facts["stage"]).label,
            }
        return _("The study has reached its target of %(target)d participants who finished.") % facts
    if notice.kind == NoticeKind.STOPS:
        return _("Of the last %(reached)d people who came to this step, %(stopped)d left there: %(step)s.") % {
            **facts,
            "step": step_name(str(facts["step"])),
        }
    return _("Work of this study has waited for %(minutes)d minutes, and no worker for “%(queue)s” takes it.") % facts


def _page_of(notice: Notice) -> str:
    return "study_stages" if _awaits_a_stage(notice) else _PAGES[NoticeKind(notice.kind)]


def _awaits_a_stage(notice: Notice) -> bool:
    """Whether it is told of a pilot stage, which the main stage follows."""
    return bool(notice.facts.get("stage") == StudyStage.PILOT)


def _advice(notice: Notice) -> str:
    kind = notice.kind
    if _awaits_a_stage(notice):
        return _("Begin the main stage once its answers show that everything works.")
    if kind == NoticeKind.TARGET:
        return _("Close the study if it is to take no more people.")
    if kind == NoticeKind.STOPS:
        return _("Go through this step yourself on a phone, and look at the problems that people reported.")
    return _("Nothing is lost: it goes on once a worker runs. Tell whoever runs the server.")


def step_name(step: str) -> str:
    """A step of the survey in words: "trials 3" is the third clip."""
    stage, _space, number = step.partition(" ")
    if stage == "trials":
        return _("clip %(n)s of their order") % {"n": number}
    return {
        "consent": _("consent"),
        "questions_before": _("questions before the clips"),
        "sound": _("sound check"),
        "instructions": _("instructions"),
        "questions_after": _("questions after the clips"),
        "review": _("review of the answers"),
    }[stage]
