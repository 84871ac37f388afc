"""What the report says of a study's questions: the texts that people read, and the design of the trials."""

from django.utils.translation import gettext as _

from analysis.report.context import QuestionView
from study.instruments.of_study import instrument_of, is_classic
from study.instruments.questions import Choose, Confidence, Pick, Rate, localized
from study.instruments.words import in_words
from study.models import Study
from study.participants.asked_of_design import asked_of_design
from study.texts import question as question_of


def question_views(study: Study) -> dict[str, QuestionView]:
    """The texts by the key of the question or scale, in the current language; none of a study without an instrument."""
    if is_classic(study):
        return {}
    found = {}
    for question in instrument_of(study).questions:
        text = localized(question.text)
        match question:
            case Rate():
                for scale in question.scales:
                    asked = localized(scale.text)
                    joint = " " if text.endswith((".", "?", "!", ":", "。")) else ": "
                    words = joint.join(dict.fromkeys(filter(None, (text, asked))))
                    found[scale.key] = QuestionView(scale.key, words, localized(scale.low), localized(scale.high))
            case Pick():
                names = {option.key: localized(option.text) or option.key for option in question.options}
                found[question.key] = QuestionView(question.key, text, categories=names)
            case Confidence():
                found[question.key] = QuestionView(
                    question.key, text, localized(question.low), localized(question.high)
                )
            case Choose():
                found[question.key] = QuestionView(question.key, text or question_of(study))
            case _:
                found[question.key] = QuestionView(question.key, text)
    return found


def asked_in_words(study: Study) -> list[str]:
    """The questions of each trial in order; none of a study without an instrument."""
    return [] if is_classic(study) else in_words(instrument_of(study), question_of(study))


def trial_details(study: Study) -> list[tuple[str, str]]:
    """Rows (name, value) on what a trial asks, for the methods."""
    yes = {True: _("yes"), False: _("no")}
    instrument = instrument_of(study)
    rows = []
    if instrument.choose is not None and (is_classic(study) or instrument.choose.ranks == 2):
        rows.append((_("A second choice is required"), str(yes[study.second_choice_required])))
    elif instrument.choose is not None and instrument.choose.ranks > 2:
        rows.append((_("All choices are required"), str(yes[study.second_choice_required])))
    if instrument.choose is not None:
        rows.append((_("“None of them fits” offered"), str(yes[study.allow_none_fits])))
    if instrument.pair is not None:
        conditions = study.conditions.count()
        pairs = asked_of_design(study, conditions).pairs_per_clip
        rows.append(
            (
                _("Pairs of each clip that a person compares"),
                _("%(n)s of %(all)s") % {"n": pairs, "all": conditions * (conditions - 1) // 2},
            )
        )
        rows.append((_("A tie is allowed"), str(yes[instrument.pair.tie])))
    if instrument.primary_key and not is_classic(study):
        rows.append((_("Main question"), f"“{instrument.primary_key}”"))
    return rows
