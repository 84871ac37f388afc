"""Tables that say whether the study can be trusted: its design checks, and what changes if something is left out."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from analysis.report.context import ReportContext
from analysis.report.text.number_format import degrees, get, p_value, percent, plain
from analysis.report.text.translated_warnings import translated


def design_checks(data: Mapping[str, Any], context: ReportContext, alpha: float) -> list[list[str]]:
    """Rows (check, found, in words) of every check that the data allow."""
    rows = [
        _position(data, alpha),
        _balance(data),
        _fatigue(data, alpha),
        _retest(data),
        _agreement(data),
        _alternatives(data, alpha),
        _match_control(data, alpha),
        _drop_out(data),
        _none_fits(data),
        _excluded(data),
    ]
    return [row for row in rows if row is not None]


def _shown(p: float | None, alpha: float) -> bool:
    return p is not None and p < alpha


def _position(data: Mapping[str, Any], alpha: float) -> list[str] | None:
    test = data.get("position_bias")
    if not test:
        return None
    found = f"χ²({degrees(test.get('df'))}) = {plain(test.get('statistic'))}, {p_value(test.get('p'))}"
    if _shown(test.get("p"), alpha):
        words = _("The place on the page mattered; since places were balanced it favours no condition.")
    else:
        words = _("No sign that the place on the page mattered.")
    return [_("Position on the page"), found, words]


def _balance(data: Mapping[str, Any]) -> list[str] | None:
    counts = [count for row in get(data, "position_balance", "counts") or [] for count in row]
    if not counts:
        return None
    return [
        _("Balance of positions"),
        _("%(low)s to %(high)s") % {"low": min(counts), "high": max(counts)},
        _("So often each condition stood at each place; equal would be %(mean)s.")
        % {"mean": plain(sum(counts) / len(counts), 1)},
    ]


def _fatigue(data: Mapping[str, Any], alpha: float) -> list[str] | None:
    test = data.get("fatigue")
    if not test or test.get("p") is None:
        return None
    found = _("%(slope)s a trial, %(p)s") % {
        "slope": plain(test.get("slope"), 3),
        "p": p_value(test.get("p")),
    }
    if not _shown(test.get("p"), alpha):
        words = _("No sign that people chose otherwise later than earlier.")
    elif test["slope"] < 0:
        words = _("Later answers agree less with the common taste: people may have tired.")
    else:
        words = _("Later answers agree more with the common taste: people may have learned.")
    return [_("Fatigue"), found, words]


def _retest(data: Mapping[str, Any]) -> list[str] | None:
    test = data.get("test_retest")
    if not test or not test.get("pairs"):
        return None
    found = percent(test.get("same_first"))
    if test.get("ci95"):
        found += f" ({percent(test['ci95'][0])}–{percent(test['ci95'][1])})"
    words = _("Of %(pairs)s clips shown twice to one person, so often the same image came 1st again.") % {
        "pairs": test["pairs"]
    }
    if test.get("kappa") is not None:
        words += " " + _("Cohen's κ = %(kappa)s.") % {"kappa": plain(test["kappa"])}
    return [_("Test–retest"), found, words]


def _agreement(data: Mapping[str, Any]) -> list[str] | None:
    test = data.get("agreement")
    if not test or test.get("alpha_first") is None:
        return None
    found = f"α = {plain(test['alpha_first'])}"
    if test.get("alpha_second") is not None:
        found += f" / {plain(test['alpha_second'])}"
    if test.get("kendall_w_mean") is not None:
        found += f", W = {plain(test['kendall_w_mean'])}"
    return [
        _("Agreement between people"),
        found,
        _("Krippendorff's α of 1st / 2nd choices and the mean of Kendall's W over clips; 0 is chance, 1 is full."),
    ]


def _alternatives(data: Mapping[str, Any], alpha: float) -> list[str] | None:
    block = data.get("irrelevant_alternatives")
    if not block:
        return None
    test, p_share = block.get("test"), block.get("p_share")
    if p_share is not None:
        found = _("%(observed)s, expected %(expected)s; %(p)s") % {
            "observed": percent(block.get("observed_share")),
            "expected": percent(block.get("expected_share")),
            "p": p_value(p_share),
        }
    elif test:
        found = f"χ²({degrees(test['df'])}) = {plain(test['statistic'])}, {p_value(test['p'])}"
    else:
        return None
    shown = _shown(p_share, alpha) or _shown(get(test, "p"), alpha)
    words = (
        _("2nd choices do not follow from the same worths as 1st choices: read the worths with care.")
        if shown
        else _("No sign that 2nd choices follow other worths than 1st choices.")
    )
    return [_("One scale for 1st and 2nd"), found, words]


def _match_control(data: Mapping[str, Any], alpha: float) -> list[str] | None:
    test = data.get("match_control")
    if not test:
        return None
    found = percent(test.get("share")) + ", " + p_value(test.get("p"))
    words = (
        _("More often than by chance people chose the image of the clip they heard over another clip's.")
        if _shown(test.get("p"), alpha) and (test.get("share") or 0) > 0.5
        else _("It is not shown that people told the clip's own image from another clip's.")
    )
    return [_("Match control"), found, words]


def _drop_out(data: Mapping[str, Any]) -> list[str] | None:
    test = data.get("drop_out")
    if not test or test.get("complete") is None:
        return None
    words = _("people answered every trial")
    if missing := test.get("missing_ballots"):
        words += "; " + _("%(n)s answers are missing") % {"n": missing}
    return [
        _("Drop-out"),
        _("%(complete)s of %(people)s") % {"complete": test["complete"], "people": data["n_participants"]},
        words,
    ]


def _none_fits(data: Mapping[str, Any]) -> list[str] | None:
    n = get(data, "counts", "none_fits")
    if not n:
        return None
    return [
        _("“None of them fits”"),
        _("%(n)s of %(all)s") % {"n": n, "all": data["n_ballots"]},
        _("answers; they count as answers that give no points"),
    ]


def _excluded(data: Mapping[str, Any]) -> list[str] | None:
    n = get(data, "counts", "excluded")
    return (
        [_("Excluded"), str(n), _("answers, left out of everything but the table of what is left out")] if n else None
    )


def sensitivity_rows(data: Mapping[str, Any], context: ReportContext) -> list[list[str]]:
    """Rows (what is left out, estimate, p, condition with the most points)."""
    block = data.get("sensitivity") or {}
    labels = {view.key: view.label for view in context.conditions}
    clips = {view.key: view.label for view in context.clips}
    primary = data.get("primary")
    if not primary:  # without the two factors there is no contrast to follow; see the note
        return []
    best = _best(data)
    rows = [[_("As analysed"), plain(primary.get("estimate")), p_value(primary.get("p")), labels.get(best, best)]]
    for title, names, found in (
        (_("Without one clip"), clips, get(block, "clips", "answers") or []),
        (_("Without one person"), {}, get(block, "participants", "answers") or []),
    ):
        rows += _extremes(title, names, labels, found)
    for row in block.get("exclusions") or []:
        title = _("With the excluded answers") if "excluded" in str(row.get("name")) else str(row.get("name"))
        rows.append([title, plain(row.get("estimate")), p_value(row.get("p")), _first(row, labels)])
    return rows if len(rows) > 1 else []


def _first(row: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    best = get(row, "order", 0)
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
            p_value(row.get("p")),
            _first(row, labels),
        ]
        for word, row in ((_("lowest"), lowest), (_("highest"), highest))
    ]


def _best(data: Mapping[str, Any]) -> str:
    scores = data.get("scores") or {}
    return max(scores, key=lambda key: scores[key].get("mean_points") or 0.0, default="")


def sensitivity_note(data: Mapping[str, Any], context: ReportContext) -> str:
    """What leaving out each clip and each person does to p and to the first place."""
    best = _best(data)
    label = next((view.label for view in context.conditions if view.key == best), best)
    sentences = []
    for template, found in (
        (
            _("Leaving out each clip in turn, “%(best)s” has the most points in %(n)s of %(all)s."),
            get(data, "sensitivity", "clips"),
        ),
        (
            _("Leaving out each of %(all)s people in turn, “%(best)s” has the most points in %(n)s."),
            get(data, "sensitivity", "participants"),
        ),
    ):
        if found and best:
            sentences.append(template % {"best": label, "n": f"{found['same_best']:,}", "all": f"{found['units']:,}"})
    clips = get(data, "sensitivity", "clips", "answers") or []
    tested = [row["p"] for row in clips if row.get("p") is not None]
    if tested and data.get("primary"):
        sentences.append(
            _("Without one clip, p lies between %(low)s and %(high)s.")
            % {"low": plain(min(tested), 3), "high": plain(max(tested), 3)}
        )
    return " ".join(sentences)


def random_effects_note(data: Mapping[str, Any]) -> str:
    """The spread of tastes under the random-effects model."""
    block = data.get("random_effects")
    if not block or not block.get("converged"):
        return ""
    return _(
        "With random effects: tastes differ by SD %(people)s between people and %(clips)s between clips on the "
        "log-worth scale."
    ) % {"people": plain(block.get("sd_participants")), "clips": plain(block.get("sd_clips"))}


def separation_note(data: Mapping[str, Any], context: ReportContext) -> list[str]:
    """Plain sentences about conditions that were always or never chosen."""
    fit = data.get("plackett_luce") or {}
    found = []
    if fit.get("separated"):
        found.append(
            _(
                "* Separated: always or never chosen over the others, so its worth has no finite estimate. What is "
                "shown is penalised (Firth), its interval a penalised profile."
            )
        )
    labels = {view.key: view.label for view in context.conditions}
    found += translated([str(bound.get("text")) for bound in fit.get("bounds") or []], labels)
    return found


def quasi_note(data: Mapping[str, Any]) -> str:
    """How good the quasi-variances are."""
    error = get(data, "plackett_luce", "quasi_variances", "largest_relative_error")
    if error is None:
        return ""
    return _(
        "Quasi-SE: two conditions differ by about the root of the sum of their squares; off by at most %(error)s."
    ) % {"error": percent(abs(error), 1)}
