"""The preflight findings of the questions in each trial; `apps.py` imports this module to register them.

Pydantic is imported inside functions: every command imports this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from study.design import number_of_pairs
from study.models import Study
from study.participants.asked_of_design import asked_of_design
from study.setup import preflight
from study.setup.path_steps import conditions_of, step_named
from study.setup.preflight import Finding, Level
from study.texts import languages_of

if TYPE_CHECKING:
    from study.instruments.questions import Instrument, Texts


@preflight.register
def check_instrument(study: Study) -> Iterable[Finding]:
    if not study.instrument:
        return
    from study.instruments.of_study import instrument_of
    from study.instruments.reading import InstrumentRefused

    step = step_named("instrument")
    page = step.url_name if step else "study_plan"
    try:
        instrument = instrument_of(study)
    except InstrumentRefused as error:
        yield Finding(Level.BLOCKS, str(error), page)
        return
    conditions = len(conditions_of(study))
    yield from (Finding(Level.BLOCKS, text, page) for text in _impossible(instrument, conditions))
    extras = extra_trials_without_answer(
        study, match_controls=study.match_controls, attention_trials=study.attention_trials
    )
    yield from (Finding(Level.BLOCKS, text, "study_plan") for text in extras.values())
    yield from (Finding(Level.WARNS, text, page) for text in _unclear(instrument, languages_of(study)))
    yield from (Finding(Level.WARNS, text, "study_plan") for text in _without_effect(study, instrument))


def extra_trials_without_answer(study: Study, *, match_controls: int, attention_trials: int) -> dict[str, str]:
    """Return why extra trials of a plan cannot be judged by the study's questions, by the setting's name."""
    asked, found = asked_of_design(study, study.conditions.count()), {}
    if match_controls and not asked.can_match:
        found["match_controls"] = _(
            "Trials with images of other clips need a question that chooses an image: add one, or turn them off."
        )
    if attention_trials and not asked.can_test_attention:
        found["attention_trials"] = _(
            "Attention trials need a question that chooses or rates the images: add one, or turn them off."
        )
    return found


def _impossible(instrument: Instrument, conditions: int) -> Iterator[str]:
    """Yield what cannot be asked of so many images."""
    if instrument.choose and instrument.choose.ranks > conditions:
        yield _("People choose %(k)d images of each clip, which has only %(n)d: ask for fewer.") % {
            "k": instrument.choose.ranks,
            "n": conditions,
        }
    pairs = number_of_pairs(conditions)
    if instrument.pairs_per_clip and instrument.pairs_per_clip > pairs:
        yield _("People compare %(k)d pairs of each clip, which has only %(n)d: ask for fewer, or for all.") % {
            "k": instrument.pairs_per_clip,
            "n": pairs,
        }


def _unclear(instrument: Instrument, languages: list[str]) -> Iterator[str]:
    """Yield what the plan or the texts leave open."""
    first = next((question for question, scale in instrument.scales() if scale.key == instrument.primary_key), None)
    if not instrument.primary and first is not None and len(first.scales) > 1:
        yield _("The plan names no main question, so it is “%(key)s”, the first of several scales: name one.") % {
            "key": instrument.primary_key
        }
    texts = [text for text in _texts(instrument) if text]
    if lacking := sum(not text.get(code, "").strip() for text in texts for code in languages):
        yield ngettext(
            "Questions in each trial: %(n)d text is missing in one of the study's languages, and is shown in another "
            "one.",
            "Questions in each trial: %(n)d texts are missing in one of the study's languages, and are shown in "
            "another one.",
            lacking,
        ) % {"n": lacking}
    if nameless := ", ".join(_nameless(instrument)):
        yield _("People read a key in place of a text: write one for %(keys)s.") % {"keys": nameless}


def _texts(instrument: Instrument) -> Iterator[Texts]:
    """Yield all texts that people read; those that are empty are not asked, or ask what the page asks by itself."""
    from study.instruments.questions import Confidence, Pick, Rate

    for question in instrument.questions:
        yield question.text
        if isinstance(question, Rate):
            for scale in question.scales:
                yield from (scale.text, scale.low, scale.high)
        elif isinstance(question, Pick):
            yield from (option.text for option in question.options)
        elif isinstance(question, Confidence):
            yield from (question.low, question.high)


def _nameless(instrument: Instrument) -> Iterator[str]:
    """Yield the keys of scales, picks and categories that have no text of their own, or of their question."""
    from study.instruments.questions import Pick, Rate

    for question in instrument.questions:
        if isinstance(question, Rate):
            alone = len(question.scales) == 1 and question.text
            yield from (scale.key for scale in question.scales if not scale.text and not alone)
        elif isinstance(question, Pick):
            yield from ([] if question.text else [question.key])
            yield from (option.key for option in question.options if not option.text)


def _without_effect(study: Study, instrument: Instrument) -> Iterator[str]:
    """Yield the settings of the plan that change nothing under these questions."""
    if not study.second_choice_required and (instrument.choose is None or instrument.choose.ranks < 2):
        yield _("That the second choice may be left out changes nothing: no question asks for one.")
    if study.repeats and not instrument.comparing():
        yield _("Hidden repeats show nothing here: they are told of questions that compare images, and there is none.")
    if study.allow_none_fits and instrument.choose is None:
        yield _("“None of them fits” is not offered: it goes with a question that chooses among all images.")
