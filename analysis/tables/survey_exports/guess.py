"""A first guess of the mapping of a download, for a person to check, with the questions' texts as comments."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import yaml
from django.utils.translation import gettext as _

from analysis.statistics.ballots import natural_key
from analysis.tables.errors import TableError
from analysis.tables.survey_exports.columns import (
    JSPSYCH,
    QUALTRICS,
    SurveyColumn,
    SurveyTable,
    heading_key,
)
from analysis.tables.survey_exports.mapping import ClipQuestions, Mapping, TrialRows

MOST_ANSWERS = 12
LONGEST_CLIP = 60
_PEOPLE = (
    *("responseid", "respondent_id", "participant", "participant_id", "prolific_pid", "subject", "subject_id"),
    *("worker_id", "workerid", "user_id", "run_id", "person", "id"),
)
_CLIPS = ("clip", "clip_id", "song", "track", "music", "audio", "sound", "item", "stimulus")
_ABOUT_ANSWERS = frozenset(
    {"startdate", "enddate", "status", "ipaddress", "progress", "duration_(in_seconds)", "finished", "recordeddate"}
    | {"recipientlastname", "recipientfirstname", "recipientemail", "externalreference", "locationlatitude"}
    | {"locationlongitude", "distributionchannel", "userlanguage", "responseid", "respondent_id", "collector_id"}
    | {"start_date", "end_date", "ip_address", "email_address", "first_name", "last_name", "custom_data_1"}
    | {"timestamp", "타임스탬프", "이메일_주소", "username", "score", "점수"}
)
_NONE = re.compile(r"\b(none|neither|no image)\b|없음|없다|keine", re.IGNORECASE)
_SECOND = re.compile(
    r"\b(2nd|second)([ -](choice|best|favou?rite))?\b|2\s*순위|2\s*위|두\s*번째(로)?|둘째(로)?|차선|2位|第二|zweit\w*",
    re.IGNORECASE,
)
_FIRST = re.compile(
    r"\b(1st|first)([ -]choice)?\b|1\s*순위|1\s*위|첫\s*번째(로)?|첫째(로)?|1位|第一|\bbest\b", re.IGNORECASE
)
_CLIP_FILE = re.compile(r"[^\s/\\“”\"']{1,255}\.(?:mp3|wav|ogg|flac|m4a)\b", re.IGNORECASE)
_CLIP_WORD = re.compile(
    r"(?:\b(?:clip|item|song|track|music|excerpt)|음악|곡|문항|클립)\s{0,9}#?\s{0,9}\d+", re.IGNORECASE
)
_RANK = re.compile(r"(?:rank\s*)?\d{1,2}(?:\.0|st|nd|rd|th|\s*순위|\s*위|位)?(?:\s*choice)?", re.IGNORECASE)
_IN_ONE_CELL = re.compile(r"(?:(?<!\s)\s*)?[;,|]\s*")
_IMAGE = re.compile(r"image|picture|option|choice|이미지|그림|사진|\d|^[A-H]$", re.IGNORECASE)
_PREVIEWS = ("Survey Preview", "Survey Test", "Spam", "1", "2", "8", "9", "12", "17")


def guess_mapping(table: SurveyTable) -> Mapping:
    """Return the likely mapping of a download; every answer stands for a condition of its own name.

    Raises:
        TableError: no question looks like a choice among images.
    """
    return _guess_trials(table) if table.tool == JSPSYCH else _guess_clips(table)


def _cannot_guess(table: SurveyTable) -> TableError:
    return TableError(
        _(
            "%(file)s: no questions were found that have the same few answers for several clips; write the mapping by "
            "hand (docs/tables-from-forms.md)."
        )
        % {"file": table.file}
    )


def _participant(table: SurveyTable) -> SurveyColumn | None:
    by_key = {heading_key(column): column for column in reversed(table.columns)}
    found = (by_key[key] for key in _PEOPLE if key in by_key)
    return next((column for column in found if len(table.values(column)) == len(table.rows)), None)


def _guess_clips(table: SurveyTable) -> Mapping:
    listing = _listing(table)
    family = _largest_family(table, listing)
    found = (listing.get(column.number) or table.values(column) for column in family)
    values = sorted({value for answers in found for value in answers}, key=natural_key)
    ranks = all(_RANK.fullmatch(value) for value in values)
    stems: dict[str, dict[str, SurveyColumn]] = defaultdict(dict)
    for column in family:
        if parts := _row_of_grid(column.question):
            stems[parts[0]][parts[1]] = column
    if ranks and sum(map(len, stems.values())) > len(family) / 2:  # the others are numbers by accident
        family = [column for grid in stems.values() for column in grid.values()]
    in_grids = sum(map(len, stems.values())) == len(family) and all(len(grid) > 1 for grid in stems.values())
    if in_grids and ranks and not any(_RANK.fullmatch(name) for grid in stems.values() for name in grid):
        questions: list[tuple[str, dict[str, Any]]] = [
            (stem, {"ranks": {name: table.reference(column) for name, column in grid.items()}})
            for stem, grid in stems.items()
        ]
        values = sorted({name for grid in stems.values() for name in grid}, key=natural_key)
    elif any(column.number in listing for column in family):
        questions = [(column.question, {"ranking": table.reference(column)}) for column in family]
    else:
        questions = [
            (text, {name: table.reference(column) for name, column in pair.items()}) for text, pair in _pairs(family)
        ]
    names = _clip_names([text for text, _fields in questions])
    clips = [
        ClipQuestions.model_validate({"clip": name, **fields})
        for name, (_text, fields) in zip(names, questions, strict=True)
    ]
    person = _participant(table)
    status = table.column("Status") if table.tool == QUALTRICS else None
    return Mapping(
        participant=table.reference(person) if person else None,
        answers=_answers(values),
        clips=clips,
        leave_out={table.reference(status): list(_PREVIEWS)} if status else {},
    )


def _row_of_grid(question: str) -> tuple[str, str] | None:
    """Split the heading of a grid's row, “Question [Row]” or “Question - Row”; None if it is neither.

    By hand, because a regular expression takes time by the square of a long heading's length.
    """
    text = question.rstrip()
    places = []
    if text.endswith("]"):
        opened = text.find("[", text.rfind("]", 0, -1) + 1)
        if 0 <= opened < len(text) - 2:
            places.append((opened, opened + 1, len(text) - 1))
    dash = text.rfind("-")
    if 0 < dash < len(text) - 2 and text[dash - 1].isspace() and text[dash + 1].isspace():
        places.append((dash - 1, dash + 2, len(text)))
    if not places:
        return None
    before, start, end = min(places)
    return text[:before].rstrip(), text[start:end].strip()


def _answers(values: Iterable[str]) -> dict[str, str]:
    return {value: "" if _NONE.search(value) else value for value in values}


def _listing(table: SurveyTable) -> dict[int, set[str]]:
    """The numbers of columns whose cells list several answers, as tick boxes and rankings do, and those answers."""
    listing = {}
    for column in table.columns:
        values = table.values(column)
        pieces = [piece for value in values for piece in _IN_ONE_CELL.split(value) if piece]
        if heading_key(column) not in _ABOUT_ANSWERS and len(pieces) > 1.5 * len(values):
            listing[column.number] = set(values), set(pieces)
    all_values = set().union(*(values for values, _pieces in listing.values()))
    all_pieces = set().union(*(pieces for _values, pieces in listing.values()))
    # An answer with a comma of its own, “Image 1, left”, gives more pieces than there are answers.
    fits = len(all_pieces) < len(all_values) and len(all_pieces) <= MOST_ANSWERS
    return {number: pieces for number, (_values, pieces) in listing.items()} if fits else {}


def _largest_family(table: SurveyTable, listing: dict[int, set[str]]) -> list[SurveyColumn]:
    """The most columns that share their few answers with each other, at least two; answers named as images first."""
    families: list[tuple[set[str], list[SurveyColumn]]] = []
    for column in table.columns:
        values = listing.get(column.number) or set(table.values(column))
        if heading_key(column) in _ABOUT_ANSWERS or not 0 < len(values) <= MOST_ANSWERS:
            continue
        sharing = [family for family in families if family[0] & values]
        families = [family for family in families if family not in sharing]
        joined = [member for _values, members in sharing for member in members]
        families.append((values.union(*(family[0] for family in sharing)), [*joined, column]))

    def rank(family: tuple[set[str], list[SurveyColumn]]) -> tuple[bool, int]:
        values, members = family
        return 2 * sum(bool(_IMAGE.search(value)) for value in values) > len(values), len(members)

    several = [family for family in families if len(family[1]) > 1]
    found = max(several, key=rank, default=(set(), []))[1]
    if not found:
        raise _cannot_guess(table)
    return sorted(found, key=lambda column: column.number)


def _pairs(family: list[SurveyColumn]) -> list[tuple[str, dict[str, SurveyColumn]]]:
    """Join the question about the 1st and the one about the 2nd choice of a clip, which follow each other."""
    seconds = [bool(_SECOND.search(column.question)) for column in family]
    if seconds == [at % 2 == 1 for at in range(len(family))] and len(family) % 2 == 0:
        return [
            (first.question, {"first": first, "second": second})
            for first, second in zip(family[::2], family[1::2], strict=True)
        ]
    by_stem: dict[str, dict[str, SurveyColumn]] = {}
    for column, is_second in zip(family, seconds, strict=True):
        stem = _without_rank(column.question)
        fields = by_stem.setdefault(stem, {})
        if ("second" if is_second else "first") in fields:
            return [(each.question, {"first": each}) for each in family]
        fields["second" if is_second else "first"] = column
    if all("first" in fields for fields in by_stem.values()):
        return list(by_stem.items())
    return [(column.question, {"first": column}) for column in family]


def _without_rank(text: str) -> str:
    return " ".join(_FIRST.sub(" ", _SECOND.sub(" ", text)).replace("[ ]", " ").split()).strip(" []-:·.?")


def _clip_names(texts: list[str]) -> list[str]:
    """A name for each clip: the file or “clip 3” in its question, the whole question, or its place."""
    for find in (_CLIP_FILE, _CLIP_WORD):
        found = [match.group() for text in texts if (match := find.search(text))]
        if len(set(found)) == len(texts):
            return found
    stems = [_without_rank(text)[:LONGEST_CLIP].strip() for text in texts]
    if all(stems) and len(set(stems)) == len(texts):
        return stems
    return [f"item {number}" for number in range(1, len(texts) + 1)]


def _guess_trials(table: SurveyTable) -> Mapping:
    by_key = {heading_key(column): column for column in reversed(table.columns)}
    person = _participant(table)
    kind, response = (
        by_key["trial_type"],
        by_key.get("response") or by_key.get("responses") or by_key.get("button_pressed"),
    )
    if response is None:
        raise _cannot_guess(table)
    answers_of: dict[str, list[str]] = defaultdict(list)
    for _number, cells in table.rows:
        if (value := cells[response.number - 1]) and value not in ("null", '""'):
            answers_of[cells[kind.number - 1]].append(value)
    fitting = {name: values for name, values in answers_of.items() if _looks_like_choices(values)}
    if not fitting:
        raise _cannot_guess(table)
    chosen = max(fitting, key=lambda name: len(fitting[name]))
    rows = [cells for _number, cells in table.rows if cells[kind.number - 1] == chosen]
    clip = next(
        (by_key[key] for key in _CLIPS if key in by_key and all(cells[by_key[key].number - 1] for cells in rows)), None
    )
    if clip is None:
        raise _cannot_guess(table)
    parsed = [_json_object(value) for value in fitting[chosen]]
    if all(parsed):
        members = sorted({key for value in parsed for key in value}, key=natural_key)
        members.sort(key=lambda name: bool(_SECOND.search(name)))
        first, *second = [f"{response.name}.{name}" for name in members[:2]]
        values = {str(text) for value in parsed for text in value.values()}
    else:
        first, second, values = table.reference(response), [], set(fitting[chosen])
    return Mapping(
        participant=table.reference(person) if person else "WHO",
        answers=_answers(sorted(values, key=natural_key)),
        trials=TrialRows(
            clip=table.reference(clip),
            first=first,
            second=second[0] if second else None,
            only={table.reference(kind): [chosen]},
        ),
    )


def _json_object(value: str) -> dict[str, str]:
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _looks_like_choices(values: list[str]) -> bool:
    answers = {str(text) for value in values for text in (_json_object(value).values() or [value])}
    return 1 < len(answers) <= MOST_ANSWERS and len(values) > len(answers)


def mapping_text(mapping: Mapping, table: SurveyTable) -> str:
    """Return a mapping as YAML, with the questions beside the columns."""
    lines = [
        f"# How {table.file} becomes ballots. Check every line; docs/tables-from-forms.md explains them.",
        "",
        "# The column that says who answered. Without it every row is a person.",
        f"participant: {_scalar(mapping.participant or '')}".rstrip(),
        "",
        "# What each answer means: the key of a condition; nothing if it means that none of the images fits.",
        "# Names such as redefined_tags, redefined_sentence, original_tags, original_sentence get the 2 x 2 analysis.",
        "answers:",
        *(f"  {_scalar(answer)}: {_scalar(condition)}" for answer, condition in mapping.answers.items()),
        "",
        columns_text(mapping, table),
    ]
    return "\n".join(lines)


def columns_text(mapping: Mapping, table: SurveyTable) -> str:
    """Return the part of `mapping_text` about clips and rows."""
    lines: list[str] = []
    if mapping.clips:
        lines += ["# Every clip with the columns of its answers, named by their headings or numbers.", "clips:"]
        for clip in mapping.clips:
            lines.append(f"  - clip: {_scalar(clip.clip)}")
            lines += [
                f"    {name}: {_scalar(column)}{_comment(table, column)}"
                for name in ("first", "second", "ranking")
                if (column := getattr(clip, name))
            ]
            if clip.ranks:
                lines.append("    ranks:")
                lines += [f"      {_scalar(name)}: {_scalar(column)}" for name, column in clip.ranks.items()]
    if mapping.trials:
        trials = mapping.trials.model_dump(exclude_defaults=True)
        lines += ["# The columns of a trial; `only` keeps the rows that are about clips.", "trials:"]
        lines += [f"  {line}" for line in _block(trials)]
    if mapping.leave_out:
        lines += ["", "# Rows that are no answers of people: previews, tests, spam.", "leave_out:"]
        lines += [f"  {line}" for line in _block(mapping.leave_out)]
    return "\n".join(lines) + "\n"


def _scalar(text: str) -> str:
    return "" if not text else json.dumps(text, ensure_ascii=False)


def _block(value: object) -> list[str]:
    return yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=10_000).splitlines()


def _comment(table: SurveyTable, reference: str) -> str:
    column = table.column(reference)
    text = column.question if column and column.question != reference else ""
    return f"  # {text[:100]}" if text else ""
