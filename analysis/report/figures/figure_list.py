"""The figures of a report: which values of the analysis JSON each shows, its title and its caption."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _

from analysis.report.analysis_json import value_at
from analysis.report.context import ClipView, ConditionView, ReportContext, Stage, StageOfPeople, labels_by_key
from analysis.report.figures import charts
from analysis.report.figures.charts import Bar, ChoiceShares, DotRow
from analysis.report.figures.figure import Figure
from analysis.report.figures.flow import flow_chart
from analysis.report.figures.interface import interface_figure
from analysis.report.figures.svg import marked
from analysis.report.text.contrast_names import contrast_name
from analysis.report.text.exclusions import with_and_without
from analysis.report.text.number_format import plain

MOST_LEFT_OUT = 40  # rows that fit one figure
_MOST_BARS = 24  # of people by answers: a third of a page
GREY, BLACK = "#5f5f5f", "#1b1c1e"


def figure_list(data: Mapping[str, Any], context: ReportContext) -> list[Figure]:
    """The figures for which there are data, in the report's order, each with the context's mark on it.

    Args:
        context: with a view of every condition and clip.
    """
    conditions, clips = context.conditions, context.clips
    figures = [
        _scores_figure(data, conditions, clips),
        _shares_figure(data, conditions),
        *_heat_map_figures(data, conditions, clips),
        _worth_figure(data, conditions),
        _weights_figure(data, conditions),
        _left_out_figure(data, clips),
        _positions_figure(data),
        _balance_figure(data, conditions),
        _drop_out_figure(data),
        _flow_figure(data, context),
        *map(_flow_of_stage, context.other_flows),
    ]
    return [replace(figure, svg=marked(figure.svg, context.mark)) for figure in figures if figure is not None]


def interface_figures(context: ReportContext) -> list[Figure]:
    """The pages that participants saw, for the end of the report, each with the context's mark on it."""
    figures = map(interface_figure, context.interface)
    return [replace(figure, svg=marked(figure.svg, context.mark)) for figure in figures]


def _scores_figure(
    data: Mapping[str, Any], conditions: Sequence[ConditionView], clips: Sequence[ClipView]
) -> Figure | None:
    scores, by_clip = data.get("scores"), data.get("by_clip") or {}
    if not scores:
        return None
    each = data["n_ballots"] / max(1, data["n_clips"])  # an analysis of before showings were counted

    def marks(key: str) -> list[float]:
        """Mean points of the condition's showings in each clip that showed it."""
        shown = {clip.key: value_at(data, "shown_by_clip", clip.key, key) for clip in clips}
        sizes = {clip: each if n is None else n for clip, n in shown.items()}
        return [(value_at(by_clip, clip, key) or 0.0) / n for clip, n in sizes.items() if n]

    rows = [
        DotRow(
            view,
            value_at(scores, view.key, "mean_points") or 0.0,
            value_at(scores, view.key, "ci95"),
            marks(view.key),
        )
        for view in conditions
    ]
    title = _("How much, and how sure")
    return Figure(
        "points",
        title,
        charts.dots_with_intervals(rows, title=title, description=_("Mean points per answer by condition.")),
        # xgettext:no-python-format
        _("Mean points per answer with 95 % intervals for these clips. Small marks: the clips."),
    )


def _choice_shares(data: Mapping[str, Any], conditions: Sequence[ConditionView]) -> list[ChoiceShares]:
    """Shares of 1st and 2nd choices of each condition, of the answers that showed it; empty without answers."""
    scores, answers = data.get("scores"), data.get("n_ballots")
    if not scores or not answers:
        return []
    shown = value_at(data, "exposure", "shown") or {}
    return [
        ChoiceShares(
            view,
            (value_at(scores, view.key, "first") or 0) / max(shown.get(view.key, answers), 1),
            (value_at(scores, view.key, "second") or 0) / max(shown.get(view.key, answers), 1),
        )
        for view in conditions
    ]


def _shares_figure(data: Mapping[str, Any], conditions: Sequence[ConditionView]) -> Figure | None:
    rows = _choice_shares(data, conditions)
    if not rows:
        return None
    title = _("How often chosen")
    return Figure(
        "choices",
        title,
        charts.rank_shares(rows, title=title, description=_("Shares of 1st and 2nd choices by condition.")),
        _("Share of the answers that showed the condition with it as 1st choice (full) and as 2nd (pale)."),
    )


def _heat_map_figures(
    data: Mapping[str, Any], conditions: Sequence[ConditionView], clips: Sequence[ClipView]
) -> list[Figure]:
    """The heat map of points by clip, in parts that each fit a page."""
    by_clip = data.get("by_clip")
    if not by_clip:
        return []
    size = 12 if any(clip.images for clip in clips) else 24 if len(clips) <= 24 else 48
    highest = max((value for row in by_clip.values() for value in row.values()), default=0.0)
    figures = []
    for start in range(0, len(clips), size):
        part = clips[start : start + size]
        title = _("Clip by clip")
        if len(clips) > size:
            title += f", {start + 1}–{start + len(part)}"
        svg = charts.heat_map(
            part,
            conditions,
            by_clip,
            title=title,
            description=_("Points by clip and condition."),
            highest=highest,
            compact=size == 48,
        )
        key = "clips" if len(clips) <= size else f"clips-{start + 1}"
        figures.append(Figure(key, title, svg, _("Points of each clip under each condition; darker is more.")))
    return figures


def _balance_figure(data: Mapping[str, Any], conditions: Sequence[ConditionView]) -> Figure | None:
    counts = value_at(data, "position_balance", "counts")
    if not counts:
        return None
    positions = [ConditionView(letter, letter, "", hollow=False) for letter in _letters(len(counts[0]))]
    rows = [ClipView(view.key, view.label) for view in conditions]
    by_row = {
        key: {position.key: float(count) for position, count in zip(positions, row, strict=True)}
        for key, row in zip(data["conditions"], counts, strict=True)
    }
    title = _("Were the places fair?")
    svg = charts.heat_map(rows, positions, by_row, title=title, description=_("Showings by condition and place."))
    return Figure("position-balance", title, svg, _("How often each condition was shown at each position on the page."))


def _letters(count: int) -> list[str]:
    """The letters of the positions on the page: A, B, …"""
    return [chr(ord("A") + index) for index in range(count)]


def _worth_figure(data: Mapping[str, Any], conditions: Sequence[ConditionView]) -> Figure | None:
    fit = data.get("plackett_luce")
    if not fit:
        return None
    rows = [
        DotRow(view, value_at(fit, "log_worth", view.key) or 0.0, value_at(fit, "ci95", view.key))
        for view in conditions
    ]
    reference = labels_by_key(conditions).get(fit.get("reference"), fit.get("reference"))
    title = _("Worth under the Plackett–Luce model")
    return Figure(
        "worths",
        title,
        charts.dots_with_intervals(
            rows, title=title, description=_("Log-worth by condition with intervals."), zero_line=True
        ),
        _("Log-worth against “%(reference)s” with 95 %% intervals for these clips.") % {"reference": reference},
    )


def _weights_figure(data: Mapping[str, Any], conditions: Sequence[ConditionView]) -> Figure | None:
    rows = _weight_lines(data, conditions)
    if not rows or not data["weights"][0] or data.get("second_choice") == "not asked":
        return None
    crossings = [row["ratio"] for row in value_at(data, "sensitivity", "weights", "crossings") or [] if "ratio" in row]
    if not crossings:
        crossings = weight_crossings([(row.first, row.second) for row in rows])
    title = _("Would other points change the order?")
    caption = (
        _("The order changes where two lines cross: at a 2nd choice worth %(ratios)s of a 1st.")
        % {"ratios": ", ".join(plain(ratio) for ratio in sorted(crossings))}
        if crossings
        else _("No choice of points between 1 : 0 and 1 : 1 changes the order.")
    )
    svg = charts.weight_lines(
        rows,
        used=min(1.0, data["weights"][1] / data["weights"][0]),
        crossings=crossings,
        title=title,
        description=_("Points by condition as the worth of a second choice grows."),
    )
    return Figure("weights", title, svg, caption)


def _weight_lines(data: Mapping[str, Any], conditions: Sequence[ConditionView]) -> list[ChoiceShares]:
    """Each condition's line: mean points in units of the first weight are 1st + ratio × 2nd."""
    line = value_at(data, "sensitivity", "weights") or {}
    if not line.get("first"):
        return _choice_shares(data, conditions)
    by_key = dict(zip(data["conditions"], zip(line["first"], line["second"], strict=True), strict=True))
    return [ChoiceShares(view, *by_key[view.key]) for view in conditions if view.key in by_key]


def weight_crossings(lines: Sequence[tuple[float, float]]) -> list[float]:
    """Ratios w2/w1 strictly between 0 and 1 at which two of the lines first + ratio × second meet."""
    found = set()
    for index, (first_a, second_a) in enumerate(lines):
        for first_b, second_b in lines[index + 1 :]:
            slope = second_a - second_b
            if slope and 0 < (ratio := (first_b - first_a) / slope) < 1:
                found.add(round(ratio, 6))
    return sorted(found)


def _left_out_figure(data: Mapping[str, Any], clips: Sequence[ClipView]) -> Figure | None:
    """The primary contrast without each clip, and small marks for its estimates without each person."""
    primary = data.get("primary")
    without_clip = [
        row
        for row in value_at(data, "sensitivity", "clips", "answers") or []
        if row.get("estimate") is not None and row.get("ci95")
    ]
    if not primary or not 2 < len(without_clip) <= MOST_LEFT_OUT:
        return None
    labels = labels_by_key(clips)
    place = {key: number for number, key in enumerate(labels)}
    without_clip.sort(key=lambda row: place.get(row["name"], len(place)))

    def named_row(label: str) -> ConditionView:
        return ConditionView("", label, GREY, hollow=True)

    everything = ConditionView("", _("As analysed"), BLACK, hollow=False)
    rows = [DotRow(everything, primary["estimate"], primary.get("ci95"))]
    for row in without_clip:
        label = _("without %(clip)s") % {"clip": labels.get(row["name"], row["name"])}
        rows.append(DotRow(named_row(label), row["estimate"], row["ci95"]))
    without_person = [
        row["estimate"]
        for row in value_at(data, "sensitivity", "participants", "answers") or []
        if row.get("estimate") is not None
    ]
    if without_person:
        rows.append(DotRow(named_row(_("Without one person")), primary["estimate"], marks=without_person))
    title = _("Does one clip make the result?")
    svg = charts.dots_with_intervals(
        rows,
        title=title,
        description=_("The primary contrast without each clip in turn."),
        zero_line=True,
        compact=True,
    )
    if (name := data.get("primary_question")) is not None:
        caption = _("%(contrast)s on “%(question)s”, with 95 %% intervals for new clips.") % {
            "contrast": contrast_name(str(primary.get("contrast"))),
            "question": name,
        }
        return Figure("left-out", title, svg, caption)
    # xgettext:no-python-format
    caption = _(
        "%(contrast)s: points per answer with 95 %% intervals for new clips. Small marks: without each person in turn."
    ) % {"contrast": contrast_name(str(primary.get("contrast")))}
    return Figure("left-out", title, svg, caption)


def _positions_figure(data: Mapping[str, Any]) -> Figure | None:
    counts = value_at(data, "position_bias", "observed")
    if not counts:
        return None
    offered = value_at(data, "position_bias", "expected") or [sum(counts) / len(counts)] * len(counts)
    rows = [
        Bar(letter, float(count), float(expected))
        for letter, count, expected in zip(_letters(len(counts)), counts, offered, strict=True)
    ]
    title = _("Where on the page")
    return Figure(
        "positions",
        title,
        charts.bars(rows, title=title, description=_("First choices by position on the page.")),
        _("1st choices by position. The upright mark is what chance alone would give."),
    )


def _drop_out_figure(data: Mapping[str, Any]) -> Figure | None:
    reached = value_at(data, "drop_out", "reached")
    if not reached or reached[0] == reached[-1]:
        return None
    rows = [
        Bar(
            _("answer %(n)d") % {"n": first}
            if first == last
            else _("answers %(first)d–%(last)d") % {"first": first, "last": last},
            float(reached[first - 1]),
        )
        for first, last in _answers_in_bars(reached)
    ]
    title = _("Who stayed")
    return Figure(
        "drop-out",
        title,
        charts.bars(rows, title=title, description=_("People by number of answers.")),
        _("People who gave at least this many answers."),
    )


def _answers_in_bars(reached: Sequence[int]) -> list[tuple[int, int]]:
    """The first and last of the answers that share a bar: of many, those up to which equally many people stayed.

    Of long studies that many people left one by one, only every so many answers have a bar.
    """
    numbers = range(1, len(reached) + 1)
    if len(reached) <= _MOST_BARS:
        return [(number, number) for number in numbers]
    equal = [list(run) for _count, run in groupby(numbers, key=lambda number: reached[number - 1])]
    if len(equal) <= _MOST_BARS:
        return [(run[0], run[-1]) for run in equal]
    return [(number, number) for number in numbers if (number - 1) % -(-len(reached) // _MOST_BARS) == 0]


def _flow_figure(data: Mapping[str, Any], context: ReportContext) -> Figure | None:
    if not context.flow:
        return None
    title = _("Who is analysed")
    left_out = with_and_without(data, labels_by_key(context.conditions)) or _("Nobody who gave answers is left out.")
    return Figure("flow", title, _flow_drawing(context.flow, title), _flow_caption(left_out, context.flow))


def _flow_of_stage(stage: StageOfPeople) -> Figure:
    """The people of a pilot or follow-up stage."""
    title = _("Who took part: %(stage)s") % {"stage": stage.name}
    caption = _flow_caption(_("These people are not in the results."), stage.flow)
    return Figure(f"flow-{stage.key}", title, _flow_drawing(stage.flow, title), caption)


def _flow_drawing(flow: Sequence[Stage], title: str) -> str:
    stages = ", ".join(f"{stage.label}: {stage.people}" for stage in flow)
    return flow_chart(flow, title=title, description=stages, flags_title=_("flagged; nobody leaves by a flag"))


def _flow_caption(first: str, flow: Sequence[Stage]) -> str:
    """What the drawing shows; the flags are explained if there are any."""
    flags = _("One person can have several flags.") if any(stage.flags for stage in flow) else ""
    return f"{first} {flags}".strip()
