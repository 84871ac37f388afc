"""The effects in an analysis JSON, whoever wrote it: what is not as the JSON has it is left out, never guessed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from analysis.comparison.effects import (
    FEW_CLIPS,
    NO_ERROR,
    NO_SPREAD,
    POINTS,
    RATING,
    SEPARATED,
    SHARE,
    STOPPED,
    WORTH,
    Contrast,
    Effect,
)
from analysis.statistics.ballots import PRESET, PRESET_FACTORS
from analysis.statistics.contrast_tests import FEWEST_CLIPS
from analysis.statistics.contrasts import PRESET_NAMES
from analysis.statistics.meta_analysis import LARGEST, SMALLEST
from analysis.statistics.results import NEW_CLIPS, THESE_CLIPS

Levels = Mapping[str, Mapping[str, str]]  # of each condition: its factors' levels
MOST_CONDITIONS = 30
_LONGEST = 200  # characters of a name
_MEASURE_OF_KIND = {"rate": RATING, "pair": SHARE, "choose": POINTS}
_PRESET_LEVELS: Levels = {
    key: {"tags": key.partition("_")[0], "form": key.partition("_")[2]} for key in PRESET
}  # redefined_tags: tags redefined, form tags


def number(value: Any) -> float | None:
    """The value if it is a number whose square can be reckoned with, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
        return None
    return float(value)


def words(value: Any) -> str:
    """The value as a name that a page can show: its printable characters, and not too many of them."""
    return "".join(c if c.isprintable() else " " for c in str(value)[:_LONGEST]).strip()


def mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def rows(value: Any) -> list[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def effects_of(result: Mapping[str, Any], levels: Levels) -> tuple[Effect, ...]:
    """All effects of an analysis: of the choices, and of each question that gives images numbers or an order."""
    found: list[Effect] = []
    if result.get("weights") and isinstance(result.get("scores"), dict):
        found += _Block(result, levels, "", POINTS, _weights_unit(result)).effects()
    for key, block in mapping(result.get("questions")).items():
        measure = _MEASURE_OF_KIND.get(str(mapping(block).get("kind")))
        if measure is not None:
            unit = _question_unit(measure, block)
            if measure == POINTS and result.get("second_choice") == "optional":
                unit["optional"] = True
            found += _Block(block, levels, words(key), measure, unit).effects()
    return tuple(found)


def _weights_unit(result: Mapping[str, Any]) -> dict[str, Any]:
    """Of first and second choices: an optional second choice does not enter the primary test (see `_Block`)."""
    conditions, n = texts(result.get("conditions")), number(result.get("n_ballots"))
    shown = [number(count) or 0.0 for count in mapping(mapping(result.get("exposure")).get("shown")).values()]
    images = sum(shown) / n if shown and n else float(len(conditions))
    weights = [number(weight) or 0.0 for weight in result["weights"]] if isinstance(result["weights"], list) else []
    return {"weights": weights, "images": round(images, 3), "conditions": len(conditions)}


def _question_unit(measure: str, block: Mapping[str, Any]) -> dict[str, Any]:
    if measure == RATING:
        return {"lowest": number(block.get("lowest")), "highest": number(block.get("highest"))}
    if measure == SHARE:
        return {"images": 2.0}
    points = block.get("points")
    answers = sum(number(mapping(row).get("answers")) or 0.0 for row in mapping(block.get("scores")).values())
    trials = number(block.get("n_trials"))
    weights = [number(point) or 0.0 for point in points] if isinstance(points, list) else []
    while len(weights) > 2 and not weights[-1]:
        weights.pop()  # points of 3, 2, 1 and 0 are those of 3, 2 and 1
    images, conditions = round(answers / trials, 3) if trials else 0.0, len(texts(block.get("conditions")))
    return {"weights": weights, "images": images, "conditions": conditions}


class _Block:
    """The tests of one question, or of the choices."""

    def __init__(
        self, block: Mapping[str, Any], levels: Levels, question: str, measure: str, unit: Mapping[str, Any]
    ) -> None:
        self.block, self.question, self.measure, self.unit = block, question, measure, unit
        self.conditions = [key[:_LONGEST] for key in texts(block.get("conditions"))][:MOST_CONDITIONS]
        self.factors = {words(name): set(texts(keys)) for name, keys in mapping(block.get("factors")).items()}
        known = all(levels.get(key) for key in self.conditions)
        self.levels = levels if known else self._preset_levels()

    def _preset_levels(self) -> Levels:
        """The levels of the preset's conditions; of others none are known."""
        is_preset = set(self.conditions) == set(PRESET) and all(
            self.factors.get(name) == set(keys) for name, keys in PRESET_FACTORS.items()
        )
        return _PRESET_LEVELS if is_preset else {}

    def effects(self) -> list[Effect]:
        found: list[Effect] = []
        for effect in (*self._of_factors(), *self._of_pairs()):
            same = (effect.measure, effect.population)
            if not any((e.measure, e.population) == same and e.contrast.sign_of(effect.contrast) for e in found):
                found.append(effect)  # of two conditions the factor's contrast is that of the pair
        return found

    def _of_factors(self) -> Iterator[Effect]:
        block, few = self.block, (number(self.block.get("effective_clips")) or 0.0) < FEWEST_CLIPS - 1e-9
        new = {str(row.get("contrast")): row for row in rows([block.get("primary"), *rows(block.get("secondary"))])}
        these = {str(row.get("contrast")): row for row in rows(block.get("these_clips"))}
        first = str(mapping(block.get("primary")).get("contrast") or next(iter(these), ""))
        for factor in self.factors:
            contrast = self._factor_contrast(factor)
            if contrast is None:
                continue
            name = PRESET_NAMES.get(factor, f"{factor}_minus_rest")
            unit = self._unit(primary=name == first)
            for population, tests in ((NEW_CLIPS, new), (THESE_CLIPS, these)):
                missing = FEW_CLIPS if population == NEW_CLIPS and few else NO_ERROR
                yield self._of_test(contrast, population, tests.get(name), unit, missing)
            worth = mapping(mapping(block.get("factorial")).get(factor))
            if worth:
                yield from self._of_worth(contrast, worth, few)

    def _unit(self, *, primary: bool = False) -> Mapping[str, Any]:
        """The unit of a test. If second choices are optional, the primary one takes the first choices alone."""
        if self.question or self.block.get("second_choice") != "optional":
            return self.unit
        if primary:
            return {**self.unit, "weights": [*self.unit["weights"][:1], 0.0]}
        return {**self.unit, "optional": True}

    def _of_test(
        self,
        contrast: Contrast,
        population: str,
        test: Mapping[str, Any] | None,
        unit: Mapping[str, Any],
        missing: str,
    ) -> Effect:
        values: dict[str, Any] = {"missing": missing}
        if test is not None:
            estimate, se = number(test.get("estimate")), number(test.get("se"))
            values = {"estimate": estimate, "se": se, "df": number(test.get("df")), "missing": ""}
            if estimate is None or se is None:
                values = {"estimate": estimate, "missing": STOPPED if test.get("se", 0) is None else NO_ERROR}
            elif se < SMALLEST:
                values |= {"se": None, "missing": NO_SPREAD}
        return Effect(
            contrast=contrast,
            measure=self.measure,
            population=population,
            question=self.question,
            unit=unit,
            **values,
        )

    def _of_worth(self, contrast: Contrast, worth: Mapping[str, Any], few: bool) -> Iterator[Effect]:
        fit = mapping(self.block.get("worths") if self.question else self.block.get("plackett_luce"))
        for population, end in ((NEW_CLIPS, "_new_clips"), (THESE_CLIPS, "")):
            ci95, p = _interval(worth.get(f"ci95{end}")), number(worth.get(f"p{end}"))
            missing = "" if ci95 and p is not None else NO_ERROR
            if fit.get("penalised"):
                ci95, missing = None, SEPARATED
            elif population == NEW_CLIPS and few:
                missing = FEW_CLIPS
            yield Effect(
                contrast=contrast,
                measure=WORTH,
                population=population,
                question=self.question,
                estimate=number(worth.get("estimate")),
                ci95=ci95,
                p=p,
                missing=missing,
            )

    def _of_pairs(self) -> Iterator[Effect]:
        """Pairs of conditions: points for new clips, and worths against the reference; the JSON has no other errors."""
        few = (number(self.block.get("effective_clips")) or 0.0) < FEWEST_CLIPS - 1e-9
        for row in rows(self.block.get("pairwise"))[: MOST_CONDITIONS**2]:
            a, b = str(row.get("a")), str(row.get("b"))
            if a in self.conditions and b in self.conditions:
                contrast, test = self._pair_contrast(a, b), row.get("new_clips")
                missing = FEW_CLIPS if few else NO_ERROR
                test = test if isinstance(test, dict) else None
                yield self._of_test(contrast, NEW_CLIPS, test, self._unit(), missing)
                yield from self._worth_of_pair(contrast, a, b, few)

    def _worth_of_pair(self, contrast: Contrast, a: str, b: str, few: bool) -> Iterator[Effect]:
        fit = mapping(self.block.get("worths") if self.question else self.block.get("plackett_luce"))
        if fit.get("reference") not in (a, b):
            return
        other, sign = (a, 1) if fit["reference"] == b else (b, -1)
        worth = number(mapping(fit.get("log_worth")).get(other))
        for population, key in ((NEW_CLIPS, "se_new_clips"), (THESE_CLIPS, "se_jackknife")):
            se = number(mapping(fit.get(key)).get(other))
            missing = (
                SEPARATED if fit.get("penalised") else "" if worth is not None and (se or 0) >= SMALLEST else NO_ERROR
            )
            yield Effect(
                contrast=contrast,
                measure=WORTH,
                population=population,
                question=self.question,
                estimate=None if worth is None else sign * worth,
                se=None if missing else se,
                missing=FEW_CLIPS if population == NEW_CLIPS and few else missing,
            )

    def _factor_contrast(self, factor: str) -> Contrast | None:
        """The factor's contrast by levels; by the names of conditions if their levels are not known."""
        high = [key for key in self.conditions if key in self.factors[factor]]
        low = [key for key in self.conditions if key not in self.factors[factor]]
        if not high or not low:
            return None
        for name in self._names_of_levels():
            sides = [{self.levels[key].get(name) for key in keys} for keys in (high, low)]
            if all(len(side) == 1 for side in sides) and sides[0] != sides[1]:
                (a,), (b,) = sides
                within = self._others(high, name), self._others(low, name)
                return Contrast(key=factor, factor=words(name), high=words(a), low=words(b), within=within)
        return Contrast(key=factor, factor=factor, high=_listed(high), low=_listed(low))

    def _pair_contrast(self, a: str, b: str) -> Contrast:
        key = f"{words(a)} − {words(b)}"
        differ = [name for name in self._names_of_levels() if self.levels[a].get(name) != self.levels[b].get(name)]
        if len(differ) == 1:
            (name,) = differ
            within = self._others([a], name), self._others([b], name)
            sides = (words(self.levels[condition].get(name)) for condition in (a, b))
            high, low = sides
            return Contrast(key=key, factor=words(name), high=high, low=low, within=within)
        if differ:
            return Contrast(key=key, factor="", high=self._all_levels(a), low=self._all_levels(b))
        return Contrast(key=key, factor="", high=words(a), low=words(b))

    def _names_of_levels(self) -> list[str]:
        if not self.conditions or not all(key in self.levels for key in self.conditions):
            return []
        return list(self.levels[self.conditions[0]])

    def _others(self, keys: Sequence[str], name: str) -> tuple[str, ...]:
        """The combinations of the levels of all other factors among these conditions."""
        return tuple(sorted({self._all_levels(key, without=name) for key in keys} - {""}))

    def _all_levels(self, key: str, without: str = "") -> str:
        return words(", ".join(f"{n}: {v}" for n, v in sorted(self.levels[key].items()) if n != without))


def _listed(keys: Sequence[str]) -> str:
    return words(", ".join(sorted(keys)))


def _interval(value: Any) -> tuple[float, float] | None:
    if not isinstance(value, list) or len(value) != 2:
        return None
    low, high = number(value[0]), number(value[1])
    return None if low is None or high is None or low > high else (low, high)
