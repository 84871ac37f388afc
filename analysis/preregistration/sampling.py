"""The sampling plan in words: existing data, procedures, sample size with its power, and when collection ends."""

from collections.abc import Iterator
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from analysis.preregistration.answers import Answer, Missing, counted, paragraphs, sentences
from analysis.preregistration.planned import Planned
from analysis.study_results.checklist_facts import power_sentence
from analysis.study_results.early_stop import is_planned
from analysis.study_results.registration import is_registered_before_opening
from analysis.study_results.reporting_answers import reporting_answers
from study import texts
from study.models import Participant, Study
from study.participants.answers_table import questions_of
from study.participants.questions import localized
from study.participants.rewards import pay_reported
from study.setup.schedule import schedule_of

# The options of the OSF's form, by the keys of `registration.EXISTING`.
OSF_EXISTING = {
    "none": "Registration prior to creation of data",
    "unobserved": "Registration prior to any human observation of the data",
    "unaccessed": "Registration prior to accessing the data",
    "unanalysed": "Registration prior to analysis of the data",
    "analysed": "Registration following analysis of the data",
}
NO_DATA = "No, no data have been collected for this study yet."
COMPLICATED = (
    "It's complicated. We have already collected some data but explain in Question 8 why readers may consider this a "
    "valid pre-registration nevertheless."
)
DATA = "Yes, we already collected the data."
NO_STATEMENT = Missing(_("which data exist already"), "study_preregister")
NO_EXPLANATION = Missing(_("how you stay unaware of patterns in the existing data"), "study_preregister")
ANSWERS_CAME = Missing(
    _("which data exist: “none yet” is no longer true, as people have answered"), "study_preregister"
)
NO_TARGET = Missing(_("how many people are to take part"), "study_plan")
NO_POWER = Missing(_("the power of the design, or another rationale of the sample size"), "study_power")
NO_POPULATION = Missing(_("who may take part"), "study_reporting")
NO_RECRUITMENT = Missing(_("how people are found"), "study_reporting")
NO_DATASET = Missing(_("where the clips come from"), "study_reporting")
NO_TIMELINE = Missing(_("when answers are to be collected"), "study_preregister")


def existing(planned: Planned) -> tuple[str, tuple[Missing, ...]]:
    """Which data exist, by a key of `OSF_EXISTING`, and what is missing; empty if nobody has said it.

    Of a study that nobody has answered, without another statement, none exist; “none” stays true of one that was
    registered before it opened.
    """
    stated = planned.registration.existing
    if not planned.answered or (stated == "none" and is_registered_before_opening(planned.study)):
        return stated or "none", ()
    if stated == "none":
        return "", (ANSWERS_CAME,)
    return stated, () if stated else (NO_STATEMENT,)


def existing_data(planned: Planned) -> Answer:
    key, missing = existing(planned)
    return Answer(missing=missing, chosen=(OSF_EXISTING[key],) if key else ())


def data_collected(planned: Planned) -> Answer:
    """The first question of AsPredicted."""
    key, missing = existing(planned)
    chosen = {"": (), "none": (NO_DATA,), "analysed": (DATA,)}.get(key, (COMPLICATED,))
    return Answer(missing=missing, chosen=chosen)


def explanation(planned: Planned) -> Answer:
    """What exists already, as the software knows it, and the researchers' words on it."""
    own, (key, _missing) = planned.registration.answers.get("existing_explained", ""), existing(planned)
    pilots = planned.study.participants.filter(kind=Participant.Kind.PILOT, answered__gt=0).count()
    stage = planned.study.participants.filter(stage=Study.Stage.PILOT).exclude(kind=Participant.Kind.PILOT)
    known = sentences(
        f"{counted(planned.answered, 'person', 'people')} of the study's main stage had given answers when this text "
        "was made."
        if planned.answered and key != "none"
        else "",
        f"The survey was tried by {counted(pilots, 'pilot participant')}, whose answers are kept apart and not "
        "analysed."
        if pilots
        else "",
        f"A pilot stage of {counted(number, 'person', 'people')} came before; its answers are not in the results."
        if (number := stage.filter(answered__gt=0).count())
        else "",
    )
    needs = () if own or key in ("", "none") else (NO_EXPLANATION,)
    return Answer(paragraphs([own, known]) or ("No data exist yet." if key == "none" else ""), needs)


def procedures(planned: Planned) -> Answer:
    """Who takes part, how they are found and paid, who is screened out, what they agree to, and when."""
    study, said = planned.study, reporting_answers(planned.study)
    platform = study.get_recruitment_platform_display() if study.recruitment_platform else ""
    missing = [
        *([] if said.get("population") else [NO_POPULATION]),
        *([] if said.get("recruitment") or platform else [NO_RECRUITMENT]),
        *([] if said.get("dataset") else [NO_DATASET]),
    ]
    when = _when(planned)
    pay = pay_reported(study) or said.get("reward", "")
    return Answer(
        paragraphs(
            [
                _labelled("Participants", said.get("population", "")),
                _labelled(
                    "Recruitment",
                    sentences(_sentence(said.get("recruitment", "")), platform and f"Platform: {platform}."),
                ),
                _labelled("Reward", pay),
                *_screening(study),
                _labelled("Clips", said.get("dataset", "")),
                "Data are collected by a web survey (Earsight, self-hosted). People read what the study is about and "
                "agree before the first trial; they are known by a random token only, and can withdraw, which erases "
                "their answers.",
                _sentence(texts.ethics_sentence(study)),
                _labelled("Timeline", when),
            ]
        ),
        tuple(missing + ([] if when else [NO_TIMELINE])),
    )


def _labelled(name: str, text: str) -> str:
    return f"{name}: {_sentence(text)}" if text else ""


def _sentence(text: str) -> str:
    text = text.strip()
    return text if not text or text[-1] in ".!?" else f"{text}."


def _screening(study: Study) -> Iterator[str]:
    """Answers before the trials that end the study for somebody, and quotas."""
    for question in questions_of(study, "before"):
        options = [
            localized(each.text) for each in getattr(question, "options", ()) if getattr(each, "screen_out", False)
        ]
        if options:
            listed = ", ".join(f"“{text}”" for text in options)
            yield f"Screened out before the trials: who answers {listed} to “{localized(question.text)}”."
    asked = {question.key: question for question in questions_of(study, "before")}
    for quota in study.quotas:
        counted_by = asked.get(quota["question"])
        words = {each.key: localized(each.text) for each in getattr(counted_by, "options", ())}
        name = localized(counted_by.text) if counted_by is not None else quota["question"]
        answer = words.get(quota["answer"], quota["answer"])
        yield f"Quota: at most {counted(quota['limit'], 'person', 'people')} with the answer “{answer}” to “{name}”."


def _when(planned: Planned) -> str:
    schedule = schedule_of(planned.study)
    times: list[tuple[str, Any]] = []
    if planned.study.opened_at:
        times.append(("The study opened on", planned.study.opened_at))
    elif schedule is not None and schedule.opens_at:
        times.append(("The study opens on", schedule.opens_at))
    if schedule is not None and schedule.closes_at:
        times.append(("it closes on", schedule.closes_at))
    known = ", ".join(f"{words} {timezone.localtime(at).date().isoformat()}" for words, at in times)
    return sentences(
        _sentence(planned.registration.answers.get("timeline", "")), _sentence(known[:1].upper() + known[1:])
    )


def sample_size(planned: Planned) -> Answer:
    """People, clips and answers at each level."""
    people, each = planned.people, planned.answers_each
    if not people:
        return Answer(missing=(NO_TARGET,))
    everybody = "all" if planned.clips_each == planned.clips else f"{planned.clips_each:,} of the"
    return Answer(
        f"{counted(people, 'participant')}, each of whom answers on {everybody} {counted(planned.clips, 'clip')}: "
        f"{counted(each, 'analysed trial')} a participant and {counted(people * each, 'answer')} in all, without "
        "hidden repeats and checks. People and clips are both random factors of the primary test."
    )


def rationale(planned: Planned) -> Answer:
    """The power by simulation with its assumptions, if the study has asked for it, and the researchers' words."""
    own = planned.registration.answers.get("rationale", "")
    power = power_sentence(planned.study)
    if power:
        result = planned.study.plan["power"]["result"]
        cell = result["cells"][0]
        if (cell["participants"], cell["clips"]) != (planned.people, planned.clips):
            power += (
                f" The plan has {planned.people or 'no number of'} people and {planned.clips} clips, for which the "
                "power was not computed."
            )
        if simulations := result.get("simulations"):
            power += f" {simulations:,} studies were simulated, the test two-sided at the level of the plan."
    return Answer(paragraphs([_sentence(own), power]), () if own or power else (NO_POWER,))


def stopping_rule(planned: Planned) -> Answer:
    """What ends the collection: the target, the schedule, and the sequential rule of the plan."""
    study, schedule = planned.study, schedule_of(planned.study)
    people = counted(planned.people, "participant") if planned.people else ""
    if not people:
        end = ""
    elif study.stop_at_target:
        end = f"Enrolment stops by itself when {people} have finished or are taking part."
    elif schedule is not None and schedule.closes_at_target:
        end = f"The study closes by itself when {people} have finished."
    else:
        end = f"The researchers close the study when {people} have finished."
    grace = (
        f"Who has begun by then may finish within {counted(study.grace_minutes, 'minute')}; their answers count."
        if study.grace_minutes
        else "Who has not finished by then cannot go on; the answers given until then count."
    )
    grace += (
        " Results by condition cannot be seen before the study is closed, so that collection cannot depend on them."
    )
    early = ""
    if is_planned(study):
        early = (
            "The study may end earlier by a sequential rule that is fixed in the plan: after every participant, in "
            "order of start, an e-process over 199 bets tests whether the two sides of the primary contrast get "
            f"equally many points (stop at 1/α = {1 / float(study.alpha):g}; Waudby-Smith and Ramdas 2024); a clip "
            "that is not answered counts as no difference. Until then only “stop” or “go on” is shown. After a stop "
            "only the confidence sequence is reported, and no other test or interval."
        )
    return Answer(paragraphs([sentences(end, grace), early]), () if people else (NO_TARGET,))


def existing_and_pilots(planned: Planned) -> Answer:
    """For AsPredicted's last question: what explains the answer to its first."""
    found, (key, _missing) = explanation(planned), existing(planned)
    return Answer("" if key == "none" else f"On question 1: {found.text}".strip(), found.missing)
