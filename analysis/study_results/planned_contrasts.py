"""The contrasts that a study's plan tests, with both of their sides in words; the researcher may expect a direction."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from django.utils.translation import gettext as _

from analysis.report.context import ReportContext, condition_views
from analysis.report.text.contrast_names import sides
from analysis.study_results.factors import factors_of
from study.instruments.of_study import instrument_of
from study.models import Condition, Study

MORE, LESS = "more", "less"


@dataclass(frozen=True, kw_only=True)
class PlannedContrast:
    """A contrast of a question of the trial.

    Attributes:
        question: the key of the question or scale.
        contrast: its name in the analysis JSON; of a pair of conditions both keys with "_minus_" between.
        high, low: the two sides in words; of an interaction the effect of the second factor at either level of the
            first.
        kind: "factor", "interaction" or "pair".
        is_primary: whether it is the primary contrast of its question.
    """

    question: str
    contrast: str
    high: str
    low: str
    kind: str = "factor"
    is_primary: bool = False

    @property
    def key(self) -> str:
        """Under which the direction that the researcher expects is stored."""
        return f"{self.question}:{self.contrast}"


def condition_names(study: Study, conditions: Sequence[Condition]) -> dict[str, str]:
    """The conditions' labels by key in the current language; numbers alone while pages must not name them."""
    if study.is_blinded:
        return {row.key: _("condition %(n)d") % {"n": number} for number, row in enumerate(conditions, start=1)}
    return {row.key: str(_(row.label)) for row in conditions}


def planned_contrasts(study: Study) -> list[PlannedContrast]:
    """The contrasts in the order of the hypotheses: of the main question all, of the others the primary one.

    Without factors of two levels the main question compares each pair of conditions, and the others nothing.
    """
    # Imported here: it loads NumPy, and every page of the console imports this module.
    from analysis.statistics.contrasts import points_contrasts

    conditions = list(study.conditions.order_by("number"))
    keys, names = [row.key for row in conditions], condition_names(study, conditions)
    factors, instrument = factors_of(conditions) or {}, instrument_of(study)
    main = instrument.primary_key
    others = [key for key in instrument.comparing() if key != main]
    if not main:
        return []
    if not factors:
        return [
            PlannedContrast(question=main, contrast=f"{a}_minus_{b}", high=names[a], low=names[b], kind="pair")
            for a, b in combinations(keys, 2)
        ]
    contrasts = [each.name for each in points_contrasts(factors, keys)]
    context = ReportContext(title="", conditions=condition_views(keys, names))
    data = {"conditions": keys, "factors": factors}
    of_factors = dict(zip(contrasts[: len(factors)], factors, strict=True))

    def planned(question: str, contrast: str) -> PlannedContrast:
        primary = contrast == contrasts[0]
        if contrast in of_factors:
            high, low = sides(contrast, data, context)
            return PlannedContrast(question=question, contrast=contrast, high=high, low=low, is_primary=primary)
        first, second = _factors_of_interaction(contrast, list(factors))
        effect_high, effect_low = sides(_contrast_of(second, of_factors), data, context)
        levels = sides(_contrast_of(first, of_factors), data, context)
        high, low = (
            _("the advantage of %(high)s over %(low)s among %(level)s")
            % {"high": effect_high, "low": effect_low, "level": level}
            for level in levels
        )
        return PlannedContrast(question=question, contrast=contrast, high=high, low=low, kind="interaction")

    return [planned(main, contrast) for contrast in contrasts] + [planned(key, contrasts[0]) for key in others]


def _contrast_of(factor: str, of_factors: dict[str, str]) -> str:
    return next(contrast for contrast, name in of_factors.items() if name == factor)


def _factors_of_interaction(contrast: str, factors: list[str]) -> tuple[str, str]:
    if contrast == "interaction":
        return factors[0], factors[1]
    return next((a, b) for a, b in combinations(factors, 2) if contrast == f"interaction_{a}_{b}")
