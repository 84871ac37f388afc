"""What can go wrong in a generation run, in words that a person can act on."""

from study.errors import NotAllowedNow, StudyError


class GenerationError(StudyError):
    """The base of this app's errors about runs."""


class NotPossibleNow(GenerationError, NotAllowedNow):
    """The state of the study or of its run does not permit this."""


class StepFailed(GenerationError):
    """A step cannot be done for this clip; the others go on."""


class RunStopped(GenerationError):
    """What failed would fail for every clip: the run stops with one message."""


class ServiceAway(GenerationError):
    """A service that a step needs does not answer now: the step waits. `asked`: seconds that the service asks for."""

    def __init__(self, reason: str, asked: float | None = None) -> None:
        self.asked = asked
        super().__init__(reason)
