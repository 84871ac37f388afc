"""What the instrument of a study answers in the reporting checklists: which form of question was used."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from analysis.report.text.number_format import plain
from study.instruments.of_study import instrument_of, is_classic, points_of
from study.instruments.questions import Choose, Instrument, Pair, Pick, Rate, Scale, localized
from study.instruments.words import in_words
from study.models import Study
from study.participants.asked_of_design import asked_of_design
from study.texts import question as question_of


def instrument_facts(study: Study) -> dict[str, str]:
    """The answers by `Item.fact` that differ from those of first and second choices; none without an instrument."""
    if is_classic(study):
        return {}
    instrument, conditions = instrument_of(study), study.conditions.count()
    shown = instrument.images_shown(conditions)
    found = {
        "question": "; ".join(_verbatim(instrument, question_of(study))),
        "instrument": "; ".join(in_words(instrument, question_of(study))) + ".",
        "relative": _relative(instrument),
        "subjective": _("Subjective: people's own judgement."),
        "aggregation": _aggregation(study, instrument),
        "methods": _methods(instrument),
    }
    if shown < conditions:
        pairs = asked_of_design(study, conditions).pairs_per_clip
        found["allocation"] = _(
            "Within participants: every trial shows two of a clip's %(n)s images, each person %(pairs)s pairs of each "
            "clip; pairs, sides and the order of clips are balanced over people from a recorded seed (%(seed)s)."
        ) % {"n": conditions, "pairs": pairs, "seed": study.shown_seed}
        found["mapping"] = _("One trial is one pair of a clip's images; conditions differ between the two only.")
        found["execution"] = _("Two conditions at the same time, in every trial.")
    scales = [scale for _rate, scale in instrument.scales()]
    if scales:
        found["scale_size"] = "; ".join(f"“{scale.key}”: {_size(scale)}" for scale in scales) + "."
        found["scale_values"] = "; ".join(f"“{scale.key}”: {_values(scale)}" for scale in scales) + "."
        found["scale_form"] = "; ".join(f"“{scale.key}”: {_form(scale)}" for scale in scales) + "."
    return found


def agreement_of_questions(data: Mapping[str, Any]) -> str:
    """Krippendorff's α of each scale; empty if there is none."""
    found = [
        f"“{name}” {plain(block['agreement']['alpha_interval'])}"
        for name, block in (data.get("questions") or {}).items()
        if (block.get("agreement") or {}).get("alpha_interval") is not None
    ]
    return _("Krippendorff's α (interval): %(scales)s.") % {"scales": ", ".join(found)} if found else ""


def retest_of_questions(data: Mapping[str, Any]) -> str:
    """What hidden repeats of pairs, ratings and whole orders got, a sentence each; empty if there is nothing."""
    # Of a choice of one or two images the analysis has it at its top.
    blocks = {
        name: block
        for name, block in (data.get("questions") or {}).items()
        if block.get("test_retest") and not (block["kind"] == "choose" and data.get("test_retest"))
    }
    return " ".join(_retest(name, str(block["kind"]), block["test_retest"]) for name, block in blocks.items())


def _retest(name: str, kind: str, found: Mapping[str, Any]) -> str:
    values = {"name": name} | {key: plain(found.get(key)) for key in ("same", "same_first", "one_tie", "icc_single")}
    if kind == "pair":
        return (
            _("“%(name)s”: same answer in %(same)s of repeated pairs; a tie one of the two times in %(one_tie)s.")
            % values
        )
    if kind == "choose":
        return _("“%(name)s”: same image first in %(same_first)s of repeats.") % values
    return _("“%(name)s”: the two numbers of a repeated image differ by %(difference)s; ICC(2,1) = %(icc_single)s.") % (
        values | {"difference": plain(found["mean_absolute_difference"])}
    )


def _verbatim(instrument: Instrument, of_study: str) -> list[str]:
    texts = []
    for question in instrument.questions:
        text = localized(question.text) or (of_study if isinstance(question, Choose) else "")
        texts += [text] if text else []
        if isinstance(question, Rate):
            texts += [asked for scale in question.scales if (asked := localized(scale.text))]
    return texts


def _relative(instrument: Instrument) -> str:
    parts = []
    if instrument.choose or instrument.pair:
        parts.append(_("Relative: the images of one clip are compared with each other."))
    if any(question.of != "music" for question, _scale in instrument.scales()):
        parts.append(_("Absolute: each image is rated on a scale, with the others of its clip in view."))
    return " ".join(parts)


def _aggregation(study: Study, instrument: Instrument) -> str:
    parts = []
    if instrument.choose is not None:
        points = ", ".join(f"{each:g}" for each in points_of(study, instrument.choose))
        parts.append(_("Points by rank: %(points)s.") % {"points": points})
    if instrument.pair is not None:
        parts.append(_("1 point for the winner of a pair, ½ each for a tie."))
    if any(True for _each in instrument.scales()):
        parts.append(_("Means of ratings; what people could not say is in no mean."))
    if any(isinstance(question, Pick) for question in instrument.questions):
        parts.append(_("Shares of people's answers for categories."))
    return " ".join([*parts, _("Nothing else is merged.")])


def _methods(instrument: Instrument) -> str:
    parts = [_("Crossed random effects of people and clips for the primary contrasts.")]
    if isinstance(instrument.pair, Pair):
        parts.append(_("Bradley–Terry worths with ties by Davidson."))
    if instrument.choose is not None:
        parts.append(_("Plackett–Luce worths."))
    return " ".join(parts)


def _size(scale: Scale) -> str:
    return _("101 (0 to 100)") if scale.is_slider else str(scale.highest)


def _values(scale: Scale) -> str:
    words = [
        f"{number} = {text}"
        for number, text in ((scale.lowest, localized(scale.low)), (scale.highest, localized(scale.high)))
        if text
    ]
    text = _("whole numbers %(low)s to %(high)s") % {"low": scale.lowest, "high": scale.highest}
    text += f" ({', '.join(words)})" if words else ""
    return text + (", " + _("or “cannot say”") if scale.cannot_say else "")


def _form(scale: Scale) -> str:
    return _("a slider without a default") if scale.is_slider else _("buttons with named ends, none chosen beforehand")
