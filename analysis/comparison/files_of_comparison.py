"""A comparison as files: JSON, CSV, the forest plot, and a page that stands alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation

from analysis.comparison import words
from analysis.comparison.forest import forest_plot
from analysis.comparison.reasons import reason
from analysis.report.files.figure_files import figure_projects
from analysis.report.files.typesetting import typeset
from analysis.report.text.number_format import interval, percent, plain
from study.tables.spreadsheet import csv_text

NAME = "comparison"
COLUMNS = (
    *("row", "name", "origin", "estimate", "se", "df", "ci95_low", "ci95_high", "weight", "fixed_weight"),
    *("participants", "clips", "answers", "digest", "note"),
)


def with_words(found: Mapping[str, Any]) -> dict[str, Any]:
    """The comparison with its sentences, in English: the public JSON."""
    with translation.override("en"):
        return {
            **found,
            "left_out": [{**row, "text": reason(row)} for row in found["left_out"]],
            "answer": words.answer(found),
            "cautions": words.cautions(found),
        }


def comparison_json(found: Mapping[str, Any]) -> bytes:
    return (json.dumps(with_words(found), indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def comparison_csv(found: Mapping[str, Any]) -> bytes:
    """A row for each study, for each mean and the prediction, and for each study that is left out; UTF-8."""
    with translation.override("en"):
        rows = [_row(study | {"row": "study", "note": "; ".join(words.notes(study))}) for study in found["studies"]]
        if together := found["combined"]:
            rows += [
                _row(together[key] | {"row": key, "name": key}) for key in ("mean", "random", "fixed") if together[key]
            ]
            if together["prediction"]:
                rows.append(_row({"row": "prediction", "name": "prediction", "ci95": together["prediction"]}))
        rows += [_row(row | {"row": "left out", "note": reason(row)}) for row in found["left_out"]]
    return csv_text([COLUMNS, *rows]).encode()


def _row(values: Mapping[str, Any]) -> list[Any]:
    low, high = values.get("ci95") or (None, None)
    named = {
        **values,
        "ci95_low": low,
        "ci95_high": high,
        "participants": values.get("n_participants"),
        "clips": values.get("n_clips"),
        "answers": values.get("n_ballots"),
    }
    return ["" if named.get(column) is None else named[column] for column in COLUMNS]


def _figure(kind: str) -> Callable[[Mapping[str, Any]], bytes]:
    """The forest plot in the active language: "svg", or typeset as "pdf" or "png"."""

    def write(found: Mapping[str, Any]) -> bytes:
        figure = forest_plot(found)
        if kind == "svg":
            return figure.svg.encode()
        return typeset([figure_projects([figure])[f"{figure.key}.{kind}"]])[0]

    return write


FILES: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], bytes]]] = {
    "json": (f"{NAME}.json", comparison_json),
    "csv": (f"{NAME}.csv", comparison_csv),
    "svg": ("forest-plot.svg", _figure("svg")),
    "pdf": ("forest-plot.pdf", _figure("pdf")),
    "png": ("forest-plot.png", _figure("png")),
}


def shown(found: Mapping[str, Any]) -> dict[str, Any]:
    """What a page shows of a comparison, in the active language."""
    together = found["combined"]
    without_one = together["without_one"] if together and together["k"] > 2 else ()
    return {
        "contrast": words.contrast_label(found["contrast"]),
        "unit": words.unit_text(found["measure"], found["unit"]),
        "method": words.method_label(found["method"]),
        "answer": words.answer(found),
        "cautions": words.cautions(found),
        "figure": forest_plot(found) if found["studies"] else None,
        "studies": [_numbers(row) | {"notes": words.notes(row)} for row in found["studies"]],
        "mean": together and _numbers(together["mean"]),
        "prediction": together and together["prediction"] and interval(together["prediction"]),
        "without_one": [_numbers(row | {"name": found["studies"][row["left_out"]]["name"]}) for row in without_one],
        "left_out": [{"name": row["name"], "text": reason(row)} for row in found["left_out"]],
    }


def _numbers(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row with its numbers as text: the effect, its interval, and its weight or I²."""
    share = percent(row.get("weight", row.get("i2")))
    return {**row, "effect": plain(row["estimate"]), "interval": interval(row["ci95"]), "share": share}


def write_comparison(found: Mapping[str, Any], folder: Path, language: str) -> list[str]:
    """Write all files and the page into a folder, in a language; return their names.

    Raises:
        RuntimeError: the figure could not be typeset.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    with translation.override(language):
        for name, write in FILES.values():
            (folder / name).write_bytes(write(found))
            names.append(name)
        page = render_to_string("analysis/comparison_file.html", {"shown": shown(found), "language": language})
        (folder / f"{NAME}.html").write_text(page, encoding="utf-8")
    return [*names, f"{NAME}.html"]
