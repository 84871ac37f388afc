"""A report's figures: what of the analysis JSON each shows, and its caption; `charts.py` draws the marks."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from analysis.report.analysis_json import value_at
from analysis.report.context import ClipView, ConditionView, labels_by_key
from analysis.report.figures import charts
from analysis.report.text.contrast_names import contrast_name
from analysis.report.text.number_format import plain


def figure_list(
    data: Mapping[str, Any], conditions: Sequence[ConditionView], clips: Sequence[ClipView]
) -> list[dict[str, Any]]:
    """The figures for which there are data, in the report's order: `title`, `svg`, `caption`."""
    figures = [
        _scores_figure(data, conditions, clips),
        _shares_figure(data, conditions),
        *_heat_figures(data, conditions, clips),
        _worth_figure(data, conditions),
        _weights_figure(data, conditions),
        _left_out_figure(data, clips),
        _positions_figure(data),
        _balance_figure(data, conditions),
        _drop_out_figure(data),
    ]
    return [figure for figure in figures if figure is not None]


def _figure(title: str, svg: str, caption: str) -> dict[str, Any]:
    return {"title": title, "svg": svg, "caption": caption}


def _scores_figure(
    data: Mapping[str, Any], conditions: Sequence[ConditionView], clips: Sequence[ClipView]
) -> dict[str, Any] | None:
    scores, per_clip = data.get("scores"), data.get("n_ballots_by_clip") or {}
    if not scores:
        return None
    by_clip = data.get("by_clip") or {}
    answers = {clip.key: per_clip.get(clip.key) or data["n_ballots"] / max(1, data["n_clips"]) for clip in clips}
    rows = [
        (
            view,
            value_at(scores, view.key, "mean_points") or 0.0,
            value_at(scores, view.key, "ci95"),
            [(value_at(by_clip, clip.key, view.key) or 0.0) / answers[clip.key] for clip in clips if answers[clip.key]],
        )
        for view in conditions
    ]
    title = _("How much, and how sure")
    return _figure(
        title,
        charts.dots_with_intervals(rows, title=title, description=_("Mean points per answer by condition.")),
        # xgettext:no-python-format
        _("Mean points per answer with 95 % intervals for these clips. Small marks: the clips."),
    )


def _shares_figure(data: Mapping[str, Any], conditions: Sequence[ConditionView]) -> dict[str, Any] | None:
    scores, answers = data.get("scores"), data.get("n_ballots")
    if not scores or not answers:
        return None
    rows = [
        (
            view,
            (value_at(scores, view.key, "first") or 0) / answers,
            (value_at(scores, view.key, "second") or 0) / answers,
        )
        for view in conditions
    ]
    title = _("How often chosen")
    return _figure(
        title,
        charts.rank_shares(rows, title=title, description=_("Shares of 1st and 2nd choices by condition.")),
        _("Share of answers with the condition as 1st choice (full) and as 2nd (pale)."),
    )


def _heat_figures(
    data: Mapping[str, Any], conditions: Sequence[ConditionView], clips: Sequence[ClipView]
) -> list[dict[str, Any]]:
    """The heat map, in pieces that each fit a page."""
    by_clip = data.get("by_clip")
    if not by_clip:
        return []
    size = 12 if any(clip.images for clip in clips) else 24 if len(clips) <= 24 else 48
    highest = max((value for row in by_clip.values() for value in row.values()), default=0.0)
    found = []
    for start in range(0, len(clips), size):
        piece = clips[start : start + size]
        title = _("Clip by clip")
        if len(clips) > size:
            title += f", {start + 1}–{start + len(piece)}"
        svg = charts.heat_map(
            piece,
            conditions,
            by_clip,
            title=title,
            description=_("Points by clip and condition."),
            highest=highest,
            compact=size == 48,
        )
        found.append(_figure(title, svg, _("Points of each clip under each condition; darker is more.")))
    return found


def _balance_figure(data: Mapping[str, Any], conditions: Sequence[ConditionView]) -> dict[str, Any] | None:
    counts = value_at(data, "position_balance", "counts")
    if not counts:
        return None
    places = [ConditionView(chr(ord("A") + n), chr(ord("A") + n), "", False) for n in range(len(counts[0]))]
    rows = [ClipView(view.key, view.label) for view in conditions]
    by_row = {
        key: {place.key: float(count) for place, count in zip(places, row, strict=True)}
        for key, row in zip(data["conditions"], counts, strict=True)
    }
    title = _("Were the places fair?")
    svg = charts.heat_map(
        rows,
        places,
        by_row,
        title=title,
        description=_("Showings by condition and place."),
        highest=None,
        compact=False,
    )
    return _figure(title, svg, _("How often each condition stood at each place on the page."))


def _worth_figure(data: Mapping[str, Any], conditions: Sequence[ConditionView]) -> dict[str, Any] | None:
    fit = data.get("plackett_luce")
    if not fit:
        return None
    rows: list[tuple[ConditionView, float, Sequence[float] | None, Sequence[float]]] = [
        (view, value_at(fit, "log_worth", view.key) or 0.0, value_at(fit, "ci95", view.key), []) for view in conditions
    ]
    reference = next((view.label for view in conditions if view.key == fit.get("reference")), fit.get("reference"))
    title = _("Worth under the Plackett–Luce model")
    return _figure(
        title,
        charts.dots_with_intervals(
            rows, title=title, description=_("Log-worth by condition with intervals."), zero_line=True
        ),
        _("Log-worth against “%(reference)s” with 95 %% intervals for these clips.") % {"reference": reference},
    )


def _weights_figure(data: Mapping[str, Any], conditions: Sequence[ConditionView]) -> dict[str, Any] | None:
    scores, answers = data.get("scores"), data.get("n_ballots")
    if not scores or not answers or not data["weights"][0]:
        return None
    rows = [
        (
            view,
            (value_at(scores, view.key, "first") or 0) / answers,
            (value_at(scores, view.key, "second") or 0) / answers,
        )
        for view in conditions
    ]
    crossings = [row["ratio"] for row in value_at(data, "sensitivity", "weights", "crossings") or [] if "ratio" in row]
    if not crossings:
        crossings = weight_crossings([(first, second) for _view, first, second in rows])
    title = _("Would other points change the order?")
    caption = (
        _("The order changes where two lines cross: at a 2nd choice worth %(ratios)s of a 1st.")
        % {"ratios": ", ".join(plain(ratio) for ratio in sorted(crossings))}
        if crossings
        else _("No choice of points between 1 : 0 and 1 : 1 changes the order.")
    )
    return _figure(
        title,
        charts.weight_lines(
            rows,
            used=min(1.0, data["weights"][1] / data["weights"][0]),
            crossings=crossings,
            title=title,
            description=_("Points by condition as the worth of a second choice grows."),
        ),
        caption,
    )


def weight_crossings(lines: Sequence[tuple[float, float]]) -> list[float]:
    """Ratios w2/w1 strictly between 0 and 1 at which two of the lines first + ratio × second meet."""
    found = set()
    for index, (first_a, second_a) in enumerate(lines):
        for first_b, second_b in lines[index + 1 :]:
            slope = second_a - second_b
            if slope and 0 < (ratio := (first_b - first_a) / slope) < 1:
                found.add(round(ratio, 6))
    return sorted(found)


MOST_LEFT_OUT = 40  # rows that a figure can hold
GREY = "#5f5f5f"


def _left_out_figure(data: Mapping[str, Any], clips: Sequence[ClipView]) -> dict[str, Any] | None:
    """The primary contrast without each clip, and small marks for without each person."""
    primary = data.get("primary")
    without = [
        row
        for row in value_at(data, "sensitivity", "clips", "answers") or []
        if row.get("estimate") is not None and row.get("ci95")
    ]
    if not primary or not 2 < len(without) <= MOST_LEFT_OUT:
        return None
    labels = labels_by_key(clips)
    people = [
        row["estimate"]
        for row in value_at(data, "sensitivity", "participants", "answers") or []
        if row.get("estimate") is not None
    ]
    rows: list[tuple[ConditionView, float, Sequence[float] | None, Sequence[float]]] = [
        (
            ConditionView("", _("As analysed"), "#1b1c1e", False),
            primary["estimate"],
            primary.get("ci95"),
            [],
        ),
        *(
            (
                ConditionView("", _("without %(clip)s") % {"clip": labels.get(row["name"], row["name"])}, GREY, True),
                row["estimate"],
                row["ci95"],
                [],
            )
            for row in without
        ),
    ]
    if people:
        rows.append((ConditionView("", _("Without one person"), GREY, True), primary["estimate"], None, people))
    title = _("Does one clip make the result?")
    return _figure(
        title,
        charts.dots_with_intervals(
            rows,
            title=title,
            description=_("The primary contrast without each clip in turn."),
            zero_line=True,
            compact=True,
        ),
        # xgettext:no-python-format
        _(
            "%(contrast)s: points per answer with 95 %% intervals for new clips. Small marks: without each person in turn."
        )
        % {"contrast": contrast_name(str(primary.get("contrast")))},
    )


def _positions_figure(data: Mapping[str, Any]) -> dict[str, Any] | None:
    counts = value_at(data, "position_bias", "observed")
    if not counts:
        return None
    offered = value_at(data, "position_bias", "expected") or [sum(counts) / len(counts)] * len(counts)
    rows = [(chr(ord("A") + index), float(count), float(offered[index])) for index, count in enumerate(counts)]
    title = _("Where on the page")
    return _figure(
        title,
        charts.bars(rows, title=title, description=_("First choices by position on the page.")),
        _("1st choices by position. The upright mark is what chance alone would give."),
    )


def _drop_out_figure(data: Mapping[str, Any]) -> dict[str, Any] | None:
    reached = value_at(data, "drop_out", "reached")
    if not reached or reached[0] == reached[-1]:
        return None
    rows = [(_("answer %(n)d") % {"n": index + 1}, float(count), None) for index, count in enumerate(reached)]
    title = _("Who stayed")
    return _figure(
        title,
        charts.bars(rows, title=title, description=_("People by number of answers.")),
        _("People who gave at least so many answers."),
    )
