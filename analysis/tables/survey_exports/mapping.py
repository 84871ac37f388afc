"""The mapping from a survey tool's download to ballots: a YAML or JSON file, checked."""

from pathlib import Path
from typing import Any, Literal

from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from analysis.tables.errors import TableError
from study.untrusted_files.yaml_text import Limits, YamlRefused, read_yaml

LIMITS = Limits(characters=1_000_000)
NONE_FITS = ("", "null", "~")
Reference = str  # a column's heading, its number, or a member of its JSON: response.Q0


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ClipQuestions(_Part):
    """The questions about one clip in a table with a row for each person.

    Its answer is in two columns (`first`, perhaps `second`), in a column for each image that holds its rank (`ranks`),
    or in one cell that lists images in their order (`ranking`).
    """

    clip: str = Field(min_length=1)
    first: Reference | None = None
    second: Reference | None = None
    ranks: dict[str, Reference] = {}
    ranking: Reference | None = None
    answers: dict[str, str] = {}

    @model_validator(mode="after")
    def _has_one_kind(self) -> "ClipQuestions":
        if sum(map(bool, (self.first, self.ranks, self.ranking))) != 1 or (self.second and not self.first):
            raise ValueError(
                _("clip “%(clip)s” needs either first (and second), ranks, or ranking") % {"clip": self.clip[:60]}
            )
        return self


class ChoiceColumn(_Part):
    """A column that says whether a row is about the 1st or the 2nd choice."""

    column: Reference
    first: list[str] = Field(min_length=1)
    second: list[str] = Field(min_length=1)


class TrialRows(_Part):
    """A table with a row for each trial, or with two (`choice`).

    `only`: column → the values of rows that are about clips. `order`: the column that lists the images as they stood;
    `first` and `second` are then places in it, counted from 0.
    """

    clip: Reference
    first: Reference
    second: Reference | None = None
    only: dict[Reference, list[str]] = {}
    choice: ChoiceColumn | None = None
    order: Reference | None = None


class Mapping(_Part):
    """What a download's columns and answers mean.

    `participant`: None if every row is a person. `answers`: answer → condition key, empty for “none of them fits”.
    `leave_out`: column → values of rows that are no answers of people. `people`: name → column that says something of
    the people, for `--moderators`.
    """

    participant: Reference | None = None
    answers: dict[str, str] = {}
    clips: list[ClipQuestions] = []
    trials: TrialRows | None = None
    leave_out: dict[Reference, list[str]] = {}
    leave_out_rows: list[int] = []
    same_image_twice: Literal["refuse", "leave_out"] = "refuse"
    people: dict[str, Reference] = {}

    @model_validator(mode="after")
    def _has_one_layout(self) -> "Mapping":
        if bool(self.clips) == bool(self.trials):
            raise ValueError(_("give either clips (a row for each person) or trials (a row for each trial)"))
        names = [clip.clip for clip in self.clips]
        if len(set(names)) < len(names):
            raise ValueError(_("a clip is named twice under clips"))
        if self.trials and not self.participant:
            raise ValueError(_("participant must name a column if there is a row for each trial"))
        if not self.answers and not (self.clips and all(clip.answers for clip in self.clips)):
            raise ValueError(_("answers must name the condition of each answer"))
        return self


def _without_nulls(value: Any, key: str = "") -> Any:
    """Leave out what is not given, but for answers: there it means that none of the images fits."""
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    if not isinstance(value, dict) or key == "answers":
        return value
    return {
        name: _without_nulls(item, name)
        for name, item in value.items()
        if not (isinstance(item, str) and item in NONE_FITS)
    }


def load_mapping(path: Path) -> Mapping:
    """Read a mapping.

    Raises:
        TableError: the file cannot be read, or says something that no mapping has.
    """
    try:
        return parse_mapping(path.read_text(encoding="utf-8-sig"), path.name)
    except OSError as error:
        raise TableError(f"{path}: the mapping cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise TableError(f"{path.name}: the mapping is no text in UTF-8; save it as UTF-8.") from error


def parse_mapping(text: str, source: str) -> Mapping:
    """Check the text of a mapping; `source` names it in errors. Raises TableError."""
    try:
        data = read_yaml(text, LIMITS, only_texts=True)[0]
    except YamlRefused as error:
        raise TableError(
            _("%(file)s, line %(line)d: %(problem)s") % {"file": source, "line": error.line, "problem": error}
        ) from error
    if not isinstance(data, dict):
        raise TableError(_("%(file)s: a mapping names participant, answers, and clips or trials.") % {"file": source})
    try:
        return Mapping.model_validate(_without_nulls(data))
    except ValidationError as error:
        found = error.errors()[0]
        place = " → ".join(str(part + 1) if isinstance(part, int) else str(part) for part in found["loc"])
        why = str(found.get("ctx", {}).get("error") or _("this is not understood (%(why)s)") % {"why": found["msg"]})
        raise TableError(f"{', '.join(filter(None, (source, place)))}: {why}.") from error
