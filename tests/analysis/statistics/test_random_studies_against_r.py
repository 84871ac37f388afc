"""`manage.py analyze` on random studies against R; r/random_studies.py and r/random_studies.R made the data."""

import csv
import json
import math
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from scipy import stats

HERE = Path(__file__).parent / "r"
WANTED = json.loads((HERE / "random_studies.json").read_text())


def rows_by_study() -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    with (HERE / "random_studies.csv").open() as file:
        for row in csv.DictReader(file):
            found.setdefault(row["study"], []).append(row)
    return found


ROWS = rows_by_study()


@pytest.fixture(scope="module", params=list(WANTED))
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any, str]:
    """What the command says of a study, what R says, and the study's name."""
    rows, folder = ROWS[request.param], tmp_path_factory.mktemp("study")
    with (folder / "ballots.csv").open("w", newline="") as file:
        out = csv.DictWriter(file, ("participant", "clip", "first", "second", "position_first"), extrasaction="ignore")
        out.writeheader()
        out.writerows(rows)
    keys = rows[0]["keys"].split(";")
    call_command(
        "analyze",
        str(folder / "ballots.csv"),
        json=str(folder / "out.json"),
        draws=200,
        weights=f"{rows[0]['w1']},{rows[0]['w2']}",
        conditions=",".join(keys),
        reference=keys[-1],
    )
    return json.loads((folder / "out.json").read_text()), WANTED[request.param], request.param


def close(value: float) -> Any:
    return pytest.approx(value, rel=1e-6, abs=1e-9)


def test_points_and_friedman(pair):
    ours, r, _ = pair
    for number, row in enumerate(ours["scores"].values()):
        assert row["points"] == close(r["points"][number])
        assert row["mean_points"] == close(r["mean_points"][number])
    assert [ours["friedman"]["statistic"], ours["friedman"]["p"]] == close(r["friedman"])
    n, k = ours["n_participants"], len(ours["conditions"])
    assert ours["kendall_w"] == close(r["friedman"][0] / (n * (k - 1)))


def test_pairs_with_wilcoxon_and_holm(pair):
    ours, r, name = pair
    for row, wanted, holm in zip(ours["pairwise"], r["pairs"], _listed(r["holm"]), strict=True):
        assert [row["wilcoxon"]["statistic"], row["wilcoxon"]["p"]] == close(wanted[:2])
        assert row["wilcoxon"]["p_holm"] == close(holm)
        assert [row["difference"], *row["ci95"]] == close(wanted[2:])
    if name == "many":  # more than fifty differences, the other formula
        assert not any(row["wilcoxon"]["exact"] for row in ours["pairwise"])


def test_worths_with_both_errors(pair):
    ours, r, _ = pair
    fit = ours["plackett_luce"]
    free = [key for key in ours["conditions"] if key != fit["reference"]]
    for name in ("log_worth", "se", "se_robust"):
        assert [fit[name][key] for key in free] == close(_listed(r[name]))
    assert fit["loglik"] == close(r["loglik"])
    total = sum(math.exp(value) for value in fit["log_worth"].values())
    for key, worth in fit["worth"].items():
        assert worth == close(math.exp(fit["log_worth"][key]) / total)


def test_contrasts_from_the_mean_squares_of_the_complete_study(pair):
    ours, r, _ = pair
    if "mean_squares" not in r:
        return
    p, c, n = ours["n_participants"], ours["n_clips"], ours["n_ballots"]
    tests = dict(zip(("redefined", "sentence", "interaction"), [ours["primary"], *ours["secondary"]], strict=True))
    for name, (mean, msp, msc, mse) in r["mean_squares"].items():
        v = max(msp + msc - mse, msp, msc) / n
        df = max(c - 1, (n * v) ** 2 / (msp**2 / (p - 1) + msc**2 / (c - 1) + mse**2 / ((p - 1) * (c - 1))))
        t = mean / math.sqrt(v)
        half = stats.t.ppf(0.975, df) * math.sqrt(v)
        row = tests[name]
        assert [row[key] for key in ("estimate", "se", "df", "t", "p")] == close(
            [mean, math.sqrt(v), df, t, 2 * stats.t.sf(abs(t), df)]
        )
        assert row["ci95"] == close([mean - half, mean + half])
    assert sorted(row["p_holm"] for row in ours["secondary"]) == close(
        sorted(_holm([row["p"] for row in ours["secondary"]]))
    )


def _holm(pair: list[float]) -> list[float]:
    low, high = sorted(pair)
    return [min(1.0, 2 * low), min(1.0, max(2 * low, high))]


def _listed(value: Any) -> list[float]:
    return value if isinstance(value, list) else [value]
