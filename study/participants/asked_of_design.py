"""What a study's questions ask of its design: pairs, and what attention trials can ask for."""

from dataclasses import dataclass

from study.design import number_of_pairs
from study.models import Study

# Of a slider, an attention trial asks for a round number that is not at an end.
SLIDER_ANSWERS = tuple(range(10, 100, 10))


@dataclass(frozen=True)
class AskedOfDesign:
    """What `study.design.Design` needs to know; as it stands, of the first and the second choice.

    Attributes:
        pairs_per_clip: how many pairs of each clip a person compares; None: trials show all images.
        named: how many images an attention trial names.
        scale: the key of the scale on which an attention trial asks for an answer, if it names no image.
        answers: the answers that it may ask for.
        can_match: whether an image is chosen, so that trials with images of other clips have a right answer.
    """

    pairs_per_clip: int | None = None
    named: int = 2
    scale: str = ""
    answers: tuple[int, ...] = ()
    can_match: bool = True

    @property
    def can_test_attention(self) -> bool:
        return bool(self.named or self.answers)

    @property
    def trials_per_clip(self) -> int:
        return self.pairs_per_clip or 1


def asked_of_design(study: Study, conditions: int) -> AskedOfDesign:
    """Read it from the study's instrument, of images under so many conditions.

    More pairs than a clip has are left out: the preflight refuses them.

    Raises:
        InstrumentRefused: what is stored is no instrument.
    """
    if not study.instrument:
        return AskedOfDesign()
    # Imported here: it loads pydantic, and every command imports this module.
    from study.instruments.of_study import instrument_of

    instrument = instrument_of(study)
    if instrument.pair is not None:
        pairs = number_of_pairs(conditions)
        return AskedOfDesign(min(instrument.pairs_per_clip or pairs, pairs), named=1)
    if instrument.choose is not None:
        return AskedOfDesign(named=min(instrument.choose.ranks, 2))
    scales = [scale for question, scale in instrument.scales() if question.of == "images"]
    if not scales:
        return AskedOfDesign(named=0, can_match=False)
    scale = next((scale for scale in scales if scale.key == instrument.primary), scales[0])
    answers = SLIDER_ANSWERS if scale.is_slider else tuple(range(scale.lowest, scale.highest + 1))
    return AskedOfDesign(named=0, scale=scale.key, answers=answers, can_match=False)
