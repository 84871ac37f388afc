"""From tags to one sentence. Importing this loads no client library; building a writer may."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from generation.writing.base import (
    KeyRejected,
    QuotaExhausted,
    RequestRejected,
    Sentence,
    SentenceEmpty,
    SentenceRefused,
    SentenceTooLong,
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
    from generation.writing.usage import Usage

__all__ = [
    "HostNotAllowed",
    "KeyRejected",
    "OpenAIOptions",
    "QuotaExhausted",
    "RequestRejected",
    "Sentence",
    "SentenceEmpty",
    "SentenceRefused",
    "SentenceTooLong",
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
    allowed_hosts: Collection[str] = DEFAULT_HOSTS,
) -> SentenceWriter:
    """The writer that `options` describe.

    `cache_folder` keeps the answers of a language model, so that what is stored is never asked again. `usage`
    counts its calls, and holds the caps. `allowed_hosts`: where a service may be.

    Raises:
        HostNotAllowed: the options name a service elsewhere.
    """
    if isinstance(options, OpenAIOptions):
        check_host(options.base_url, allowed_hosts)
        from generation.writing.answers import FolderAnswers
        from generation.writing.openai_writer import OpenAIWriter

        return OpenAIWriter(options, answers=FolderAnswers(cache_folder) if cache_folder else None, usage=usage)
    from generation.writing.template import TemplateWriter

    return TemplateWriter(options)
