"""Write one sentence from tags, and count and cap what language models cost.

Imports `redefinition` (the kinds of tags) and no other room. Importing it loads no client library; building a writer
may. Doors: the names below, and `usage` for spending.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from generation.writing.base import (
    AccessRefused,
    KeyRejected,
    QuotaExhausted,
    RequestRejected,
    Sentence,
    SentenceEmpty,
    SentenceRefused,
    SentenceTooLong,
    SentenceUnfaithful,
    SentenceUnusable,
    SentenceWriter,
    ServiceUnavailable,
    SpendingCapReached,
    StopsTheBatch,
    WritingError,
)
from generation.writing.hosts import DEFAULT_HOSTS, HostNotAllowed, check_host
from generation.writing.options import OpenAIOptions, TemplateOptions, WriterOptions

if TYPE_CHECKING:
    from generation.redefinition import RuleSet
    from generation.writing.usage import Usage

__all__ = [
    "AccessRefused",
    "HostNotAllowed",
    "KeyRejected",
    "OpenAIOptions",
    "QuotaExhausted",
    "RequestRejected",
    "Sentence",
    "SentenceEmpty",
    "SentenceRefused",
    "SentenceTooLong",
    "SentenceUnfaithful",
    "SentenceUnusable",
    "SentenceWriter",
    "ServiceUnavailable",
    "SpendingCapReached",
    "StopsTheBatch",
    "TemplateOptions",
    "WriterOptions",
    "WritingError",
    "build_writer",
]


def build_writer(
    options: WriterOptions,
    *,
    cache_folder: Path | None = None,
    usage: Usage | None = None,
    rules: RuleSet | None = None,
    allowed_hosts: Collection[str] = DEFAULT_HOSTS,
) -> SentenceWriter:
    """The writer that `options` describe.

    `cache_folder` stores the answers of a language model, so that no request is made twice. `usage` counts its calls
    and enforces the caps. `rules`: the rule set by which words mean the same when a sentence is compared with its tags,
    the default one if None. `allowed_hosts`: the hosts that a service may have.

    Raises:
        HostNotAllowed: the options name a service on another host.
    """
    if isinstance(options, OpenAIOptions):
        check_host(options.base_url, allowed_hosts)
        # Imported here: only a writer that is built may load the client library.
        from generation.writing.answer_store import FolderAnswers
        from generation.writing.openai_writer import OpenAIWriter

        answers = FolderAnswers(cache_folder) if cache_folder else None
        return OpenAIWriter(options, answers=answers, usage=usage, rules=rules)
    from generation.writing.template_writer import TemplateWriter

    return TemplateWriter(options, rules=rules)
