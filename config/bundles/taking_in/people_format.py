"""What a line of `whole/people.jsonl` may hold."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from config.bundles.taking_in.rows import time_from
from config.bundles.taking_in.shapes import ClosedPart, FromList
from study.models import Participant, StudyStage, Trial

LARGEST = 2**31 - 1
Number = Annotated[int, Field(ge=0, le=LARGEST)]
Small = Annotated[int, Field(ge=0, le=2**15 - 1)]
Seconds = Annotated[int, Field(ge=-LARGEST, le=LARGEST)]
Image = tuple[int, int]


def _hour(value: Any) -> Any:
    return time_from(value, "a time") if isinstance(value, str) and value else None


def _whole_hour(at: datetime | None) -> datetime | None:
    if at is not None and (at.minute or at.second or at.microsecond):
        raise ValueError("a time of a person is given to the hour")
    return at


Hour = Annotated[datetime | None, BeforeValidator(_hour), AfterValidator(_whole_hour)]
KnownHour = Annotated[datetime, BeforeValidator(_hour), AfterValidator(_whole_hour)]
ImageNamed = Annotated[Image, FromList]


class BallotLine(ClosedPart):
    """The answer to a trial."""

    none_fits: bool
    reason: str = Field(max_length=300)
    knows_piece: bool | None
    nonce: str = Field(max_length=32)
    digest: str = Field(max_length=64)
    first: ImageNamed | None
    second: ImageNamed | None
    answered_at: KnownHour
    received_after: Seconds | None
    seconds: Seconds | None
    listened_seconds: Seconds | None
    content: dict[str, Any] = Field(default_factory=dict)


class LateLine(ClosedPart):
    """An answer that arrived too late to count."""

    first: ImageNamed | None
    second: ImageNamed | None
    none_fits: bool
    answered_at: KnownHour
    received_at: KnownHour
    content: dict[str, Any] = Field(default_factory=dict)


class TrialLine(ClosedPart):
    """A clip shown to a person."""

    number: Number
    kind: Literal[*Trial.Kind.values]  # type: ignore[valid-type]
    clip: Number
    repeat: Small
    part: Small = 0
    order: list[ImageNamed] = Field(min_length=1, max_length=12)
    expected: dict[str, str | int] | None
    page_sent_at: Hour
    sound_sent_after: Seconds | None
    images_sent: Small | None
    events_after: list[Seconds] = Field(max_length=2)
    late: list[LateLine] = Field(max_length=1000)
    ballot: BallotLine | None = None


class PersonLine(ClosedPart):
    """A person: of pilots only number, kind and status, of people who withdrew also stage and version."""

    number: Annotated[int, Field(ge=1, le=LARGEST)]
    kind: Literal[*Participant.Kind.values]  # type: ignore[valid-type]
    status: Literal[*Participant.Status.values]  # type: ignore[valid-type]
    stage: Literal[*StudyStage.values] = str(StudyStage.MAIN)  # type: ignore[valid-type]
    study_version: Annotated[int, Field(ge=1, le=LARGEST)] = 1
    language: str = Field(default="", max_length=10)
    consent_version: Number | None = None
    slot: Number | None = None
    settings_digest: str = Field(default="", max_length=64)
    answers: dict[str, Any] = Field(default_factory=dict)
    flags: list[str | dict[str, Any]] = Field(default_factory=list)
    excluded: bool = False
    exclusion_reason: str = Field(default="", max_length=200)
    rule_exclusions: list[dict[str, Any]] = Field(default_factory=list)
    nonce: str = Field(default="", max_length=32)
    receipt_half: str = Field(default="", max_length=19)
    created_at: Hour = None
    consented_at: Hour = None
    completed_at: Hour = None
    last_answer_at: Hour = None
    trials: list[TrialLine] = Field(default_factory=list, max_length=10_000)
