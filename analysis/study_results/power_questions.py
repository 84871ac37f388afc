"""Which question of a study its power is computed for, and what of it the form and the worker need."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from study.errors import StudyError
from study.instruments.of_study import instrument_of, is_classic, points_of
from study.instruments.questions import Choose, Pair, Rate, localized
from study.models import Study


@dataclass(frozen=True)
class PowerQuestion:
    """The question whose contrast the plan names.

    Attributes:
        kind: "choose", "pair" or "rate".
        name: its text, for the page; empty for a first and second choice as ever.
        points: of a choice, one for each rank.
        pairs: how many pairs the images of a clip have; `pairs_per_clip`: of them, those that the plan asks for.
        lowest, highest: ends of a rating's scale.
    """

    kind: str
    name: str = ""
    points: tuple[float, ...] = ()
    tie: bool = False
    pairs: int = 0
    pairs_per_clip: int | None = None
    lowest: int = 0
    highest: int = 0

    def inputs(self) -> dict[str, Any]:
        """Return what is kept with the numbers of the form, as its fields are in the units of this question."""
        if self.kind == "choose":
            return {}
        if self.kind == "pair":
            return {"kind": self.kind}
        return {"kind": self.kind, "lowest": self.lowest, "highest": self.highest}

    def is_of(self, inputs: Mapping[str, Any]) -> bool:
        """Whether these numbers were given for such a question."""
        return all(inputs.get(key) == self.inputs().get(key) for key in ("kind", "lowest", "highest"))


def power_question(study: Study) -> PowerQuestion:
    """Return the question that power is computed for.

    Raises:
        StudyError: the main question of the study compares no images by choices, pairs or ratings of all of them.
    """
    instrument = instrument_of(study)
    key = instrument.primary_key
    for question in instrument.questions:
        match question:
            case Choose() if question.key == key:
                name = "" if is_classic(study) else localized(question.text) or key
                return PowerQuestion("choose", name, points_of(study, question))
            case Pair() if question.key == key:
                conditions = study.conditions.count()
                return PowerQuestion(
                    "pair",
                    localized(question.text) or key,
                    tie=question.tie,
                    pairs=max(1, conditions * (conditions - 1) // 2),
                    pairs_per_clip=instrument.pairs_per_clip,
                )
            case Rate(of="images"):
                for scale in question.scales:
                    if scale.key == key:
                        return PowerQuestion(
                            "rate", localized(scale.text) or key, lowest=scale.lowest, highest=scale.highest
                        )
    raise StudyError(
        _(
            "Power is computed for choices, pairs and ratings of all images, and the main question of this study is "
            "none of them; name another in its instrument."
        )
    )
