"""Every form of the console with `{% kept %}`: where it is, what is typed into it, and how it is seen to be saved."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from analysis.models import Analysis, SharedReport
from generation.models import ReviewDecision, TagDecision
from study.models import Invitation, Participant, Study
from tests.browser.test_review import painted
from tests.config.test_kept_forms import CASES
from tests.generation.studies import doubt

Change = Callable[[Study], Any]


@dataclass(frozen=True)
class Kept:
    """A form, known by a field that every browser shows, and what is typed into that."""

    template: str
    page: str
    field: str
    typed: str
    other: str = ""  # what another window saves meanwhile; empty for a form that only adds something
    part: tuple[Any, ...] = ()
    where: str = ""  # which of several forms with this field
    save: str = "button:not([type=button])"
    prepare: Change = lambda study: None
    stored: Change | None = None  # whether it has been saved, where the page does not show it
    away: str = "the server does not answer"
    signed_out: str = "no longer signed in"
    messages: str = "[data-kept-notice]"  # where the page says so
    asks: str = "Stored now:"
    stays: bool = False  # on its page once it is saved
    stands_for: str = ""  # the forms of its mechanism, which are tried by `make forms` alone

    @property
    def css(self) -> str:
        return f'form[data-kept]{self.where}:has([name="{self.field}"])'

    def url(self, study: Study) -> str:
        part = (study.clips.first().pk,) if self.page == "clip_edit" else self.part
        parts = [study.slug, *part] if self.page not in ("account", "study_create") else []
        return reverse(self.page, args=parts)


def of_case(template: str, page: str, field: str, **more: Any) -> Kept:
    """The form of a case of the tests without a browser, with the same values."""
    (case,) = (case for case in CASES if (case.page, case.field) == (page, field))
    return Kept(template, page, field, case.second, case.first, part=tuple(filter(None, [case.part])), **more)


def with_doubts(study: Study) -> None:
    """Its clip has images, and a tag to decide."""
    doubt(painted(study).clips.get())


def opened(study: Study) -> None:
    Study.objects.filter(pk=study.pk).update(status=Study.Status.OPEN)


def analysed(study: Study) -> None:
    Study.objects.filter(pk=study.pk).update(
        status=Study.Status.CLOSED, closed_at=timezone.now() - timedelta(days=1), grace_minutes=0
    )
    Analysis.objects.create(study=study, state=Analysis.State.READY)


def joined(study: Study) -> None:
    opened(study)
    study.participants.create(number=1, token_hash="0" * 64)


def unknown(study: Study) -> None:
    study.clips.update(imported_tags=["giutar", "piano"])


DECIDE = "decide-1-vocal"
REVIEW: dict[str, Any] = {
    "prepare": with_doubts,
    "messages": "[data-review-messages]",
    "away": "no connection",
    "signed_out": "signed out",
    "stays": True,
}
FORMS = [
    of_case("study/plan.html", "study_plan", "completion_code", stands_for="forms that the script sends"),
    of_case("study/questions_yaml.html", "questions_yaml", "text", stands_for="forms with a file"),
    of_case("study/instrument_yaml.html", "instrument_yaml", "text"),
    of_case("study/instrument.html", "study_instrument", "primary"),
    Kept(
        "study/instrument_question.html",
        "instrument_edit",
        "text_en",
        "Mine?",
        "Theirs?",
        part=("choice",),
        save="button.primary",
        asks="Somebody has changed this question since you opened it.",
    ),
    of_case("study/_question_screening.html", "study_questions", "limit_0"),
    of_case("study/_question_screening.html", "study_questions", "screen_out_text_en"),
    of_case("study/_question_groups.html", "study_questions", "before_hours:cuts"),
    of_case("study/_question_part.html", "study_questions", "title_before_en"),
    of_case("study/describe.html", "study_describe", "title"),
    of_case("study/describe.html", "study_describe", "label_1"),
    of_case("generation/settings.html", "generation_settings", "tag_limit"),
    of_case("analysis/reporting.html", "study_reporting", "ethics"),
    of_case("analysis/preregister.html", "study_preregister", "question"),
    Kept(
        "analysis/_filing.html",
        "study_preregister",
        "address",
        "https://osf.io/abcde",
        stored=lambda study: bool((study.plan.get("registration") or {}).get("filed")),
    ),
    of_case("study/_publish_facts.html", "study_publish", "publisher", save="button.primary"),
    of_case("analysis/analysis_rules.html", "study_analysis_rules", "smallest"),
    of_case("analysis/power.html", "study_power", "participants"),
    of_case("study/schedule.html", "study_schedule", "opens"),
    Kept(
        "study/clip_edit.html",
        "clip_edit",
        "name",
        "second.wav",
        "first.wav",
    ),
    of_case("study/tags.html", "study_tags", "tags", stays=True, stands_for="fields that a script makes"),
    Kept(
        "study/question.html",
        "question_edit",
        "text_en",
        "Mine?",
        "Theirs?",
        part=("before", "age"),
        save="button.primary",
        asks="Somebody has changed this question since you opened it.",
        stands_for="forms that are kept whole",
    ),
    Kept(
        "generation/unknown_tags.html",
        "generation_unknown_tags",
        "action-giutar",
        "keep",
        "drop",
        prepare=unknown,
        stands_for="choices",
    ),
    Kept(
        "generation/decide.html",
        "generation_decide",
        DECIDE,
        "remove",
        prepare=with_doubts,
        save="button:not([name], [type=button])",
        stored=lambda study: TagDecision.objects.filter(choice="remove").exists(),
    ),
    Kept(
        "generation/_review_card.html",
        "generation_review",
        DECIDE,
        "remove",
        stored=lambda study: TagDecision.objects.filter(choice="remove").exists(),
        stands_for="forms that the review sends",
        **REVIEW,
    ),
    Kept(
        "generation/_decisions.html",
        "generation_review",
        "reason",
        "artefact",
        where="[action*=repaint]",
        stored=lambda study: ReviewDecision.objects.filter(reason="artefact").exists(),
        **REVIEW,
    ),
    Kept(
        "generation/_decisions.html",
        "generation_review",
        "reason",
        "too dull",
        where="[action*=leave-out]",
        stored=lambda study: study.clips.filter(exclusion_reason="too dull").exists(),
        **REVIEW,
    ),
    Kept(
        "analysis/share.html",
        "study_share",
        "note",
        "for the reviewers",
        prepare=analysed,
        stored=lambda study: SharedReport.objects.filter(note="for the reviewers").exists(),
    ),
    Kept(
        "study/rehearse.html",
        "study_rehearse",
        "people",
        "7",
        save="button.primary",
        stored=lambda study: study.jobs.get().arguments["people"] == 7,
    ),
    Kept(
        "study/links.html",
        "study_links",
        "count",
        "7",
        stored=lambda study: study.invite_links.count() == 7,
        stays=True,
    ),
    Kept(
        "study/versions.html",
        "study_versions",
        "question_en",
        "Which image fits?",
        prepare=opened,
        stored=lambda study: Study.objects.get().question.get("en") == "Which image fits?",
    ),
    Kept(
        "study/stages.html",
        "study_stages",
        "reason",
        "a month later",
        prepare=opened,
        stored=lambda study: Study.objects.get().stage == "follow_up",
    ),
    Kept(
        "study/_person.html",
        "study_participants",
        "reason",
        "a colleague",
        prepare=joined,
        stored=lambda study: Participant.objects.get().exclusion_reason == "a colleague",
    ),
    Kept(
        "study/_clip_row.html",
        "study_clips",
        "reason",
        "too long",
        stored=lambda study: study.clips.get().exclusion_reason == "too long",
    ),
    Kept(
        "study/open.html",
        "study_open",
        "reason",
        "a pause",
        where="[action*=pause]",
        prepare=opened,
        stored=lambda study: Study.objects.get().status == "paused",
        stands_for="forms in a closed menu, which only add",
    ),
    Kept(
        "study/open.html",
        "study_open",
        "reason",
        "the end",
        where="[action*=close]",
        prepare=opened,
        stored=lambda study: Study.objects.get().status == "closed",
    ),
    Kept(
        "study/members.html",
        "study_members",
        "name",
        "guest@example.org",
        stored=lambda study: Invitation.objects.exists(),
    ),
    Kept(
        "study/scripts.html",
        "study_scripts",
        "name",
        "my notebook",
        stored=lambda study: study.api_tokens.filter(name="my notebook").exists(),
    ),
    Kept(
        "study/study_create.html",
        "study_create",
        "title",
        "A new study",
        stored=lambda study: Study.objects.filter(title="A new study").exists(),
    ),
    Kept(
        "console/account.html",
        "account",
        "first_name",
        "Ada L.",
        "Ada Lovelace",
        stands_for="forms that the browser sends",
    ),
]
# Its fields come from a file, which no browser keeps: leaving asks first, and losing the connection loses nothing.
FROM_A_FILE = ["analysis/form_answers.html"]
