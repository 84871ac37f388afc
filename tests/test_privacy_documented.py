"""docs/privacy.md names every column about people, in the section of its table, and no other."""

import re
from pathlib import Path

from analysis.models import Gallery, SharedReport
from study.models import (
    ApiToken,
    Ballot,
    BallotRevision,
    ChainHead,
    DeletedFile,
    Deletion,
    Event,
    Invitation,
    InviteLink,
    Job,
    JobFile,
    LateAnswer,
    LogEntry,
    MailChoice,
    Membership,
    Notice,
    NoticeMail,
    Participant,
    PlatformVisit,
    ProblemReport,
    Schedule,
    StudyImport,
    Trial,
    VisitKey,
)

MODELS = (
    *(Participant, Trial, Ballot, BallotRevision, LateAnswer, Event, ProblemReport),
    *(InviteLink, PlatformVisit, VisitKey, LogEntry, ChainHead),
    *(Job, JobFile, StudyImport, SharedReport, Membership, Invitation, MailChoice, Notice, NoticeMail, ApiToken),
    *(Schedule, Deletion, DeletedFile, Gallery),
)
PAGE = Path(__file__).resolve().parents[1] / "docs" / "privacy.md"


def test_each_column_about_people_is_documented_with_its_table() -> None:
    sections = dict(re.findall(r"^### (.+?)$(.*?)(?=^##)", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE))
    for title, text in sections.items():
        models = [model for model in MODELS if model.__name__ in re.split(r", | and ", title)]
        if not models:
            continue
        cells = [row.split("|")[1] for row in text.splitlines() if row.startswith("| `")]
        named = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
        assert named == {field.name for model in models for field in model._meta.concrete_fields}, title
    documented = {word for title in sections for word in re.split(r", | and ", title)}
    assert {model.__name__ for model in MODELS} <= documented
