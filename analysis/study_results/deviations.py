"""How a study deviated from its plan: differences that the database shows, and those that the researchers report.

The plan as fixed at opening (`study.plan["fixed"]`) is compared with the study as it is; only people whose answers
count are counted. An early stop by the plan's rule is listed too: the study ended before its target.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analysis.models import Analysis
from analysis.report.analysis_json import value_at
from analysis.study_results.reporting_answers import reporting_answers
from study.ballots.table import counted_kind, counted_people, late_answers
from study.models import Participant, Study, Trial
from study.participants.study_versions import field_name, version_entries
from study.setup.lifecycle import current_plan, planned_clip


def deviations(study: Study, analysis: Analysis | None = None) -> list[str]:
    """Sentences in the current language; empty without deviations, and for a draft, because its plan is not fixed yet.

    With an `analysis` of an unsealed study, an end before the target is compared with the plan's rule to stop.
    """
    if study.status == Study.Status.DRAFT:
        return []
    fixed = study.plan.get("fixed") or {}
    found = [
        *_target(study, fixed, analysis),
        *_excluded(study),
        *_late(study),
        *_clips(study, fixed),
        *_settings(study, fixed),
        *_repeats(study, fixed),
        *_versions(study),
    ]
    if reported := reporting_answers(study).get("deviations", "").strip():
        found.append(_("Stated by the researchers: %(text)s") % {"text": reported})
    return found


def deviations_text(study: Study, analysis: Analysis | None = None) -> str:
    """The deviations as one text, or the sentence that none are recorded."""
    return " ".join(deviations(study, analysis) or [_("None are recorded.")])


def planned_people(study: Study) -> int | None:
    """The target number of participants in the fixed plan."""
    design = (study.plan.get("fixed") or {}).get("design") or {}
    planned: int | None = design.get("target_participants", study.target_participants)
    return planned


def _target(study: Study, fixed: Mapping[str, Any], analysis: Analysis | None) -> Iterator[str]:
    planned = planned_people(study)
    if not planned:
        return
    completed = counted_people(study).filter(status=Participant.Status.COMPLETED).count()
    numbers = {"planned": planned, "completed": completed}
    if completed > planned:
        yield _("More people than planned: %(completed)s completed, %(planned)s were planned.") % numbers
    if completed >= planned or study.status != Study.Status.CLOSED:
        return
    text = _("Closed before the target: %(completed)s of %(planned)s planned people completed.") % numbers
    rule = (fixed.get("analysis") or study.plan.get("analysis") or {}).get("sequential")
    if rule and analysis is not None and analysis.result and not study.is_sealed:
        stopped = value_at(analysis.result, "sequential", "stopped_at")
        text += " " + (
            _("The plan allows it: its rule to stop early was reached after %(n)s people.") % {"n": stopped}
            if stopped
            else _("The plan's rule to stop early was not reached.")
        )
    closing = study.log.filter(action="closed").last()
    if closing is not None and closing.reason:
        text += " " + _("Reason given: %(reason)s.") % {"reason": closing.reason.rstrip(". ")}
    yield text


def _excluded(study: Study) -> Iterator[str]:
    reasons = Counter(counted_people(study).filter(excluded=True).values_list("exclusion_reason", flat=True))
    if reasons and study.hides_reasons:
        yield _("People excluded by hand after opening: %(n)s.") % {"n": reasons.total()}
    elif reasons:
        yield _("People excluded by hand after opening: %(n)s (%(reasons)s).") % {
            "n": reasons.total(),
            "reasons": "; ".join(f"{reason or _('no reason given')}: {n}" for reason, n in reasons.items()),
        }


def _late(study: Study) -> Iterator[str]:
    late = late_answers(study, Study.Stage.MAIN).count()
    if late:
        text = ngettext(
            "%(n)s answer was given in time and arrived after the end of answering. It is kept and not counted.",
            "%(n)s answers were given in time and arrived after the end of answering. They are kept and not counted.",
            late,
        )
        yield text % {"n": late}


def _clips(study: Study, fixed: Mapping[str, Any]) -> Iterator[str]:
    if "clips" not in fixed:
        return
    planned = {row["number"]: row for row in fixed["clips"]}
    clips = {clip.number: clip for clip in study.clips.order_by("number")}
    now = {number for number, clip in clips.items() if clip.included}

    def describe(number: int) -> str:
        clip = clips.get(number)
        if clip is None:
            return f"#{number}"
        reason = "" if clip.included or study.hides_clip_reasons else clip.exclusion_reason
        return f"{clip.name} ({reason})" if reason else clip.name

    for numbers, words in (
        (planned.keys() - now, _("Clips left out after opening: %(clips)s.")),
        (now - planned.keys(), _("Clips included after opening: %(clips)s.")),
        (
            {number for number in planned.keys() & now if planned_clip(clips[number]) != planned[number]},
            _("Clips whose sound was replaced after opening: %(clips)s."),
        ),
    ):
        if numbers:
            yield words % {"clips": ", ".join(describe(number) for number in sorted(numbers))}


def _settings(study: Study, fixed: Mapping[str, Any]) -> Iterator[str]:
    """Every other setting of the fixed plan that has changed, with its old and its new value."""
    now = current_plan(study)
    pairs: list[tuple[str, Any, Any]] = [
        (setting_name(name), value, now["design"][name])
        for name, value in (fixed.get("design") or {}).items()
        if name in now["design"]
    ]
    for name, place in (("weight_first", 0), ("weight_second", 1)):
        if "weights" in fixed:
            pairs.append((setting_name(name), fixed["weights"][place], now["weights"][place]))
    if "alpha" in fixed:
        pairs.append((setting_name("alpha"), fixed["alpha"], now["alpha"]))
    rules = [bool((plan.get("analysis") or {}).get("sequential")) for plan in (fixed, now)]
    if "analysis" in fixed:
        pairs.append((_("early stop"), rules[0], rules[1]))
    for label, old, new in pairs:
        if old != new:
            yield _("Changed after opening: %(setting)s, from %(old)s to %(new)s.") % {
                "setting": label,
                "old": setting_value(old),
                "new": setting_value(new),
            }
    if fixed and fixed.get("instrument", {}) != now.get("instrument", {}):
        yield _("The questions of the trials were changed after opening.")
    if "conditions" in fixed and fixed["conditions"] != now["conditions"]:
        yield _("The conditions were changed after opening.")


def _versions(study: Study) -> Iterator[str]:
    """Every change while people took part, with who had begun before."""
    for entry in version_entries(study):
        data = entry.data
        text = _(
            "Version %(version)s, after %(people)s people had begun (%(unfinished)s had not finished): %(what)s."
        ) % {
            "version": data["version"],
            "people": data["after"],
            "unfinished": data["unfinished"],
            "what": ", ".join(dict.fromkeys(field_name(row["field"]) for row in data["differences"])),
        }
        yield text + (
            " " + _("Reason given: %(reason)s.") % {"reason": entry.reason.rstrip(". ")} if entry.reason else ""
        )


def setting_name(name: str) -> str:
    """What a setting of the plan is called."""
    return str(Study._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def setting_value(value: Any) -> str:
    """A setting's value as it is read."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if value is None:
        return "—"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _repeats(study: Study, fixed: Mapping[str, Any]) -> Iterator[str]:
    planned = (fixed.get("design") or {}).get("repeats", study.repeats)
    if study.repeats <= planned:  # people are asked what the study's settings say, and those are fixed
        return
    answered = (
        Trial.objects.filter(
            participant__study=study,
            participant__kind=counted_kind(study),
            participant__stage=Study.Stage.MAIN,
            kind=Trial.Kind.MAIN,
            repeat__gt=0,
            ballot__isnull=False,
        )
        .exclude(participant__status=Participant.Status.WITHDRAWN)
        .values("participant")
        .order_by("participant")
        .annotate(n=Count("pk"))
    )
    extra = sum(max(row["n"] - planned, 0) for row in answered)
    if extra:
        yield _("Hidden repeats answered beyond the plan: %(n)s.") % {"n": extra}
