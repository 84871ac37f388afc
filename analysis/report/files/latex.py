"""Tables, methods and references for a paper, in LaTeX that compiles with booktabs."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from analysis.report.contents import report_contents, with_default_views
from analysis.report.context import ReportContext
from analysis.report.tables.text_tables import TextTable, text_tables

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


def escape(text: str) -> str:
    """`text` with everything that LaTeX would take for a command made plain."""
    out, index = [], 0
    while index < len(text):
        pair = text[index : index + 2]
        if pair in _SPECIAL:
            out.append(_SPECIAL[pair])
            index += 2
        else:
            out.append(_SPECIAL.get(text[index], text[index]))
            index += 1
    return "".join(out)


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
    """How a column is set: numbers to the right, words to the left, long words in lines of their own width."""
    if index not in table.left:
        return "r"
    long = max(len(row[index]) for row in table.rows) > 40
    return r">{\raggedright\arraybackslash}p{0.38\textwidth}" if long else "l"


def _groups(table: TextTable) -> list[str]:
    """The headings over the header, with a rule under each."""
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
            r"\usepackage[utf8]{inputenc}\usepackage[T1]{fontenc}\usepackage{array,booktabs,graphicx,textcomp}\usepackage[margin=2cm]{geometry}",
            *korean,
            r"\begin{document}",
            *body,
            r"\end{document}",
            "",
        ]
    )


BIBTEX = r"""@misc{earsight,
  title = {Earsight: blinded human-evaluation studies of images made from music},
  author = {{The Earsight developers}},
  note = {Software}
}
@article{clark1973language,
  title = {The language-as-fixed-effect fallacy: A critique of language statistics in psychological research},
  author = {Clark, Herbert H.},
  journal = {Journal of Verbal Learning and Verbal Behavior},
  volume = {12}, number = {4}, pages = {335--359}, year = {1973}
}
@article{judd2012treating,
  title = {Treating stimuli as a random factor in social psychology: A new and comprehensive solution to a pervasive but largely ignored problem},
  author = {Judd, Charles M. and Westfall, Jacob and Kenny, David A.},
  journal = {Journal of Personality and Social Psychology},
  volume = {103}, number = {1}, pages = {54--69}, year = {2012}
}
@article{satterthwaite1946approximate,
  title = {An approximate distribution of estimates of variance components},
  author = {Satterthwaite, F. E.},
  journal = {Biometrics Bulletin},
  volume = {2}, number = {6}, pages = {110--114}, year = {1946}
}
@article{friedman1937use,
  title = {The use of ranks to avoid the assumption of normality implicit in the analysis of variance},
  author = {Friedman, Milton},
  journal = {Journal of the American Statistical Association},
  volume = {32}, number = {200}, pages = {675--701}, year = {1937}
}
@article{wilcoxon1945individual,
  title = {Individual comparisons by ranking methods},
  author = {Wilcoxon, Frank},
  journal = {Biometrics Bulletin},
  volume = {1}, number = {6}, pages = {80--83}, year = {1945}
}
@article{firth1993bias,
  title = {Bias reduction of maximum likelihood estimates},
  author = {Firth, David},
  journal = {Biometrika},
  volume = {80}, number = {1}, pages = {27--38}, year = {1993}
}
@article{firth2004quasi,
  title = {Quasi-variances},
  author = {Firth, David and de Menezes, Ren{\'e}e X.},
  journal = {Biometrika},
  volume = {91}, number = {1}, pages = {65--80}, year = {2004}
}
@book{krippendorff2004content,
  title = {Content Analysis: An Introduction to Its Methodology},
  author = {Krippendorff, Klaus},
  edition = {2nd}, publisher = {Sage}, year = {2004}
}
@article{waudbysmith2024estimating,
  title = {Estimating means of bounded random variables by betting},
  author = {Waudby-Smith, Ian and Ramdas, Aaditya},
  journal = {Journal of the Royal Statistical Society, Series B},
  volume = {86}, number = {1}, pages = {1--27}, year = {2024}
}
@inproceedings{otani2023toward,
  title = {Toward verifiable and reproducible human evaluation for text-to-image generation},
  author = {Otani, Mayu and others},
  booktitle = {IEEE/CVF Conference on Computer Vision and Pattern Recognition},
  pages = {14277--14286}, year = {2023}
}
@article{plackett1975analysis,
  title = {The analysis of permutations},
  author = {Plackett, R. L.},
  journal = {Journal of the Royal Statistical Society, Series C},
  volume = {24}, number = {2}, pages = {193--202}, year = {1975}
}
@article{holm1979simple,
  title = {A simple sequentially rejective multiple test procedure},
  author = {Holm, Sture},
  journal = {Scandinavian Journal of Statistics},
  volume = {6}, number = {2}, pages = {65--70}, year = {1979}
}
"""
