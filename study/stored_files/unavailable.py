"""The error of a storage on another machine."""

import errno


class StorageUnavailable(OSError):
    """The storage of uploads and images does not answer, or (`refused`) does not let this installation in.

    A refusal lasts until the operator changes something; else the storage may answer again in a moment.
    """

    def __init__(self, reason: str, *, refused: bool = False) -> None:
        super().__init__(errno.ECONNREFUSED, reason)
        self.refused = refused
