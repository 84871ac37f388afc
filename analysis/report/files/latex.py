"""Tables, methods and references for a paper, in LaTeX with the package booktabs."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from analysis.report.contents import report_contents, with_default_views
from analysis.report.context import ReportContext
from analysis.report.figures.figure_list import Figure
from analysis.report.tables.text_tables import TextTable, text_tables
from analysis.report.text.korean_particles import with_particles

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
    "κ": r"$\kappa$",
    "σ": r"$\sigma$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "±": r"$\pm$",
    "–": "--",
    "—": "---",
    "“": "``",
    "”": "''",
    "·": r"$\cdot$",
    "…": r"\ldots{}",
}
_LATIN = 0x24F  # the last letter of Latin Extended-B
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


def _figure(figure: Figure) -> str:
    """A figure from the folder `figures`; the document compiles without the folder too."""
    path = f"figures/{figure.key}.pdf"
    return "\n".join(
        [
            rf"\IfFileExists{{{path}}}{{\begin{{figure}}[htbp]",
            rf"  \centering\includegraphics[width=\textwidth]{{{path}}}",
            rf"  \caption{{{escape(figure.title)}. {escape(figure.caption)}}}\label{{fig:{figure.key}}}",
            r"\end{figure}}{}",
        ]
    )


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
    """A complete document of methods, tables, figures and limits; \\input its contents or compile it as it is.

    The first line names the program to compile it with. Korean is set through kotex, by XeLaTeX.
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
            *(_figure(figure) for figure in contents["figures"]),
            rf"\subsection*{{{escape(_('Limits'))}}}",
            r"\begin{itemize}",
            *(rf"  \item {escape(text)}" for text in contents["limits"]),
            r"\end{itemize}",
            r"\nocite{*}\bibliographystyle{plain}\bibliography{references}",
        ]
    return with_particles(_document(body))


def _deviations(texts: Sequence[str] | None) -> list[str]:
    if texts is None:
        return []
    heading = rf"\subsection*{{{escape(_('Deviations from the plan'))}}}"
    return [heading, *(escape(text) + r"\par" for text in texts)]


def _document(body: Sequence[str]) -> str:
    text = "\n".join(body)
    # Also an English report may name clips and conditions in another script, which pdfLaTeX cannot set.
    if any(ord(character) > _LATIN for character in text):
        first = "% Compile with xelatex: some letters are beyond Latin. Needs kotex and a font with them (Noto CJK)."
        fonts = [r"\usepackage{fontspec}", r"\usepackage{kotex}"]
    else:
        first = "% Compile with pdflatex, bibtex, pdflatex, pdflatex."
        fonts = [r"\usepackage[utf8]{inputenc}\usepackage[T1]{fontenc}"]
    return "\n".join(
        [
            first,
            r"\documentclass{article}",
            *fonts,
            r"\usepackage{array,booktabs,graphicx,textcomp}\usepackage[margin=2cm]{geometry}",
            r"\begin{document}",
            *body,
            r"\end{document}",
            "",
        ]
    )
