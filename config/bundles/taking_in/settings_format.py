"""What the settings of a study that is taken in may hold, where their columns are JSON or a number with a meaning.

A column's own check knows that it is a list or an object, not what pages read in it: a setting of another shape would
be an error page, and a study nobody can open.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from config.bundles.reading import Unreadable
from config.bundles.taking_in.rows import time_from
from config.bundles.taking_in.shapes import ClosedPart, Finite, FromList, OpenPart, Share, first_fault
from config.bundles.whole import STUDY
from study.design.plans import ORDERS_VERSIONS
from study.errors import StudyError
from study.instruments.of_study import instrument_of
from study.instruments.reading import InstrumentRefused
from study.models import Study, StudyStage
from study.participants.exclusion_rules import UNITS
from study.participants.fair_pay import CURRENCIES
from study.participants.questions import QuestionSetError, load_question_set
from study.participants.study_stages import MOST_PEOPLE
from study.setup.copying import plan_of_draft
from study.setup.plan_parts import parts_in
from study.setup.question_editing import disagreements

Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[a-z]+)?$")]
Texts = dict[Language, Annotated[str, Field(max_length=20_000)]]
Whole = Annotated[int, Field(ge=0, le=2**31 - 1)]
StageName = Annotated[str, AfterValidator(lambda name: str(StudyStage(name)))]
Sentence = Annotated[str, Field(max_length=20_000)]


def _time(text: str) -> str:
    if text:
        time_from(text, "a time")
    return text


Day = Annotated[str, Field(max_length=10), AfterValidator(lambda text: date.fromisoformat(text).isoformat())]
Time = Annotated[str, Field(max_length=40), AfterValidator(_time)]


class _MeasureRule(OpenPart):
    kind: Literal[tuple(UNITS)]  # type: ignore[valid-type]
    at: Finite


class _AnswerRule(OpenPart):
    kind: Literal["answer"]
    column: str
    operator: Literal["<=", ">=", "!=", "=", "<", ">"]
    value: Finite | str


Rule = Annotated[_MeasureRule | _AnswerRule, Field(discriminator="kind")]


class _Moderator(ClosedPart):
    column: str
    cuts: list[Finite]


class _Analysis(OpenPart):
    moderators: list[_Moderator] = []
    sequential: bool = False
    smallest: Finite | None = None


class _Cell(OpenPart):
    participants: Whole
    clips: Whole
    power: Share
    monte_carlo_se: Share


class _PlannedDesign(OpenPart):
    participants: Whole
    clips: Whole
    answers: Whole
    ballots: Whole
    power: Share


class _Backwards(OpenPart):
    target: Share
    designs: list[Annotated[tuple[Whole, _PlannedDesign | None], FromList]] = []
    recommended: _PlannedDesign | None = None
    checked: _Cell | None = None


class _PowerResult(OpenPart):
    cells: list[_Cell] = Field(min_length=1)
    advice: str = ""
    effect: str = ""
    simulations: Whole = 0
    sd_participants: Finite
    sd_clips: Finite
    smallest_effect: Finite | None = None
    plan: _Backwards | None = None


class _PowerOfChoices(_PowerResult):
    kind: Literal["choose", "pair"] = "choose"
    head_to_head: Finite


class _PowerOfRatings(_PowerResult):
    kind: Literal["rate"]
    difference: Finite
    sd_residual: Finite
    lowest: Whole
    highest: Whole


class _Power(OpenPart):
    """An answered question about power: an export leaves out one that waits, which would set this server to work."""

    state: Literal["ready", "failed"]
    inputs: dict[str, Finite | str | bool | None] = {}
    result: _PowerOfRatings | _PowerOfChoices | None = None
    error: Sentence = ""
    asked_at: Time = ""
    sent_at: Time = ""
    alive_at: Time = ""
    attempts: Whole = 0


class _FixedCondition(OpenPart):
    key: str
    levels: dict[str, str] = {}


class _Fixed(OpenPart):
    """The plan as opening fixed it; its digest says that it is that one."""

    weights: list[Finite] = Field(min_length=2, max_length=2)
    alpha: Finite
    conditions: list[_FixedCondition]
    clips: list[dict[str, Any]] = []
    design: dict[str, bool | Finite | str | None] = {}
    analysis: _Analysis | None = None
    questions: dict[str, str] = {}
    exclusions: list[Rule] = []


Direction = Literal["more", "less"]


class _Filing(ClosedPart):
    form: Literal["osf", "aspredicted", "other"]
    address: Annotated[str, Field(max_length=500, pattern=r"^https?://")]
    day: Day
    embargo: Literal[""] | Day = ""
    recorded_at: Annotated[str, Field(min_length=1, max_length=40), AfterValidator(_time)]
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    directions: dict[str, Direction] = {}
    plan: _Fixed | None = None


class _Registration(ClosedPart):
    answers: dict[str, Sentence] = {}
    existing: Literal["", "none", "unobserved", "unaccessed", "unanalysed", "analysed"] = ""
    directions: dict[str, Direction] = {}
    saved_at: Time = ""
    filed: list[_Filing] = Field(default=[], max_length=20)


class _Plan(ClosedPart):
    reviewed: bool = False
    exclusions: list[Rule] | None = None
    analysis: _Analysis | None = None
    power: _Power | None = None
    reporting: dict[str, Sentence] | None = None
    registration: _Registration | None = None
    fixed: _Fixed | None = None
    consent: Texts | None = None


class _Stage(ClosedPart):
    after: Whole
    target: Annotated[int, Field(ge=1, le=MOST_PEOPLE)] | None = None


class _Quota(ClosedPart):
    question: str
    answer: str
    limit: Annotated[int, Field(ge=1, le=2**31 - 1)]


class _ImagesShown(OpenPart):
    encoder: str
    lossless: bool
    quality: Whole
    method: Whole
    width: Annotated[int, Field(ge=1, le=100_000)]
    height: Annotated[int, Field(ge=1, le=100_000)]
    page_widths: list[Whole]
    bytes: dict[Annotated[str, Field(pattern=r"^[0-9]{1,6}$")], Whole]
    images: str


class _Settings(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    languages: list[Language] = []
    question: Texts = {}
    consent_text: Texts = {}
    instructions: Texts = {}
    screen_out_text: Texts = {}
    orders_version: Literal[ORDERS_VERSIONS]  # type: ignore[valid-type]
    stage: StageName
    stages: dict[StageName, _Stage]
    quotas: list[_Quota] = Field(default=[], max_length=100)
    plan: _Plan
    survey_images: _ImagesShown | None


# Of a draft: what only an open study has, and who may answer it.
_OF_A_DRAFT: Mapping[str, Any] = {
    **{"opened_at": None, "closed_at": None, "plan_digest": "", "survey_images": {}, "erasures": 0},
    **{"simulated": False},
}


def begin_as_draft(study: Study) -> None:
    """Set the columns of a draft that no draft has otherwise; nothing is saved."""
    for name, value in _OF_A_DRAFT.items():
        setattr(study, name, value)
    study.plan = plan_of_draft(study.plan)


def check_settings(study: Study) -> None:
    """Check the settings of an unsaved study as the forms do that write them.

    Raises:
        Unreadable: one has a shape or a value that Earsight does not write.
    """
    values = {name: getattr(study, name) for name in _Settings.model_fields}
    try:
        values["plan"] = _without_parts(study.plan)
        _Settings.model_validate(values | {"survey_images": study.survey_images or None})
    except ValidationError as error:
        raise _refused(first_fault(error)) from error
    if study.reward_currency not in ("", *CURRENCIES):
        raise _refused("reward_currency: no currency that is known here")
    for part, text in (("questions_before", study.questions_before), ("questions_after", study.questions_after)):
        try:
            if text:
                load_question_set(text)
        except QuestionSetError as error:
            raise _refused(f"{part}: {error}") from error
    try:
        instrument_of(study)
    except InstrumentRefused as error:
        raise _refused(str(error)) from error
    if (fixed := study.plan.get("fixed")) is not None and fixed.get("instrument", {}) != study.instrument:
        raise _refused("instrument: not that of the plan that was fixed")
    if study.status == Study.Status.DRAFT and (faults := list(disagreements(study))):
        raise _refused(faults[0])


def _without_parts(plan: Any) -> Any:
    """Check the parts of a plan that rooms have registered, and return the rest.

    Raises:
        Unreadable: a part has a value that its room does not store.
    """
    if not isinstance(plan, dict):
        return plan
    parts = parts_in(plan)
    for part in parts:
        try:
            part.check(plan[part.key])
        except StudyError as error:
            raise _refused(f"plan.{part.key}: {error}") from error
    return {key: value for key, value in plan.items() if key not in {part.key for part in parts}}


def _refused(why: str) -> Unreadable:
    return Unreadable(f"{STUDY}: {why.rstrip('.')[:300]}.")
