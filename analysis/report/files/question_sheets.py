"""The sheets of the workbook on the questions of an instrument, with full precision."""

from collections.abc import Mapping
from typing import Any

from analysis.report.files.csv_tables import question_score_rows

Rows = list[list[Any]]
_TESTS = ("estimate", "se", "df", "t", "p", "p_holm")


def question_sheets(data: Mapping[str, Any]) -> dict[str, Rows]:
    """A sheet for each kind of number; those without rows are left out."""
    blocks = data["questions"]
    sheets = {
        "questions": question_score_rows(data),
        "question_contrasts": _contrasts(blocks),
        "question_pairs": _pairs(blocks),
        "distributions": _distributions(blocks),
        "question_worths": _worths(blocks),
        "wins": _wins(blocks),
        "categories": _categories(blocks),
    }
    return {name: rows for name, rows in sheets.items() if len(rows) > 1}


def _ends(pair: Any) -> list[Any]:
    return list(pair) if pair else [None, None]


def _contrasts(blocks: Mapping[str, Any]) -> Rows:
    rows: Rows = [["question", "contrast", "population", *_TESTS, "ci95_low", "ci95_high"]]
    for name, block in blocks.items():
        primary = [block["primary"]] if block.get("primary") else []
        for row in (*primary, *(block.get("secondary") or ()), *(block.get("these_clips") or ())):
            tests = [row.get(key) for key in _TESTS]
            rows.append([name, row["contrast"], row["population"], *tests, *_ends(row.get("ci95"))])
    return rows


def _pairs(blocks: Mapping[str, Any]) -> Rows:
    rows: Rows = [["question", "a", "b", "difference", "ci95_low", "ci95_high", "new_clips", "new_low", "new_high"]]
    for name, block in blocks.items():
        for row in block.get("pairwise") or ():
            new = row.get("new_clips") or {}
            ends = [*_ends(row.get("ci95")), new.get("estimate"), *_ends(new.get("ci95"))]
            rows.append([name, row["a"], row["b"], row["difference"], *ends])
    return rows


def _distributions(blocks: Mapping[str, Any]) -> Rows:
    rows: Rows = [["question", "condition", "from", "to", "answers"]]
    for name, block in blocks.items():
        spread = block.get("distribution") or {}
        for key, counts in (spread.get("counts") or {}).items():
            rows += [[name, key, *ends, n] for ends, n in zip(spread["bins"], counts, strict=True)]
        once = (block.get("numbers") or {}).get("distribution") or {}
        rows += [[name, None, *ends, n] for ends, n in zip(once.get("bins", ()), once.get("counts", ()), strict=True)]
    return rows


def _worths(blocks: Mapping[str, Any]) -> Rows:
    keys = ("log_worth", "se", "se_robust", "worth")
    rows: Rows = [["question", "condition", *keys, "ci95_low", "ci95_high"]]
    for name, block in blocks.items():
        fit = block.get("worths")
        for key in block["conditions"] if fit else ():
            values = [(fit.get(each) or {}).get(key) for each in keys]
            rows.append([name, key, *values, *_ends((fit.get("ci95") or {}).get(key))])
    return rows


def _wins(blocks: Mapping[str, Any]) -> Rows:
    rows: Rows = [["question", "winner", "loser", "wins", "ties"]]
    for name, block in blocks.items():
        for a, row in (block.get("win_matrix") or {}).items():
            rows += [[name, a, b, wins, block["tie_matrix"][a][b]] for b, wins in row.items()]
    return rows


def _categories(blocks: Mapping[str, Any]) -> Rows:
    rows: Rows = [["question", "condition", "category", "answers", "picked", "share", "ci95_low", "ci95_high"]]
    for name, block in blocks.items():
        for key, row in ((block.get("categories") or {}).get("rows") or {}).items():
            for category, picked in row["counts"].items():
                share = row["share"][category] or {}
                ends = [share.get("estimate"), *_ends(share.get("ci95"))]
                rows.append([name, key or None, category, row["answers"], picked, *ends])
    return rows
