"""What can go wrong in the domain, in words that a person can act on."""


class StudyError(Exception):
    """The base of this app's errors: `str(error)` is shown to people as it stands."""


class NotAllowedNow(StudyError):
    """The study's state does not permit this."""


class PreflightFailed(StudyError):
    """The study cannot open yet; `findings` says what to mend."""

    def __init__(self, findings: list) -> None:
        self.findings = findings
        super().__init__(" ".join(finding.message for finding in findings))


class ImportRefused(StudyError):
    """An imported file was refused whole; `problems` lists each fault with file, row and value.

    `unknown_clips` counts the rows about clips that the study has not got: in a data set's whole table, most.
    """

    def __init__(self, problems: list[str], *, unknown_clips: int = 0) -> None:
        self.problems = problems
        self.unknown_clips = unknown_clips
        super().__init__(" ".join(problems))
