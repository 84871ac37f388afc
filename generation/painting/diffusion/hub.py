"""Files of the model hub on this machine: found without the network, and fetched ahead of a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from generation.painting.errors import PainterNotReady


def kept_folder(name: str, revision: str | None, what: str) -> Path:
    """The folder of a repository that was fetched at `revision`. Nothing is downloaded.

    `what`: the repository's role in the settings, to begin the message with.

    Raises:
        PainterNotReady: it was never fetched.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, revision=revision, local_files_only=True))
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError):
        raise PainterNotReady(
            f"{what} '{name}' at revision {revision} is not on this machine: "
            "fetch it first with 'python manage.py fetch_models'."
        ) from None


def fetch_files(name: str, revision: str | None, patterns: Sequence[str], what: str) -> Path:
    """Download the files of a repository that match `patterns`; returns its folder.

    Raises:
        PainterNotReady: no connection, no such repository or revision, one that asks for a licence first.
    """
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=list(patterns)))
    except Exception as error:
        raise not_fetched(name, revision, what, error) from error


def not_fetched(name: str, revision: str | None, what: str, error: Exception) -> PainterNotReady:
    """The error of a download that failed, with the first cause's first line."""
    root: BaseException = error
    while root.__cause__ or root.__context__:
        root = root.__cause__ or root.__context__  # type: ignore[assignment]
    first_line = str(root).strip().splitlines()[0] if str(root).strip() else type(root).__name__
    return PainterNotReady(
        f"{what} '{name}' at revision {revision} could not be fetched: {first_line}. "
        "Check the name, the revision, the connection, and whether the model asks to accept a licence."
    )
