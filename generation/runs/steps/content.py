"""Describe a tagger or a painter by the content of its files: the path of a file does not decide what is current."""

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from study.digests import path_digest

Digest = Callable[..., str]
"""`study.digests.path_digest`, or the same function with some of its arguments set."""
# What a diffusion model counts tokens with; other weights need no other sentences.
_COUNTS_TOKENS = ("model_index.json", "tokenizer*/*", "text_encoder*/config.json")


def content_of(options: BaseModel, digest: Digest = path_digest) -> dict[str, Any]:
    """Return the options as plain data, with the digest of a file or folder in place of its path.

    Options of a kind that reads files name them in a property `files`: option → path.

    Raises:
        DigestUnknown: from `digest`.
    """
    files = getattr(options, "files", {})
    return options.model_dump(mode="json") | {name: digest(path) for name, path in files.items()}


def token_counting_content(painter: BaseModel, digest: Digest = path_digest) -> dict[str, Any]:
    """Return the painter's options on which the count of a prompt's tokens depends, as `content_of` does."""
    chosen = painter.model_dump(mode="json")
    files = getattr(painter, "files", {})
    # A single file's tokenizers are its configuration's.
    names = ("kind", "config", "config_revision") if chosen.get("config") else ("kind", "model", "revision")
    counting: dict[str, Any] = {name: chosen[name] for name in names if name in chosen}
    return counting | {name: digest(files[name], _COUNTS_TOKENS) for name in counting if name in files}
