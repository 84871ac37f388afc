"""Tables, methods and references for a paper, in LaTeX with the package booktabs."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from analysis.report.contents import report_contents, with_default_views
from analysis.report.context import ReportContext
from analysis.report.tables.text_tables import TextTable, text_tables

BIBTEX = (Path(__file__).parent / "references.bib").read_text(encoding="utf-8")
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"$<$",
    ">": r"$>$",
    "−": r"$-$",
    "×": r"$\times$",
    "χ²": r"$\chi^2$",
    "χ": r"$\chi$",
    "²": r"$^2$",
    "α": r"$\alpha$",
    "±": r"$\pm$",
    "–": "--",
    "—": "---",
    "“": "``",
    "”": "''",
    "·": r"$\cdot$",
    "…": r"\ldots{}",
}
_PATTERN = re.compile("|".join(map(re.escape, sorted(_SPECIAL, key=len, reverse=True))))


def escape(text: str) -> str:
    """The text with every character escaped that LaTeX would read as a command."""
    return _PATTERN.sub(lambda found: _SPECIAL[found[0]], text)


def _table(table: TextTable) -> str:
    columns = "l" + "".join(_column(table, index) for index in range(1, len(table.header)))
    wide = len(table.header) > 6
    lines = [
        r"\begin{table}[htbp]",
        r"  \centering\small",
        rf"  \caption{{{escape(table.title)}}}\label{{tab:{table.key}}}",
        *([r"  \resizebox{\textwidth}{!}{%"] if wide else []),
        rf"  \begin{{tabular}}{{{columns}}}",
        r"    \toprule",
        *_groups(table),
        "    " + " & ".join(escape(name) for name in table.header) + r" \\",
        r"    \midrule",
        *("    " + " & ".join(escape(cell) for cell in row) + r" \\" for row in table.rows),
        r"    \bottomrule",
        r"  \end{tabular}" + ("}" if wide else ""),
    ]
    if table.note:
        lines.append(rf"  \par\smallskip\footnotesize {escape(table.note)}")
    return "\n".join([*lines, r"\end{table}"])


def _column(table: TextTable, index: int) -> str:
    """The column type: numbers right, words left, long texts in a paragraph of fixed width."""
    if index not in table.left:
        return "r"
    long = max(len(row[index]) for row in table.rows) > 40
    return r">{\raggedright\arraybackslash}p{0.38\textwidth}" if long else "l"


def _groups(table: TextTable) -> list[str]:
    """The row of headings above the header, with a rule below each."""
    if not table.groups:
        return []
    cells, rules, column = [], [], 1
    for name, span in table.groups:
        cells.append(rf"\multicolumn{{{span}}}{{c}}{{{escape(name)}}}")
        if name:
            rules.append(rf"\cmidrule(lr){{{column}-{column + span - 1}}}")
        column += span
    return ["    " + " & ".join(cells) + r" \\", "    " + "".join(rules)]


def report_latex(data: Mapping[str, Any], context: ReportContext, *, alpha: float = 0.05) -> str:
    """A complete document of methods, tables and limits; \\input its contents or compile it as it is.

    Korean is set through kotex.
    """
    with translation.override(context.language):
        context = with_default_views(data, context)
        contents = report_contents(data, context, alpha)
        body: list[str] = [
            rf"\section*{{{escape(context.title)}}}",
            *(rf"\emph{{{escape(notice)}}}\par" for notice in context.notices),
            escape(contents["answer"]),
            rf"\subsection*{{{escape(_('Methods'))}}}",
            *(escape(text) + r"\par" for text in contents["methods"]),
            *_deviations(contents["deviations"]),
            *(_table(table) for table in text_tables(data, context, contents)),
            rf"\subsection*{{{escape(_('Limits'))}}}",
            r"\begin{itemize}",
            *(rf"  \item {escape(text)}" for text in contents["limits"]),
            r"\end{itemize}",
            r"\nocite{*}\bibliographystyle{plain}\bibliography{references}",
        ]
    return _document(body, context.language)


def _deviations(texts: Sequence[str] | None) -> list[str]:
    if texts is None:
        return []
    heading = rf"\subsection*{{{escape(_('Deviations from the plan'))}}}"
    return [heading, *(escape(text) + r"\par" for text in texts)]


def _document(body: Sequence[str], language: str) -> str:
    korean = [r"\usepackage{kotex}"] if language == "ko" else []
    return "\n".join(
        [
            r"\documentclass{article}",
            r"\usepackage[utf8]{inputenc}\usepackage[T1]{fontenc}\usepackage{array,booktabs,graphicx,textcomp}"
            r"\usepackage[margin=2cm]{geometry}",
            *korean,
            r"\begin{document}",
            *body,
            r"\end{document}",
            "",
        ]
    )
