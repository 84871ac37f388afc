"""Ask for a rehearsal of a draft."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from analysis.study_results.factors import factors_of
from study import jobs
from study.errors import NotAllowedNow, StudyError
from study.jobs.requests import going_on
from study.models import Job, Study
from study.setup import preflight
from study.setup.rehearsals import KIND, refuse_unless_rehearsable
from study.simulation.chosen_preference import ChosenPreference, expected_of

MOST_PEOPLE = 500
MOST_REHEARSALS = 20


@dataclass(frozen=True)
class Wanted:
    """How many simulated people answer (1 to `MOST_PEOPLE`), the share of them who leave early, and their taste."""

    people: int
    drop_out: float
    preference: ChosenPreference
    seed: int = 0

    def as_json(self) -> dict[str, Any]:
        return {
            "people": self.people,
            "drop_out": self.drop_out,
            "preference": self.preference.as_json(),
            "seed": self.seed,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Wanted":
        """Read what `as_json` has written; other keys are left alone."""
        preference = ChosenPreference.from_json(stored["preference"])
        return cls(int(stored["people"]), float(stored["drop_out"]), preference, int(stored["seed"]))


def rehearse_study(study: Study, wanted: Wanted, *, actor: Any = None) -> Job:
    """Let a worker rehearse a draft. Not inside a transaction.

    Raises:
        NotAllowedNow: the study is no draft, is being rehearsed, or has very many rehearsals.
        StudyError: a number is out of its bounds, or the study could not open, for example for want of images.
    """
    if not 1 <= wanted.people <= MOST_PEOPLE or not 0 <= wanted.drop_out < 1:
        raise StudyError(
            _("Ask for 1 to %(most)d people, of whom less than all leave before the end.") % {"most": MOST_PEOPLE}
        )
    refuse_unless_rehearsable(study)
    if going_on(study, KIND) is not None:
        raise NotAllowedNow(_("This study is being rehearsed. Wait for the end, or cancel it."))
    if study.rehearsals.count() >= MOST_REHEARSALS:
        raise NotAllowedNow(_("There are %(n)d rehearsals. Remove one first.") % {"n": MOST_REHEARSALS})
    refuse_if_blocked(study)
    return jobs.request_job(study, KIND, wanted.as_json(), actor=actor)


def refuse_if_blocked(study: Study) -> None:
    """Raise StudyError if something other than names and blinding keeps the study from opening.

    Simulated people need neither a consent nor blinded images, so that a rehearsal may come before both are done.
    """
    as_copy = Study.objects.get(pk=study.pk)
    as_copy.simulated = True  # not saved: the checks see what they will see in the copy
    blocking = [
        finding for finding in preflight.run(as_copy) if finding.level is preflight.Level.BLOCKS and finding.url_name
    ]
    if blocking:
        raise StudyError(_("It cannot be rehearsed yet: %(why)s") % {"why": blocking[0].message})


def expectation(study: Study, preference: ChosenPreference) -> dict[str, Any]:
    """Return what the preference lets expect in this study: see `expected_of`."""
    conditions = list(study.conditions.order_by("number"))
    worths = {row.key: preference.worth_of(row.key, row.levels) for row in conditions}
    return expected_of(worths, preference, weights=study.weights, contrasts=factors_of(conditions) or {})
