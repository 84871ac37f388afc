"""Write a question set as YAML, always in one layout, so that equal sets are equal texts."""

from collections import Counter
from collections.abc import Collection, Iterable
from itertools import count
from typing import Any

import yaml
from django.utils.text import slugify
from pydantic import BaseModel

from study.participants.questions import (
    Choice,
    Matrix,
    Question,
    QuestionSet,
    Scale,
    Several,
    Texts,
    item_name,
    items_of,
    load_question_set,
)

_FIRST = ("key", "type", "text", "required")
_LONGEST_KEY = 40


def question_set_yaml(questions: QuestionSet) -> str:
    """The set's text, without what is a default; `load_question_set` gives the same set again."""
    return yaml.dump(
        _plain(questions), Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110
    )


def is_own_layout(text: str) -> bool:
    """Whether the text is as `question_set_yaml` writes it: it has no comments or layout that would be lost."""
    return question_set_yaml(load_question_set(text)) == text.strip() + "\n"


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _plain(model: BaseModel) -> dict[str, Any]:
    values = model.model_dump(by_alias=True, exclude_defaults=True)
    if isinstance(model, Scale):  # its ends are worth reading
        values |= {"from": model.start, "to": model.to}
    if isinstance(model, QuestionSet):
        values["questions"] = [_plain(question) for question in model.questions]
    ordered = {name: values[name] for name in _FIRST if name in values} | values
    return {name: _short(value) for name, value in ordered.items()}


def _short(value: Any) -> Any:
    """Write 3 rather than 3.0."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value


def names_in(questions: Iterable[Question]) -> set[str]:
    """The keys of questions, and the names of what has a column of its own."""
    return {
        name
        for question in questions
        for name in (question.key, *(item_name(question, item) for item in items_of(question)))
    }


def free_key(text: str, taken: Collection[str], otherwise: str) -> str:
    """A key that nothing has yet, of the first words of a text; of `otherwise` if it has no Latin letter or digit."""
    words = slugify(text).replace("-", "_")
    stem = words[:30].rpartition("_")[0] or words[:30] if len(words) > 30 else words
    stem = stem.strip("_") or otherwise
    if stem.isdigit():
        stem = f"{otherwise}_{stem}"[:30]
    return next(key for n in count(1) if (key := stem if n == 1 else numbered(stem, n)) not in taken)


def numbered(key: str, n: int) -> str:
    """A key with a number after it."""
    return f"{key[: _LONGEST_KEY - len(str(n)) - 1]}_{n}"


def texts_missing(question: Question, languages: Iterable[str]) -> Counter[str]:
    """How many texts of a question each language lacks; people who read in it see another language there."""
    texts: list[Texts] = [question.text]
    if isinstance(question, Choice | Several | Matrix):
        texts += [option.text for option in question.options]
    if isinstance(question, Matrix):
        texts += [row.text for row in question.rows]
    if isinstance(question, Scale | Matrix):
        texts += [end for end in (question.low, question.high) if end]
    return +Counter({code: sum(not text.get(code, "").strip() for text in texts) for code in languages})
