"""Checks before a study opens. Other apps register checks of their own when they start."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from study.blinding_audit.verdicts import last_audits
from study.errors import PreflightFailed
from study.models import BlindingAudit, Clip, Stimulus, Study
from study.participants.enrolment import main_clips
from study.participants.fair_pay import basis_of, pay_of
from study.setup.path_steps import applies_to, conditions_of, step_named
from study.setup.responsible import missing_names
from study.texts import languages_of, unknown_placeholders


class Level(Enum):
    BLOCKS = "blocks"
    WARNS = "warns"


@dataclass(frozen=True)
class Finding:
    """A problem and what to do about it; `url_name` is the page of the step where that is done."""

    level: Level
    message: str
    url_name: str = ""


@dataclass
class DraftFacts:
    """What both the checks and the page that shows their findings ask of a draft; each fact is read once."""

    study: Study

    @cached_property
    def clips(self) -> int:
        """The number of clips that are judged."""
        return main_clips(self.study).count()

    @cached_property
    def audits(self) -> tuple[BlindingAudit | None, BlindingAudit | None]:
        """The last audit of the study as it is now, and the last one with a verdict."""
        return last_audits(self.study)


Check = Callable[[Study], Iterable[Finding]]
_checks: list[Check] = []


def register(check: Check) -> Check:
    """Add a check; usable as a decorator."""
    if check not in _checks:
        _checks.append(check)
    return check


def run(study: Study, facts: DraftFacts | None = None) -> list[Finding]:
    """Return all findings, those that block first. `facts`: of this study, if the caller needs them too."""
    facts = facts or DraftFacts(study)
    found = [*check_conditions_and_clips(facts), *check_blinding(facts)]
    found += [finding for check in _checks for finding in check(study)]
    return sorted(found, key=lambda finding: finding.level is not Level.BLOCKS)


def refuse_if_blocked(study: Study) -> None:
    """Raise PreflightFailed with the findings that block the opening, if there are any."""
    if blocking := [finding for finding in run(study) if finding.level is Level.BLOCKS]:
        raise PreflightFailed(blocking)


def check_conditions_and_clips(facts: DraftFacts) -> Iterable[Finding]:
    study, included = facts.study, facts.clips
    conditions = len(conditions_of(study))
    if not 2 <= conditions <= 6:
        yield Finding(
            Level.BLOCKS,
            _("The study has %(n)d conditions; a trial shows two to six images.") % {"n": conditions},
            "study_describe",
        )
    if not included:
        yield Finding(Level.BLOCKS, _("No clip is included. Upload clips first."), "study_clips")
    elif included < 12:
        yield Finding(
            Level.WARNS,
            ngettext(
                "Only %(n)d clip: for conclusions about other music, at least 12 are advised.",
                "Only %(n)d clips: for conclusions about other music, at least 12 are advised.",
                included,
            )
            % {"n": included},
            "study_clips",
        )
    if study.trials_per_participant and included and study.trials_per_participant > included:
        yield Finding(
            Level.BLOCKS,
            _("Each participant should hear %(k)d clips, but only %(n)d are included.")
            % {"k": study.trials_per_participant, "n": included},
            "study_plan",
        )


MAX_NAMED = 3  # clips or leaks that a finding names; the others are counted


def names(clips: Sequence[Clip]) -> str:
    """Return the names of the first clips and the number of the others."""
    named = ", ".join(clip.name if len(clip.name) <= 60 else f"{clip.name[:57]}…" for clip in clips[:MAX_NAMED])
    if len(clips) <= MAX_NAMED:
        return named
    return _("%(names)s and %(n)d more") % {"names": named, "n": len(clips) - MAX_NAMED}


@register
def check_images_and_audio(study: Study) -> Iterable[Finding]:
    wanted = len(conditions_of(study))
    ready = Count("stimuli", filter=Q(stimuli__state=Stimulus.State.READY))
    clips = list(study.clips.filter(included=True).annotate(ready=ready))
    generate_step = step_named("generate")
    generate_page = generate_step.url_name if generate_step else "study_clips"
    upload_step = step_named("upload")
    if upload_step and not applies_to(upload_step, study):
        upload_step = None
    unpainted = [clip for clip in clips if clip.ready != wanted]
    if unpainted and upload_step:
        yield Finding(
            Level.BLOCKS,
            ngettext(
                "%(n)d clip lacks some of its %(wanted)d images: %(names)s. Upload them, or leave it out.",
                "%(n)d clips lack some of their %(wanted)d images: %(names)s. Upload them, or leave them out.",
                len(unpainted),
            )
            % {"n": len(unpainted), "wanted": wanted, "names": names(unpainted)},
            upload_step.url_name,
        )
    elif unpainted:
        yield Finding(
            Level.BLOCKS,
            ngettext(
                "%(n)d clip lacks some of its %(wanted)d images: %(names)s. Generate them, or leave it out.",
                "%(n)d clips lack some of their %(wanted)d images: %(names)s. Generate them, or leave them out.",
                len(unpainted),
            )
            % {"n": len(unpainted), "wanted": wanted, "names": names(unpainted)},
            generate_page,
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
            % {"n": len(unheard), "names": names(unheard)},
            generate_page,
        )


NAMED = ("researcher", "contact")  # what a consent text of the study's own should name at least


@register
def check_consent(study: Study) -> Iterable[Finding]:
    """Nobody can consent to a study without knowing who asks; simulated people need no consent."""
    if study.simulated:
        return
    if missing := missing_names(study):
        yield Finding(
            Level.BLOCKS,
            _("The consent does not say who asks. Add: %(missing)s.") % {"missing": ", ".join(missing)},
            "study_describe",
        )
    texts = [text for language in languages_of(study) if (text := study.consent_text.get(language, ""))]
    if any(f"{{{name}}}" not in text and getattr(study, name) not in text for text in texts for name in NAMED):
        message = _(
            "A consent text of your own does not name who asks. Write {researcher}, {institution}, {contact}, {ethics}."
        )
        yield Finding(Level.WARNS, message, "study_describe")
    for text in study.consent_text.values():
        for name in unknown_placeholders(text)[:1]:
            yield Finding(
                Level.BLOCKS,
                _("The consent text has {%(name)s}, which stands for nothing. Write it without braces.")
                % {"name": name[:60]},
                "study_describe",
            )


@register
def check_weights(study: Study) -> Iterable[Finding]:
    first, second = study.weights
    if second > first:
        yield Finding(
            Level.BLOCKS,
            _("A 2nd choice counts %(second)g points and a 1st only %(first)g. Swap them.")
            % {"first": first, "second": second},
            "study_plan",
        )


@register
def check_questions_and_extra_trials(study: Study) -> Iterable[Finding]:
    # Imported here: it loads pydantic, and every command imports this module.
    from study.participants.question_writing import texts_missing
    from study.participants.questions import QuestionSetError, load_question_set

    languages = languages_of(study)
    for text, name in ((study.questions_before, _("before")), (study.questions_after, _("after"))):
        if text.strip():
            try:
                questions = load_question_set(text).questions
            except QuestionSetError as error:
                yield Finding(
                    Level.BLOCKS,
                    _("Questions %(name)s: %(why)s") % {"name": name, "why": error},
                    "study_questions",
                )
            else:
                lacking = sum(texts_missing(question, languages).total() for question in questions)
                if lacking:
                    yield Finding(
                        Level.WARNS,
                        ngettext(
                            "Questions %(name)s: %(n)d text is missing in one of the study's languages, and is shown "
                            "in another one.",
                            "Questions %(name)s: %(n)d texts are missing in one of the study's languages, and are "
                            "shown in another one.",
                            lacking,
                        )
                        % {"name": name, "n": lacking},
                        "study_questions",
                    )
    included = study.clips.filter(included=True)
    if study.practice_trial and not included.filter(is_practice=True).exists():
        yield Finding(
            Level.WARNS,
            _("No clip is marked for practice, so there will be no practice trial. Mark one, or turn it off."),
            "study_clips",
        )
    if study.match_controls and included.filter(is_practice=False).count() < 2:
        yield Finding(
            Level.BLOCKS,
            _("Trials with images of other clips need two clips. Add one, or turn them off."),
            "study_plan",
        )


@register
def check_recruitment(study: Study) -> Iterable[Finding]:
    if study.recruitment_platform and not (study.completion_code or study.return_url):
        yield Finding(
            Level.WARNS,
            _("People from %(platform)s get neither a code nor a way back at the end. Add one to the plan.")
            % {"platform": study.get_recruitment_platform_display()},
            "study_plan",
        )


@register
def check_pay(study: Study) -> Iterable[Finding]:
    pay = pay_of(study)
    if pay is None or pay.wage is None or study.simulated:
        return
    basis = basis_of(study)
    if basis is not None and pay.is_below(basis.minutes):
        yield Finding(Level.WARNS, f"{pay.in_words(basis.minutes)} {basis.in_words()}", "study_plan")


def check_blinding(facts: DraftFacts) -> Iterable[Finding]:
    """Report the leaks that the last audit of this content found; without an audit, opening runs one."""
    _audit, verdict = facts.audits
    if verdict is not None and verdict.state == verdict.State.LEAKS:
        yield Finding(
            Level.BLOCKS,
            _("The blinding check found leaks: %(leaks)s. Fix them and check again.")
            % {"leaks": "; ".join(verdict.leaks[:MAX_NAMED])},
        )
