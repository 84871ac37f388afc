"""What tests of all three wings share."""

from collections.abc import Callable

import pytest
from django.utils import timezone


@pytest.fixture
def at_one_moment(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Stops the clock, before pages are compared: live ones tell with it who is there and when others were seen."""

    def stop() -> None:
        moment = timezone.now()
        monkeypatch.setattr(timezone, "now", lambda: moment)

    return stop
