"""What was registered beside what was done, item by item, in the current language."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analysis.models import Analysis
from analysis.report.analysis_json import value_at
from analysis.report.context import RegisteredItem, RegistrationView
from analysis.report.text.contrast_names import contrast_name
from analysis.report.text.number_format import interval, p_value, plain
from analysis.study_results.deviations import deviations, setting_name, setting_value
from analysis.study_results.factors import factors_of
from analysis.study_results.participant_flow import participant_flow
from analysis.study_results.planned_contrasts import LESS, MORE, PlannedContrast, planned_contrasts
from analysis.study_results.registration import Filing, came_first, filing_sentence, is_begun, registered
from study.ballots.table import counted_people
from study.models import Participant, Study
from study.participants.exclusion_rules import rule_from_json
from study.participants.flag_words import rule_words
from study.participants.study_versions import version_entries
from study.setup.lifecycle import current_plan

_SETTINGS = (
    "trials_per_participant",
    "second_choice_required",
    "allow_none_fits",
    "practice_trial",
    "repeats",
    "match_controls",
    "attention_trials",
)


def registered_and_done(study: Study, analysis: Analysis) -> RegistrationView | None:
    """The registration that counts, and a row for each item; None of a study that has begun none.

    A study whose researchers have written a preregistration and recorded no filing is said not to be registered.
    """
    if not is_begun(study):
        return None
    filing = registered(study)
    if filing is None:
        return RegistrationView(_("No registration of the study is recorded."))
    return RegistrationView(filing_sentence(study, filing), list(_Comparison(study, analysis, filing).rows()))


@dataclass(frozen=True)
class _Comparison:
    study: Study
    analysis: Analysis
    filing: Filing

    @property
    def data(self) -> Mapping[str, Any]:
        """The result; empty while it is sealed."""
        return {} if self.study.is_sealed else self.analysis.result or {}

    @property
    def design(self) -> Mapping[str, Any]:
        return self.filing.plan.get("design") or {}

    def rows(self) -> Iterator[RegisteredItem]:
        now = current_plan(self.study)
        yield from self._plan()
        yield from self._people()
        yield from self._main_contrast()
        yield from self._tests(now)
        yield from self._conditions_and_clips(now)
        yield from self._settings(now)
        yield from self._questions(now)
        yield from self._exclusions(now)
        yield from self._expected()
        yield from self._changes()

    def _plan(self) -> Iterator[RegisteredItem]:
        digest, fixed = self.filing.digest, self.study.plan_digest
        # Recorded after the opening it has the fixed plan's digest, whatever was filed.
        same = digest == fixed if came_first(self.study, self.filing) else None
        yield RegisteredItem(_("Plan (digest)"), digest[:8], fixed[:8] or "—", same)

    def _people(self) -> Iterator[RegisteredItem]:
        people = counted_people(self.study)
        completed = people.filter(status=Participant.Status.COMPLETED).count()
        target = self.design.get("target_participants")
        done = _("%(completed)s completed, %(analysed)s analysed") % {
            "completed": completed,
            "analysed": self.data.get("n_participants", "—"),
        }
        yield RegisteredItem(
            _("Participants"), setting_value(target), done, None if not target else completed == target
        )
        closed = self.study.closed_at
        if bool((self.filing.plan.get("analysis") or {}).get("sequential")):
            stopped = value_at(self.data, "sequential", "stopped_at")
            found = _("reached after %(n)s people") % {"n": stopped} if stopped else _("not reached")
            yield RegisteredItem(_("Early stop"), _("by the plan's rule"), found, bool(self.data.get("sequential")))
        elif self.data.get("sequential"):
            yield RegisteredItem(_("Early stop"), _("no rule"), _("by the plan's rule"), False)
        if closed is not None:
            ended = _("closed on %(date)s") % {"date": date_format(closed, _("j M Y"))}
            yield RegisteredItem(
                _("End of collection"),
                _("at %(n)s participants") % {"n": target} if target else "—",
                ended,
                None if not target else completed >= target or bool(value_at(self.data, "sequential", "stopped_at")),
            )

    def _main_contrast(self) -> Iterator[RegisteredItem]:
        plan = self.filing.plan
        instrument = plan.get("instrument") or {}
        done = self.data.get("primary_question")
        if instrument and done is not None:
            named = instrument.get("primary") or _("the first that compares images")
            same = not instrument.get("primary") or instrument["primary"] == done
            yield RegisteredItem(_("Main question"), named, str(done), same)
        rows = [SimpleNamespace(**row) for row in plan.get("conditions") or ()]
        first = next(iter(factors_of(rows) or {}), None)  # type: ignore[arg-type]
        if first is None:
            return
        tested = value_at(self.data, "primary", "contrast")
        expected = contrast_name(f"{first}_minus_rest")
        found = contrast_name(str(tested)) if tested else _("not tested")
        yield RegisteredItem(_("Primary contrast"), expected, found, expected == found)

    def _tests(self, now: Mapping[str, Any]) -> Iterator[RegisteredItem]:
        plan, (result, used) = self.filing.plan, (self.data, self.analysis.plan or {})
        if "weights" in plan and result.get("weights"):
            yield _compared(_("Weights"), _numbers(plan["weights"]), _numbers(now["weights"]))
        if "alpha" in plan:
            yield _compared("α", f"{plan['alpha']:g}", f"{used.get('alpha', now['alpha']):g}")
        planned, tested = ((each.get("analysis") or {}).get("smallest") for each in (plan, now))
        if planned is not None or tested is not None:
            yield _compared(_("Smallest difference that matters"), setting_value(planned), setting_value(tested))

    def _conditions_and_clips(self, now: Mapping[str, Any]) -> Iterator[RegisteredItem]:
        labels = {row.key: str(_(row.label)) for row in self.study.conditions.order_by("number")}
        names = [
            ", ".join(labels.get(row["key"], row["key"]) for row in each.get("conditions") or ())
            for each in (self.filing.plan, now)
        ]
        same = self.filing.plan.get("conditions") == now["conditions"]
        yield RegisteredItem(_("Conditions"), names[0] or "—", names[1], same)
        planned, clips = self.filing.plan.get("clips") or [], now["clips"]
        yield RegisteredItem(_("Clips"), str(len(planned)), str(len(clips)), planned == clips)

    def _settings(self, now: Mapping[str, Any]) -> Iterator[RegisteredItem]:
        for name in _SETTINGS:
            if name in self.design:
                old, new = self.design[name], now["design"].get(name)
                yield _compared(str(capfirst(setting_name(name))), setting_value(old), setting_value(new))

    def _questions(self, now: Mapping[str, Any]) -> Iterator[RegisteredItem]:
        plan = self.filing.plan
        pairs = (
            (_("Questions of the trials"), plan.get("instrument") or {}, now.get("instrument") or {}),
            (_("Questions to people"), plan.get("questions"), now["questions"]),
        )
        for name, old, new in pairs:
            if old or any((new or {}).values()):
                words = _("unchanged") if old == new else _("changed")
                yield RegisteredItem(name, _("as in the registered plan"), words, old == new)

    def _exclusions(self, now: Mapping[str, Any]) -> Iterator[RegisteredItem]:
        rules, used = (each.get("exclusions") or [] for each in (self.filing.plan, now))
        # As the flow of people counts them: who is left out both ways is left out by the rule.
        flow: Mapping[str, Any] = self.analysis.flow or participant_flow(self.study)
        by_rule = sum(row["people"] for row in flow["by_rule"])
        by_hand = sum(flow["by_hand"].values())
        done = _("left out by rules: %(rules)s; by hand: %(hand)s") % {"rules": by_rule, "hand": by_hand}
        if rules != used:
            done = f"{_in_words(used)}; {done}"
        yield RegisteredItem(_("Rules of exclusion"), _in_words(rules), done, rules == used and not by_hand)

    def _expected(self) -> Iterator[RegisteredItem]:
        """The directional hypotheses with what was found."""
        if not self.data:
            return
        alpha = float(self.filing.plan.get("alpha", self.study.alpha))
        for number, contrast in enumerate(planned_contrasts(self.study), start=1):
            direction = self.filing.directions.get(contrast.key)
            if direction in (MORE, LESS):
                found = _tested(self.data, contrast)
                name = _("Hypothesis H%(number)d") % {"number": number}
                yield RegisteredItem(name, _as_expected(contrast, direction), *_verdict(found, direction, alpha))

    def _changes(self) -> Iterator[RegisteredItem]:
        versions = len(version_entries(self.study))
        words = (
            ngettext("%(n)d change while people took part", "%(n)d changes while people took part", versions)
            % {"n": versions}
            if versions
            else _("no change")
        )
        yield RegisteredItem(_("Texts, contact, target and reward"), _("no change"), words, not versions)
        found = len(deviations(self.study, self.analysis))
        words = (
            ngettext("%(n)d, under “Deviations from the plan”", "%(n)d, under “Deviations from the plan”", found)
            % {"n": found}
            if found
            else _("no deviation")
        )
        yield RegisteredItem(_("Deviations from the plan"), _("no deviation"), words, not found)


def _compared(item: str, old: str, new: str) -> RegisteredItem:
    return RegisteredItem(item, old, new, old == new)


def _numbers(values: Any) -> str:
    return ", ".join(f"{each:g}" for each in values)


def _in_words(rules: Any) -> str:
    return "; ".join(rule_words(rule_from_json(row)) for row in rules) or _("no rule")


def _as_expected(contrast: PlannedContrast, direction: str) -> str:
    sides = (contrast.high, contrast.low) if direction == MORE else (contrast.low, contrast.high)
    return _("%(high)s above %(low)s") % dict(zip(("high", "low"), sides, strict=True))


def _tested(data: Mapping[str, Any], contrast: PlannedContrast) -> Mapping[str, Any]:
    """The result of a contrast; empty if it was not tested."""
    block = (data.get("questions") or {}).get(contrast.question) or data
    if contrast.kind == "pair":
        found = (
            row.get("new_clips")
            for row in block.get("pairwise") or ()
            if f"{row['a']}_minus_{row['b']}" == contrast.contrast
        )
        return next(filter(None, found), {})
    tests = filter(None, (block.get("primary"), *(block.get("secondary") or ())))
    return next((row for row in tests if row.get("contrast") == contrast.contrast), {})


def _verdict(found: Mapping[str, Any], direction: str, alpha: float) -> tuple[str, bool | None]:
    """What was found in words, and False if the hypothesis was not tested; a result is no departure from the plan."""
    estimate, p = found.get("estimate"), found.get("p_holm") if found.get("p_holm") is not None else found.get("p")
    if estimate is None or p is None:
        return _("not tested"), False
    numbers = f"{plain(estimate)} ({interval(found.get('ci95'))}; {p_value(p)})"
    if p >= alpha:
        return _("not shown: %(numbers)s") % {"numbers": numbers}, None
    supported = (estimate > 0) == (direction == MORE)
    words = _("supported: %(numbers)s") if supported else _("contradicted: %(numbers)s")
    return words % {"numbers": numbers}, None
