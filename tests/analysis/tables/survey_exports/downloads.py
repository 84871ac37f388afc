"""One study's answers as each survey tool lets them be downloaded: headings, ids and all."""

import csv
import io
import json
import random
from collections.abc import Callable, Iterable
from typing import Any

from openpyxl import Workbook

IMAGES = ["Image 1", "Image 2", "Image 3", "Image 4"]
CLIPS = [f"clip{n}.mp3" for n in range(1, 7)]
PEOPLE = 30
_draw = random.Random(0)
# person → clip → the images chosen 1st and 2nd
ANSWERS = [[tuple(_draw.sample(IMAGES, 2)) for _clip in CLIPS] for _person in range(PEOPLE)]
Rows = list[list[Any]]


def _flat(person: list[tuple[str, ...]]) -> list[str]:
    return [image for pair in person for image in pair]


def google_forms() -> Rows:
    """Questions in pairs, an e-mail address, a comment at the end."""
    questions = [
        q for clip in CLIPS for q in (f"Which image fits {clip} best?", f"Which image fits {clip} second best?")
    ]
    head = ["Timestamp", "Email Address", *questions, "Anything else?"]
    return [
        head,
        *[
            [f"2024/05/0{n % 9 + 1} 3:45:1{n % 10} PM GMT+9", f"p{n}@example.org", *_flat(person), "nice" if n else ""]
            for n, person in enumerate(ANSWERS)
        ],
    ]


def google_forms_in_korean() -> Rows:
    """The same two headings for every item, as the form of six items has them."""
    head = ["타임스탬프", *["가장 선호하는 이미지", "두 번째로 선호하는 이미지"] * 6]
    return [head, *[["2024. 5. 1 오후 3:45:12", *_flat(person)] for person in ANSWERS]]


def google_forms_grid() -> Rows:
    """A grid: images in rows, ranks in columns."""
    head = ["Timestamp", *[f"Rank the images for {clip} [{image}]" for clip in CLIPS for image in IMAGES]]
    words = {0: "1st choice", 1: "2nd choice"}
    return [
        head,
        *[
            ["2024/05/01 3:45:12 PM GMT+9"]
            + [words[pair.index(image)] if image in pair else "" for pair in person for image in IMAGES]
            for person in ANSWERS
        ],
    ]


_QUALTRICS = [
    "StartDate",
    "EndDate",
    "Status",
    "IPAddress",
    "Progress",
    "Finished",
    "RecordedDate",
    "ResponseId",
    "UserLanguage",
]
_QUALTRICS_LABELS = ["Start Date", "End Date", "Response Type", "IP Address", "Progress", "Finished", "Recorded Date"]


def qualtrics() -> Rows:
    """Three rows of headings, and a preview by the researcher."""
    ids = [f"Q{n}" for n in range(1, 2 * len(CLIPS) + 1)]
    texts = [t for clip in CLIPS for t in (f"{clip}: which image fits best?", f"{clip}: which fits second best?")]
    imports = [json.dumps({"ImportId": name}) for name in (*_QUALTRICS, *(f"QID{n}" for n in range(1, len(ids) + 1)))]
    rows: Rows = [[*_QUALTRICS, *ids], [*_QUALTRICS_LABELS, "Response ID", "User Language", *texts], imports]
    for n, person in enumerate([ANSWERS[0], *ANSWERS]):
        kind = "IP Address" if n else "Survey Preview"
        about = ["2024-05-01 10:00:00", "2024-05-01 10:09:00", kind, "*******", "100", "True", "2024-05-01 10:09:01"]
        rows.append([*about, f"R_{n:05d}abc", "EN", *_flat(person)])
    return rows


def qualtrics_sheet() -> Rows:
    """The same as a spreadsheet, which has two rows of headings."""
    rows = qualtrics()
    return [*rows[:2], *rows[3:]]


def surveymonkey() -> Rows:
    """Two rows of headings: rankings, whose images stand under the question's first column."""
    about = ["Respondent ID", "Collector ID", "Start Date", "End Date", "IP Address", "Email Address", "First Name"]
    head, below = [*about, "Last Name", "Custom Data 1"], [""] * 9
    for clip in CLIPS:
        head += [f"Listen to {clip} and rank the images.", "", "", ""]
        below += IMAGES
    rows: Rows = [head, below]
    for n, person in enumerate(ANSWERS):
        ranks = []
        for pair in person:
            order = [*pair, *(image for image in IMAGES if image not in pair)]
            ranks += [order.index(image) + 1 for image in IMAGES]
        rows.append([f"1187{n:07d}", "4501", "05/01/2024 10:00", "05/01/2024 10:09", "", "", "", "", "", *ranks])
    return rows


def surveymonkey_choices() -> Rows:
    """Two questions a clip, each with “Response” in the second row of headings."""
    rows = surveymonkey()
    questions = [q for clip in CLIPS for q in (f"Best for {clip}?", f"Second best for {clip}?")]
    head = [*rows[0][:9], *questions]
    below = [*[""] * 9, *["Response"] * 12]
    return [head, below, *[[*row[:9], *_flat(person)] for row, person in zip(rows[2:], ANSWERS, strict=True)]]


def jspsych() -> Rows:
    """A row for each trial, answers as JSON, beside rows of other plug-ins."""
    head = [
        "rt",
        "stimulus",
        "response",
        "trial_type",
        "trial_index",
        "time_elapsed",
        "internal_node_id",
        "subject_id",
        "clip",
    ]
    rows: Rows = [head]
    for n, person in enumerate(ANSWERS):
        subject = f"s{n:03d}"
        rows.append([2100, "<p>Welcome</p>", "0", "html-button-response", 0, 2100, "0.0-0.0", subject, ""])
        for at, (clip, (first, second)) in enumerate(zip(CLIPS, person, strict=True), start=1):
            answer = json.dumps({"first": first, "second": second})
            rows.append([9000, "", answer, "survey-multi-choice", at, 9000 * at, f"0.0-{at}.0", subject, clip])
    return rows


DOWNLOADS: dict[str, Callable[[], Rows]] = {
    each.__name__: each
    for each in (
        *(google_forms, google_forms_in_korean, google_forms_grid, qualtrics, qualtrics_sheet),
        *(surveymonkey, surveymonkey_choices, jspsych),
    )
}


def as_csv(rows: Iterable[Iterable[Any]]) -> bytes:
    """Return rows as these tools write CSV: UTF-8 with its mark, all cells quoted."""
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(rows: Iterable[Iterable[Any]]) -> bytes:
    """Return rows as a workbook."""
    book, file = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(list(row))  # type: ignore[union-attr]
    book.save(file)
    return file.getvalue()
