"""What can go wrong in a generation run, in words that a person can act on."""


class GenerationError(Exception):
    """The base of this app's errors about runs: `str(error)` is shown to people as it stands."""


class NotPossibleNow(GenerationError):
    """The state of the study or of its run does not permit this."""


class StepFailed(GenerationError):
    """A step cannot be done for this clip; the others go on."""


class RunStopped(GenerationError):
    """What failed would fail for every clip: the run stops with one message."""
