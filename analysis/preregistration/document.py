"""A preregistration: the answers to a form's questions, made from a study's plan, in English."""

from dataclasses import dataclass

from django.utils import timezone, translation

from analysis.preregistration.answers import Answer, Missing
from analysis.preregistration.forms import Form, Question
from analysis.preregistration.planned import planned_study
from analysis.study_results.registration import is_registered_before_opening
from study.models import Study

SIMULATED = "The answers of this study come from simulated participants: this text shows the software, no research."
SEALED = "The results of this study are sealed: its conditions are not named here until they are open."
LATE = "The study opened on %s, before this text was made: filed now, it is no preregistration of its answers."


@dataclass(frozen=True)
class Item:
    """A question with its answer."""

    question: Question
    answer: Answer
    is_long: bool = False

    @property
    def text(self) -> str:
        """What goes into the form: the options to choose, then the text."""
        return "\n\n".join(filter(None, ("\n".join(self.answer.chosen), self.answer.text)))


@dataclass(frozen=True)
class Preregistration:
    """The text for a registry's form.

    Attributes:
        digest: SHA-256 of the plan: as it was fixed, or as opening the draft unchanged would fix it.
        is_fixed: whether the plan is fixed.
        notices: what a reader has to know first.
    """

    form: Form
    title: str
    digest: str
    is_fixed: bool
    items: tuple[Item, ...]
    notices: tuple[str, ...] = ()

    @property
    def missing(self) -> list[Missing]:
        """What is missing, each once, in the order of the form."""
        return list(dict.fromkeys(missing for item in self.items for missing in item.answer.missing))


def preregistration(study: Study, form: Form) -> Preregistration:
    """Write the answers to a form's questions; after opening those of the fixed plan.

    While pages must not name the study's conditions, they have numbers.
    """
    with translation.override("en"):
        planned = planned_study(study)
        items = tuple(_item(form, question, question.answer(planned)) for question in form.questions)
        notices = (SIMULATED if study.simulated else "", SEALED if study.is_blinded else "", _late(study))
        return Preregistration(
            form, study.title, planned.digest, bool(study.plan_digest), items, tuple(filter(None, notices))
        )


def _late(study: Study) -> str:
    if study.opened_at is None or is_registered_before_opening(study):
        return ""
    return LATE % timezone.localdate(study.opened_at).isoformat()


def _item(form: Form, question: Question, answer: Answer) -> Item:
    item = Item(question, answer)
    return Item(question, answer, is_long=form.long is not None and len(item.text) > form.long)
