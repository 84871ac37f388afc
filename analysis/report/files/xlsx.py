"""The report's numbers as a workbook."""

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from analysis.report.context import AnswersGiven, ReportContext, Stage
from analysis.report.files.csv_tables import score_rows
from analysis.report.files.question_sheets import question_sheets
from study.tables.spreadsheet import escape_formula
from study.zip_entries import zip_entry

HIDDEN = "hidden"
"""In place of the size of a group that could point to a person."""
_TIMES = re.compile(rb"<dcterms:(created|modified)[^>]*>[^<]*</dcterms:\1>")


def report_xlsx(data: Mapping[str, Any], context: ReportContext | None = None) -> bytes:
    """An XLSX workbook with a sheet for each block of the analysis JSON, with full precision, and who took part.

    Of simulated answers the first sheet says so.

    Args:
        context: None, or without people: nothing is known of who took part.
    """
    # Imported here: slow to load, and only this file needs it.
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook()
    book.remove(book.active)
    if context is not None and context.mark:
        book.create_sheet("simulated").append([context.mark])
    for title, rows in (_sheets(data) | _people_sheets(context) | _registration_sheet(context)).items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append([escape_formula(value) for value in row])
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        sheet.freeze_panes = "B2"
        for column in sheet.columns:
            widest = max(len(str(cell.value or "")) for cell in column)
            sheet.column_dimensions[column[0].column_letter].width = min(40, widest + 2)
    out = io.BytesIO()
    book.save(out)
    return _without_times(out)


def _without_times(book: io.BytesIO) -> bytes:
    """The same workbook without the time at which it was written: the same results give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(book) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = _TIMES.sub(b"", content)
            target.writestr(zip_entry(name), content)
    return out.getvalue()


def _ends(pair: Any) -> list[Any]:
    return list(pair) if pair else [None, None]


def _sheets(data: Mapping[str, Any]) -> dict[str, list[list[Any]]]:
    conditions = list(data["conditions"])
    primary = [data["primary"]] if data.get("primary") else []
    tests = primary + (data.get("secondary") or []) + (data.get("these_clips") or [])
    fit = data.get("plackett_luce") or {}
    sheets = {
        "scores": score_rows(data),
        "by_clip": [
            ["clip", *conditions],
            *([clip, *(row.get(key) for key in conditions)] for clip, row in (data.get("by_clip") or {}).items()),
        ],
        "contrasts": [
            ["contrast", "population", "estimate", "se", "df", "t", "p", "p_holm", "ci95_low", "ci95_high"],
            *(
                [row.get(key) for key in ("contrast", "population", "estimate", "se", "df", "t", "p", "p_holm")]
                + _ends(row.get("ci95"))
                for row in tests
            ),
        ],
        "pairs": [
            ["a", "b", "difference", "ci95_low", "ci95_high", "V", "p", "p_holm"],
            *(
                [row["a"], row["b"], row["difference"], *_ends(row["ci95"])]
                + [row["wilcoxon"][key] for key in ("statistic", "p", "p_holm")]
                for row in data.get("pairwise") or []
            ),
        ],
    }
    if data.get("questions"):
        if not data.get("scores"):  # nobody chose a first and a second image
            sheets = {}
        sheets |= question_sheets(data)
    if repaints := data.get("paintings"):
        reasons = list(repaints["reasons"])
        sheets["paintings"] = [
            ["condition", "clips", "repainted", "paintings", *(f"named_{reason}" for reason in reasons)],
            *(
                [key, repaints["clips"], row["repainted"], row["paintings"]] + [row["named"][name] for name in reasons]
                for key, row in repaints["conditions"].items()
            ),
        ]
    if left_out := (data.get("clips_left_out") or {}).get("reasons"):
        names = ["reason", "clips", "with_images"]
        sheets["clips_left_out"] = [names, *([row[name] for name in names] for row in left_out)]
    if fit:
        sheets["plackett_luce"] = [
            ["condition", "log_worth", "se", "se_robust", "ci95_low", "ci95_high", "worth"],
            *(
                [
                    key,
                    fit["log_worth"][key],
                    (fit.get("se") or {}).get(key),
                    (fit.get("se_robust") or {}).get(key),
                    *_ends((fit.get("ci95") or {}).get(key)),
                    fit["worth"][key],
                ]
                for key in conditions
            ),
        ]
    return sheets


def _people_sheets(context: ReportContext | None) -> dict[str, list[list[Any]]]:
    """How many people there were at each stage, and what those in the analysis said; as in the report, nobody alone."""
    sheets: dict[str, list[list[Any]]] = {}
    if context and context.flow:
        others = [row for of in context.other_flows for row in _stages(of.flow, f"{of.name}: ")]
        sheets["participants"] = [["stage", "left_for", "people"], *_stages(context.flow), *others]
    if context and context.people:
        rows = [[given.question, *row] for given in context.people for row in _answers(given)]
        sheets["answers"] = [["question", "answer", "people", "mean", "sd"], *rows]
    return sheets


def _registration_sheet(context: ReportContext | None) -> dict[str, list[list[Any]]]:
    """What was registered beside what was done; none of a study without a registration."""
    if context is None or context.registration is None or not context.registration.rows:
        return {}
    rows = [
        [row.item, row.registered, row.done, None if row.same is None else int(row.same)]
        for row in context.registration.rows
    ]
    return {"registration": [["item", "registered", "done", "as_registered"], *rows]}


def _stages(flow: Sequence[Stage], before: str = "") -> list[list[Any]]:
    """The people at each stage, after those who left on the way to it, and before those of them with a flag."""
    rows: list[list[Any]] = []
    for stage in flow:
        rows += [[before + stage.label, reason, people] for reason, people in stage.left]
        rows.append([before + stage.label, None, stage.people])
        rows += [[f"{before}{stage.label} (flagged)", flag, people] for flag, people in stage.flags]
    return rows


def _answers(given: AnswersGiven) -> list[list[Any]]:
    """The rows of one question: each answer, the hidden ones together, the mean of numbers, and those without."""
    rows: list[list[Any]] = [
        [answer, HIDDEN if people is None else people, None, None] for answer, people in given.counts
    ]
    if given.hidden:
        rows.append(["hidden answers together", given.hidden, None, None])
    if given.mean is not None:
        rows.append(["all answers", given.answered, given.mean, given.sd])
    rows.append(["no answer", HIDDEN if given.unanswered is None else given.unanswered, None, None])
    return rows
