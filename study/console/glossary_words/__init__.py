"""The words of the console: what each means, why it matters, and on which pages it stands.

The pages say the plain word. Exports, keys and the report's methods say the word of the field, which `term` holds.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

from study.console.glossary_words import experiment, music_and_tags, results_and_tests, survey
from study.console.glossary_words.word import Word

GROUPS: tuple[tuple[str, Any, tuple[Word, ...]], ...] = (
    ("experiment", _("The experiment"), experiment.WORDS),
    ("music-and-tags", _("Music and tags"), music_and_tags.WORDS),
    ("survey", _("The survey"), survey.WORDS),
    ("results-and-tests", _("Results"), results_and_tests.WORDS),
)
WORDS = {word.key: word for _key, _title, words in GROUPS for word in words}
