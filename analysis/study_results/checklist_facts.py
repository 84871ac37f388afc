"""What a study itself can answer in the reporting checklists."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from analysis.models import Analysis
from analysis.report.text.methods import selection_texts
from analysis.report.text.number_format import percent, plain
from analysis.study_results.deviations import deviations_text, planned_people
from analysis.study_results.factors import has_preset
from analysis.study_results.instrument_facts import agreement_of_questions, instrument_facts, retest_of_questions
from analysis.study_results.participant_flow import median_seconds
from analysis.study_results.registration import filing_sentence, registered
from analysis.study_results.reporting_answers import reporting_answers
from study import texts
from study.ballots.table import counted_people
from study.instruments.of_study import instrument_of, is_classic
from study.models import Participant, Study
from study.models.participants import LEFT_OUT
from study.participants.exclusion_rules import rule_from_json
from study.participants.flag_words import rule_words, rules_in_words
from study.participants.monitoring import count_people
from study.participants.rewards import pay_reported


def facts(study: Study, analysis: Analysis | None = None) -> dict[str, str]:
    """What the study itself can answer, as sentences by `Item.fact`, in the current language."""
    data: Mapping[str, Any] = (analysis.result if analysis is not None else None) or {}
    found = _design(study) | instrument_facts(study) | _people(study, analysis) | _results(study, data)
    if study.status != Study.Status.DRAFT:
        deviated = _("Deviations from the plan: %(text)s") % {"text": deviations_text(study, analysis)}
        for key in ("preregistered", "processing"):
            found[key] = f"{found.get(key, '')} {deviated}".strip()
    return {key: text for key, text in found.items() if text}


def _design(study: Study) -> dict[str, str]:
    clips = study.clips.filter(included=True, is_practice=False).count()
    conditions = ", ".join(str(_(row.label)) for row in study.conditions.order_by("number"))
    design: dict[str, Any] = {"clips": clips, "n": study.conditions.count(), "conditions": conditions}
    sealed = study.is_sealed and study.status != Study.Status.DRAFT
    if sealed:
        design["conditions"] = _("named when the results are open")
    dates = ""
    if study.opened_at:
        closed = date_format(study.closed_at, _("j M Y")) if study.closed_at else _("still open")
        dates = _("%(opened)s to %(closed)s") % {
            "opened": date_format(study.opened_at, _("j M Y")),
            "closed": closed,
        }
    checks = [
        _("hidden repeats: %(n)s") % {"n": study.repeats},
        _("attention trials: %(n)s") % {"n": study.attention_trials},
        _("match-control trials: %(n)s") % {"n": study.match_controls},
    ]
    return {
        "clips": _("%(clips)s clips, one image for each of %(n)s conditions (%(conditions)s).") % design,
        "outputs": str(clips),
        "allocation": _(
            "Within participants: every trial shows one clip's images under all conditions; places on the page and "
            "the order of clips are balanced over people from a recorded seed (%(seed)s)."
        )
        % {"seed": study.shown_seed},
        "mapping": _("One trial is one clip; conditions differ between the images of a trial only."),
        "execution": _("All conditions at the same time, in every trial."),
        "dates": dates,
        "pilots": _("%(n)s pilot participants, kept apart from the results.")
        % {"n": study.participants.filter(kind=Participant.Kind.PILOT).count()},
        "returning": _(
            "A person returns to the same place by a cookie or their own link; personal links work for one person."
        ),
        "interface": _("The preview page of the study shows the participants' pages as they were shown."),
        "instructions": texts.instructions(study, design["n"]),
        "question": texts.question(study),
        "time": _("No time limit; answers may be given in several sittings."),
        "training": _("A practice trial comes first.") if study.practice_trial else _("No training."),
        "in_task": _("Checks in the task: %(checks)s. Answers could be revised until the end.")
        % {"checks": "; ".join(checks)},
        "post_task": _(
            "Flags from what the server saw (pages, images and sound sent, time passed), patterns of positions, hidden "
            "tab, typing of reasons and attention trials."
        )
        + " "
        + _exclusion_rules(study),
        "rejection": _("Nobody is refused automatically. People excluded by hand have a reason in the log.")
        + " "
        + _exclusion_rules(study),
        "dropouts_prevention": _("Answers are stored one by one and a person can go on where they stopped."),
        "aggregation": _("Points: %(first)s for a 1st choice, %(second)s for a 2nd; nothing else is merged.")
        % {"first": plain(study.weights[0], 0), "second": plain(study.weights[1], 0)},
        "platform": _("Earsight, self-hosted; recruitment: %(platform)s.")
        % {"platform": study.get_recruitment_platform_display() or _("own links")},
        "features": _("Blinded conditions, sealed results, receipts, balanced orders, a plan fixed before opening."),
        "privacy": _(
            "People are known by a random token; no name is asked for. Ids of a recruitment platform are kept only "
            "if the study recruits through one, apart from the answers, and never exported. Times are exported to the "
            "hour. The data of people who withdraw are erased."
        ),
        "consent": _("Consent text, version %(n)s, agreed to before the first trial.") % {"n": study.consent_version},
        "ethics": texts.ethics_sentence(study),
        "contact": texts.responsible_people(study),
        "awareness": _("The welcome and consent pages say that this is a study."),
        "preregistered": _preregistered(study),
        "instrument": _("1st and 2nd choice among %(n)s images%(none)s.")
        % {"n": design["n"], "none": _(", or none of them fits") if study.allow_none_fits else ""},
        "relative": _("Relative: the images of one clip are compared with each other."),
        "subjective": _("Subjective: a preference."),
        "input": _("Audio (music clips)."),
        "output": _("Images."),
        "power": power_sentence(study),
        "methods": _(
            "Crossed random effects of people and clips for the primary contrast; permutation, Friedman and Wilcoxon "
            "tests, Plackett–Luce worths."
        ),
    }


def _preregistered(study: Study) -> str:
    """Where the study was registered, and that its plan was fixed."""
    filing = registered(study)
    fixed = _("Plan fixed before opening, SHA-256 %(digest)s.") % {"digest": study.plan_digest}
    filed = filing_sentence(study, filing) if filing else ""
    return " ".join(filter(None, (filed, fixed if study.plan_digest else "")))


def _exclusion_rules(study: Study) -> str:
    rules = rules_in_words(study)
    if not rules:
        return _("The plan has no rules of exclusion.")
    return _("The plan excludes: %(rules)s.") % {"rules": "; ".join(rules)}


def power_sentence(study: Study) -> str:
    """The answer of the page Power with its assumptions; empty if there is none."""
    found = (study.plan.get("power") or {}).get("result")
    if not found:
        return ""
    design = found["cells"][0]
    facts = {
        "power": plain(design["power"]),
        "error": plain(1.96 * design["monte_carlo_se"]),
        "people": design["participants"],
        "clips": design["clips"],
        "sd_people": plain(found["sd_participants"], 1),
        "sd_clips": plain(found["sd_clips"], 1),
    }
    preset = has_preset(list(study.conditions.order_by("number")))
    if found.get("kind") == "rate" and not preset:
        return _(
            "By simulation: power %(power)s ± %(error)s with %(people)s people and %(clips)s clips, where mean ratings "
            "of the images on the first side of the primary contrast (without factors: of the first condition) differ "
            "by %(difference)s from those of the others on a scale from %(low)s to %(high)s (SD between people "
            "%(sd_people)s, between clips %(sd_clips)s, between answers %(sd_answers)s)."
        ) % (facts | _of_ratings(found))
    if found.get("kind") == "rate":
        return _(
            "By simulation: power %(power)s ± %(error)s with %(people)s people and %(clips)s clips, where mean ratings "
            "of redefined images differ by %(difference)s from those of the others on a scale from %(low)s to "
            "%(high)s (SD between people %(sd_people)s, between clips %(sd_clips)s, between answers %(sd_answers)s)."
        ) % (facts | _of_ratings(found))
    share = {"share": percent(found["head_to_head"])}
    if not preset:
        return _(
            "By simulation: power %(power)s ± %(error)s with %(people)s people and %(clips)s clips, where an image on "
            "the first side of the primary contrast (without factors: of the first condition) wins %(share)s of "
            "head-to-head choices (SD between people %(sd_people)s, between clips %(sd_clips)s)."
        ) % (facts | share)
    return _(
        "By simulation: power %(power)s ± %(error)s with %(people)s people and %(clips)s clips, where a redefined "
        "image wins %(share)s of head-to-head choices (SD between people %(sd_people)s, between clips %(sd_clips)s)."
    ) % (facts | share)


def _of_ratings(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "difference": plain(found["difference"]),
        "low": found["lowest"],
        "high": found["highest"],
        "sd_answers": plain(found["sd_residual"], 1),
    }


def _people(study: Study, analysis: Analysis | None) -> dict[str, str]:
    if study.status == Study.Status.DRAFT:
        return {}
    progress = count_people(study)
    remarked = counted_people(study).filter(remarked=True)
    reasons = Counter(
        rule_words(rule_from_json(rules[0])) if rules else _("by hand") if study.hides_reasons else reason
        for rules, reason in remarked.filter(LEFT_OUT).values_list("rule_exclusions", "exclusion_reason")
    )
    clips = study.clips.filter(included=True, is_practice=False).count()
    stops = "; ".join(
        _("%(people)s after %(answered)s answers") % {"people": stop.people, "answered": stop.answered}
        for stop in progress.stops
    )
    planned = planned_people(study)
    found = {
        "participants": (
            _("%(started)s started, %(completed)s completed; everybody saw two conditions at a time.")
            if not is_classic(study) and instrument_of(study).pair
            else _("%(started)s started, %(completed)s completed; everybody saw all conditions.")
        )
        % {"started": progress.started, "completed": progress.completed}
        + (" " + _("%(n)s were planned.") % {"n": planned} if planned else ""),
        "evaluators": str(progress.completed),
        "contributions": (
            _("%(n)s answers; each compares all conditions.") if is_classic(study) else _("%(n)s answers.")
        )
        % {"n": progress.ballots},
        "excluded": _("%(n)s participants.") % {"n": reasons.total()}
        + "".join(f" {reason or _('no reason given')}: {n}." for reason, n in reasons.items()),
        "discarded": _("%(n)s answers of excluded participants.") % {"n": progress.discarded},
        "drop_out": _("%(n)s of %(all)s stopped.") % {"n": progress.stopped, "all": progress.started}
        + (f" {stops}." if stops else ""),
        "languages": _("Languages of the pages: %(languages)s.")
        % {"languages": ", ".join(f"{code} {n}" for code, n in progress.languages)}
        if progress.languages
        else "",
        "processing": _(
            "Practice, attention and match-control trials are kept apart; "
            "the answers of people who withdrew are erased."
        ),
        "data": _("Individual answers, codebook and checksums are in the export bundle."),
    }
    if clips:
        found["ratings"] = _("%(n)s answers per clip on average.") % {"n": plain(progress.ballots / clips, 1)}
    if study.simulated:
        found["work_time"] = _("The participants are simulated: they took no working time.")
    else:
        found["work_time"] = _work_time(study, analysis, progress.median_minutes)
        found["pay"] = pay_reported(study)
        found["cost"] = _cost(study, progress.median_minutes, progress.completed)
    return found


def _work_time(study: Study, analysis: Analysis | None, minutes: float | None) -> str:
    """The medians of the time for an answer, which an analysis counts (there may be a million), and of the visit."""
    flow: Mapping[str, Any] = analysis.flow if analysis else {"median_seconds": None}
    # Analyses of earlier versions have not counted it.
    seconds = flow["median_seconds"] if "median_seconds" in flow else median_seconds(study)
    visit = "" if minutes is None else _("%(minutes)s min from start to end") % {"minutes": plain(minutes, 1)}
    if seconds is None:
        return _("Median %(time)s.") % {"time": visit} if visit else ""
    answer = _("Median %(seconds)s s an answer") % {"seconds": plain(seconds, 0)}
    return ", ".join(filter(None, (answer, visit))) + "."


def _cost(study: Study, minutes: float | None, completed: int) -> str:
    """The median person's time at the stated wage, and the cost of all people."""
    try:
        wage = float(reporting_answers(study).get("hourly_wage", "").replace(",", ".") or study.wage or "")
    except ValueError:
        return ""
    if minutes is None or wage < 0:
        return ""
    each = wage * minutes / 60
    return _("At %(wage)s an hour the median person's time is worth %(each)s, all %(n)s people's %(all)s.") % {
        "wage": plain(wage),
        "each": plain(each),
        "n": completed,
        "all": plain(each * completed),
    }


def _results(study: Study, data: Mapping[str, Any]) -> dict[str, str]:
    if not data or study.is_sealed:
        return {}
    agreement, retest = data.get("agreement") or {}, data.get("test_retest") or {}
    labels = {row.key: str(_(row.label)) for row in study.conditions.all()}
    # What was selected away does not say from where clips came: by itself it answers nothing.
    found = {"selection": " ".join(selection_texts(data, labels))} if reporting_answers(study).get("dataset") else {}
    if of_questions := agreement_of_questions(data):
        found["alpha"] = of_questions
    if agreement.get("alpha_first") is not None:
        found["alpha"] = f"{found.get('alpha', '')} ".lstrip() + _(
            "Krippendorff's α: 1st choice %(first)s, 2nd choice %(second)s."
        ) % {
            "first": plain(agreement["alpha_first"]),
            "second": plain(agreement.get("alpha_second")),
        }
    again = [retest_of_questions(data)]
    if retest.get("pairs"):
        again.append(
            _("Same 1st choice in %(share)s of repeats; Cohen's κ = %(kappa)s.")
            % {"share": plain(retest.get("same_first")), "kappa": plain(retest.get("kappa"))}
        )
    found["retest"] = " ".join(filter(None, again))
    return found
