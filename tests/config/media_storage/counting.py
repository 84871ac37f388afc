"""The requests that a client of S3 sends."""

from typing import Any


class Requests:
    """Count a client's requests by the name of their operation."""

    def __init__(self, client: Any) -> None:
        self.names: list[str] = []
        client.meta.events.register("before-call.s3", self._note)

    def _note(self, model: Any, **_more: Any) -> None:
        self.names.append(model.name)

    def taken(self) -> list[str]:
        """Return the requests since the last call."""
        names, self.names = self.names, []
        return names
