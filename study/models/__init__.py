"""The database rows of studies; imports nothing else of the study. Door: the classes listed in `__all__`."""

from study.models.api_tokens import ApiToken
from study.models.audits import BlindingAudit
from study.models.ballots import Ballot, BallotRevision, LateAnswer
from study.models.clip_answers import ClipAnswers
from study.models.imports import StudyImport
from study.models.jobs import Job, JobFile
from study.models.log import ChainHead, LogEntry
from study.models.members import Invitation, Membership, Role
from study.models.notices import MailChoice, Notice, NoticeKind, NoticeMail
from study.models.participants import Event, InviteLink, Participant, ProblemReport, Trial
from study.models.schedules import Schedule
from study.models.stimuli import Clip, Condition, Stimulus
from study.models.studies import Study, StudyStage
from study.models.trash import DeletedFile, Deletion
from study.models.visits import PlatformVisit, VisitKey
from study.models.workers import Worker

__all__ = [
    "ApiToken",
    "Ballot",
    "BallotRevision",
    "BlindingAudit",
    "ChainHead",
    "Clip",
    "ClipAnswers",
    "Condition",
    "DeletedFile",
    "Deletion",
    "Event",
    "Invitation",
    "InviteLink",
    "Job",
    "JobFile",
    "LateAnswer",
    "LogEntry",
    "MailChoice",
    "Membership",
    "Notice",
    "NoticeKind",
    "NoticeMail",
    "Participant",
    "PlatformVisit",
    "ProblemReport",
    "Role",
    "Schedule",
    "Stimulus",
    "Study",
    "StudyImport",
    "StudyStage",
    "Trial",
    "VisitKey",
    "Worker",
]
