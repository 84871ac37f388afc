"""The figures of one question of an instrument: which values of its block each shows, its title and its caption."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from analysis.report.analysis_json import value_at
from analysis.report.context import QuestionView, ReportContext, labels_by_key
from analysis.report.figures import charts
from analysis.report.figures.charts import DotRow
from analysis.report.figures.figure import Figure
from analysis.report.figures.question_charts import PlanePoint, distribution_bars, ellipse, pair_matrix, plane_chart
from analysis.report.text.number_format import percent, plain
from analysis.report.text.question_names import bin_name, scale_of


def question_figures(
    block: Mapping[str, Any], view: QuestionView, context: ReportContext, key: str, others: Mapping[str, Any]
) -> list[Figure]:
    """The figures for which there are data; `key` begins their names. `others`: the blocks of all questions."""
    figures = [
        _means(block, view, context),
        _distribution(block, view, context),
        _matrix(block, context),
        _worths(block, context),
        *_clips(block, context),
        _plane(block, context, others),
        _numbers(block, view),
    ]
    return [
        replace(
            figure,
            key=f"{key}-{figure.key}",
            # That of two scales names both.
            title=figure.title if figure.key == "plane" else f"“{view.key}”: {figure.title}",
        )
        for figure in figures
        if figure is not None
    ]


def _means(block: Mapping[str, Any], view: QuestionView, context: ReportContext) -> Figure | None:
    scores = block.get("scores") or {}
    unit = 100.0 if block["kind"] == "pair" else 1.0
    rows = [
        DotRow(
            condition,
            unit * row["mean"],
            row.get("ci95") and [unit * end for end in row["ci95"]],
            [
                unit * mean
                for of_clip in (block.get("by_clip") or {}).values()
                if (mean := of_clip.get(condition.key)) is not None
            ],
        )
        for condition in context.conditions
        if (row := scores.get(condition.key)) and row.get("mean") is not None
    ]
    if not rows:
        return None
    is_rating = block["kind"] == "rate"
    title = _("How much, and how sure")
    svg = charts.dots_with_intervals(
        rows,
        title=title,
        description=_("Means by condition, with intervals."),
        ends=(block["lowest"], block["highest"]) if is_rating and block.get("steps") else None,
    )
    captions = {
        # xgettext:no-python-format
        "rate": _("Mean ratings on %(scale)s with 95 %% intervals for these clips. Small marks: the clips."),
        "pair": _(
            "Comparisons won in %%, a tie counting half, with 95 %% intervals for these clips. Small marks: the clips."
        ),
    }
    caption = captions.get(block["kind"]) or _(
        "Mean points per answer with 95 %% intervals for these clips. Small marks: the clips."
    )
    return Figure("means", title, svg, caption % {"scale": scale_of(block, view)})


def _distribution(block: Mapping[str, Any], view: QuestionView, context: ReportContext) -> Figure | None:
    counts = value_at(block, "distribution", "counts") or {}
    rows = [
        (condition, counts[condition.key]) for condition in context.conditions if sum(counts.get(condition.key, ()))
    ]
    if not rows:
        return None
    title = _("How the answers are spread")
    svg = distribution_bars(
        rows,
        [bin_name(ends) for ends in block["distribution"]["bins"]],
        ends=(view.low, view.high),
        title=title,
        description=_("Shares of the answers by condition."),
    )
    return Figure(
        "distribution", title, svg, _("Share of a condition's answers on %(scale)s.") % {"scale": scale_of(block, view)}
    )


def _matrix(block: Mapping[str, Any], context: ReportContext) -> Figure | None:
    wins, ties = block.get("win_matrix"), block.get("tie_matrix")
    if not wins:
        return None
    title = _("Who beats whom")
    svg = pair_matrix(
        context.conditions,
        wins,
        ties or {},
        title=title,
        description=_("Shares of won comparisons, row against column."),
    )
    return Figure(
        "wins",
        title,
        svg,
        _(
            "Share of comparisons that the condition of the row won against that of the column, a tie counting half; "
            "n: comparisons."
        ),
    )


def _worths(block: Mapping[str, Any], context: ReportContext) -> Figure | None:
    fit = block.get("worths")
    if not fit:
        return None
    rows = [
        DotRow(condition, value_at(fit, "log_worth", condition.key) or 0.0, value_at(fit, "ci95", condition.key))
        for condition in context.conditions
    ]
    reference = labels_by_key(context.conditions).get(fit.get("reference"), fit.get("reference"))
    title = (
        _("Worth under the Bradley–Terry model")
        if block["kind"] == "pair"
        else _("Worth under the Plackett–Luce model")
    )
    svg = charts.dots_with_intervals(
        rows, title=title, description=_("Log-worth by condition with intervals."), zero_line=True
    )
    return Figure(
        "worths",
        title,
        svg,
        _("Log-worth against “%(reference)s” with 95 %% intervals for these clips.") % {"reference": reference},
    )


def _clips(block: Mapping[str, Any], context: ReportContext) -> list[Figure]:
    """The heat map of means by clip, in parts that each fit a page."""
    by_clip = block.get("by_clip")
    if not by_clip:
        return []
    clips = context.clips
    size = 12 if any(clip.images for clip in clips) else 24 if len(clips) <= 24 else 48
    lowest, highest = block.get("lowest") or 0.0, block.get("highest") or None
    figures = []
    for start in range(0, len(clips), size):
        part: Sequence[Any] = clips[start : start + size]
        title = _("Clip by clip")
        if len(clips) > size:
            title += f", {start + 1}–{start + len(part)}"
        svg = charts.heat_map(
            part,
            context.conditions,
            by_clip,
            title=title,
            description=_("Means by clip and condition."),
            lowest=lowest,
            highest=highest,
            compact=size == 48,
            number=percent if block["kind"] == "pair" else lambda value: plain(value, 1),
        )
        key = "clips" if len(clips) <= size else f"clips-{start + 1}"
        figures.append(Figure(key, title, svg, _("Mean of each clip under each condition; darker is more.")))
    return figures


def _plane(block: Mapping[str, Any], context: ReportContext, others: Mapping[str, Any]) -> Figure | None:
    found = block.get("plane")
    if not found:
        return None
    first, second = found["scales"]
    points = [
        PlanePoint(
            condition,
            tuple(row["centre"]),
            ellipse(row["centre"], row["covariance"], row["radius2"])
            if row.get("covariance") and row.get("radius2") is not None
            else (),
        )
        for condition in context.conditions
        if (row := value_at(found, "conditions", condition.key)) and row.get("centre")
    ]
    if not points:
        return None
    across = others[first]
    title = _("“%(first)s” and “%(second)s” together") % {"first": first, "second": second}
    svg = plane_chart(
        points,
        names=(first, second),
        limits=((across["lowest"], across["highest"]), (block["lowest"], block["highest"])),
        title=title,
        description=_("Mean points of the conditions on two scales."),
    )
    caption = _("Mean point of each condition over people's means.")
    if any(point.outline for point in points):
        caption += " " + _("Ellipses: 95 %% for the mean point, for these clips (Hotelling 1931).") % {}
    return Figure("plane", title, svg, caption)


def _numbers(block: Mapping[str, Any], view: QuestionView) -> Figure | None:
    counts = value_at(block, "numbers", "distribution", "counts")
    if not counts or not sum(counts):
        return None
    title = _("How the answers are spread")
    bins = block["numbers"]["distribution"]["bins"]
    rows = [charts.Bar(bin_name(ends), float(n)) for ends, n in zip(bins, counts, strict=True)]
    svg = charts.bars(rows, title=title, description=_("Answers by number."))
    return Figure("numbers", title, svg, _("Answers on %(scale)s.") % {"scale": scale_of(block, view)})
