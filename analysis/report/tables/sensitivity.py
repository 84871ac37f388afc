"""Rows and note of the table of what changes if clips, people or exclusions are left out."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from analysis.report.analysis_json import value_at
from analysis.report.context import ReportContext, labels_by_key
from analysis.report.text.number_format import p_cell, p_value, plain


def sensitivity_rows(data: Mapping[str, Any], context: ReportContext) -> list[list[str]]:
    """Rows (what is left out, estimate, p, condition with the most points)."""
    block = data.get("sensitivity") or {}
    labels = labels_by_key(context.conditions)
    clips = labels_by_key(context.clips)
    primary = data.get("primary")
    if not primary:  # the note alone is shown
        return []
    best = ", ".join(labels.get(key, key) for key in _most_points(data))
    rows = [[_("As analysed"), plain(primary.get("estimate")), p_cell(primary.get("p")), best or "—"]]
    for title, names, found in (
        (_("Without one clip"), clips, value_at(block, "clips", "answers") or []),
        (_("Without one person"), {}, value_at(block, "participants", "answers") or []),
    ):
        rows += _extremes(title, names, labels, found)
    for row in block.get("exclusions") or []:
        title = _("With the excluded answers") if "excluded" in str(row.get("name")) else str(row.get("name"))
        rows.append([title, plain(row.get("estimate")), p_cell(row.get("p")), _leader(row, labels)])
    known = block.get("known_pieces") or {}
    if known.get("order"):
        title = _("Without answers about known pieces (%(n)s)") % {"n": f"{known['ballots']:,}"}
        rows.append([title, plain(known.get("estimate")), p_cell(known.get("p")), _leader(known, labels)])
    return rows if len(rows) > 1 else []


def asks_more(data: Mapping[str, Any]) -> bool:
    """Whether the main question is one of ratings or pairs, whose numbers are no points."""
    return value_at(data, "questions", str(data.get("primary_question")), "kind") in ("rate", "pair")


def _leader(row: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    best = value_at(row, "order", 0)
    return labels.get(str(best), str(best or "—"))


def _extremes(
    title: str, names: Mapping[str, str], labels: Mapping[str, str], found: Sequence[Mapping[str, Any]]
) -> list[list[str]]:
    rows = [row for row in found if row.get("estimate") is not None]
    if not rows:
        return []
    lowest = min(rows, key=lambda row: row["estimate"])
    highest = max(rows, key=lambda row: row["estimate"])
    return [
        [
            f"{title}: {word} ({names.get(str(row.get('name')), row.get('name'))})",
            plain(row["estimate"]),
            p_cell(row.get("p")),
            _leader(row, labels),
        ]
        for word, row in ((_("lowest"), lowest), (_("highest"), highest))
    ]


def _most_points(data: Mapping[str, Any]) -> list[str]:
    """The conditions with the most points an answer, several if they tie; none if nobody gave points."""
    means = {key: row.get("mean_points") or 0.0 for key, row in (data.get("scores") or {}).items()}
    highest = max(means.values(), default=0.0)
    return [key for key, mean in means.items() if highest > 0 and mean >= highest - 1e-9]


def sensitivity_note(data: Mapping[str, Any], context: ReportContext) -> str:
    """Whether the condition with the most points and the p value change without single clips or people."""
    best = _most_points(data)
    label = labels_by_key(context.conditions).get(best[0], best[0]) if best else ""
    sentences = []
    for template, found in (
        (
            _("Leaving out each clip in turn, “%(best)s” has the highest mean in %(n)s of %(all)s.")
            if asks_more(data)
            else _("Leaving out each clip in turn, “%(best)s” has the most points in %(n)s of %(all)s."),
            value_at(data, "sensitivity", "clips"),
        ),
        (
            _("Leaving out each of %(all)s people in turn, “%(best)s” has the most points in %(n)s."),
            value_at(data, "sensitivity", "participants"),
        ),
    ):
        if found and len(best) == 1:  # of a tie, nothing can be counted
            sentences.append(template % {"best": label, "n": f"{found['same_best']:,}", "all": f"{found['units']:,}"})
    clips = value_at(data, "sensitivity", "clips", "answers") or []
    tested = [row["p"] for row in clips if row.get("p") is not None]
    if tested and data.get("primary"):
        low, high = p_value(min(tested)), p_value(max(tested))
        sentences.append(
            _("Without any one clip, %(p)s.") % {"p": low}
            if low == high
            else _("Without one clip, at the least %(low)s, at the most %(high)s.") % {"low": low, "high": high}
        )
    sentences += _known_pieces(data, context)
    return " ".join(sentences)


def _known_pieces(data: Mapping[str, Any], context: ReportContext) -> list[str]:
    """What the table does not say of known pieces: that there are none, or no others; without it, also the result."""
    known = value_at(data, "sensitivity", "known_pieces")
    if not known:
        return []
    if not known["ballots"]:
        return [_("Nobody knew a piece.")]
    if not known["order"]:
        return [_("Every answer is about a piece that the person knew.")]
    if data.get("primary"):
        return []
    best = _leader(known, labels_by_key(context.conditions))
    return [
        (
            _("Without the %(n)s answers about known pieces, “%(best)s” has the highest mean.")
            if asks_more(data)
            else _("Without the %(n)s answers about known pieces, “%(best)s” has the most points.")
        )
        % {"n": f"{known['ballots']:,}", "best": best}
    ]
