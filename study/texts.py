"""The texts that ship, as the console shows them: in a language of choice, whatever the reader's own is."""

from django.utils.translation import override

from study.models import Study
from study.survey import texts as survey_texts

FIELDS = ("question", "consent_text", "instructions")
languages_of = survey_texts.languages_of


def shipped_text(study: Study, field: str, language: str) -> str:
    """What participants read in `language` unless the study has words of its own."""
    blank = Study(second_choice_required=study.second_choice_required)
    with override(language):
        match field:
            case "question":
                return survey_texts.question(blank)
            case "consent_text":
                return survey_texts.consent(blank)
            case "instructions":
                return survey_texts.instructions(blank, study.conditions.count())
    raise ValueError(f"A study has no text called {field!r}.")
