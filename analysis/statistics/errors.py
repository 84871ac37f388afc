"""Errors in the input; every message says what to do."""


class StatisticsError(ValueError):
    """Base class of the errors of the statistics."""


class BallotsError(StatisticsError):
    """A ballot breaks a rule. `row` is the index of the first such ballot, counted from 0."""

    def __init__(self, message: str, row: int | None = None) -> None:
        super().__init__(message)
        self.row = row


class DesignError(StatisticsError):
    """Conditions, factors, weights or options do not fit together."""
