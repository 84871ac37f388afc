"""Designs and data off the clean case: images not shown, few clips, missing seconds, groups of people."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from analysis.statistics.analysis import analyse
from analysis.statistics.ballots import NONE, PRESET, Ballots
from analysis.statistics.contrast_tests import ContrastTester, cells_of
from analysis.statistics.contrasts import mean_centred, mean_shown, pair_contrasts, points_contrasts
from analysis.statistics.crossed_design import CrossedDesign
from analysis.statistics.design_checks import drop_out
from analysis.statistics.errors import DesignError
from analysis.statistics.missing_seconds import missing_seconds
from analysis.statistics.moderators import welch
from analysis.statistics.plan_and_result import AnalysisPlan
from analysis.statistics.ranks import friedman, wilcoxon
from analysis.statistics.smallest_difference import compare_with_smallest
from analysis.tables.result_json import to_json
from tests.analysis.sample_ballots import simulated

QUICK = AnalysisPlan(draws=200, random_effects=False)
WEIGHTS = (3.0, 1.0)
REDEFINED = points_contrasts({"redefined": PRESET[:2]}, PRESET)[0]


def null_study(seed: int, *, people: int = 20, clips: int = 8, shown_share: float = 0.3) -> Ballots:
    """Equally good images, the first condition shown on a share of the ballots only; tastes and clips differ."""
    rng = np.random.default_rng(seed)
    utility = (
        0.8 * rng.standard_normal((people, 1, 4))
        + 0.7 * rng.standard_normal((1, clips, 4))
        + rng.gumbel(size=(people, clips, 4))
    )
    utility[rng.random((people, clips)) > shown_share, 0] = -np.inf
    ranked = np.argsort(-utility, axis=-1).reshape(-1, 4).astype(np.int8)
    here = np.isfinite(utility).reshape(-1, 4)
    order = np.where(np.take_along_axis(here, ranked.astype(int), axis=1), ranked, NONE).astype(np.int8)
    study = simulated(people, clips, seed=seed)
    return replace(study, first=ranked[:, 0], second=ranked[:, 1], order=order)


def divided_by_all_ballots(study: Ballots) -> float | None:
    """The control: points as if every ballot had shown every image."""
    test = ContrastTester(replace(study, order=None), cells_of(study), WEIGHTS).new_clips(REDEFINED)
    return test and test.p


def test_a_condition_that_is_seldom_shown_does_not_lose_by_that():
    ours, control = [], []
    for seed in range(120):
        study = null_study(seed)
        ours.append(ContrastTester(study, cells_of(study), WEIGHTS).new_clips(REDEFINED).p < 0.05)
        control.append(divided_by_all_ballots(study) < 0.05)
    assert np.mean(ours) <= 0.12  # 0.05 and three standard errors
    assert np.mean(control) > 0.5


def test_points_are_per_showing_and_what_was_not_shown_is_no_loss():
    study = null_study(1)
    data = to_json(analyse(study, QUICK))
    shown = study.shown[:, 0]
    people = [
        (3 * (study.first[rows] == 0) + (study.second[rows] == 0)).mean()
        for i in range(study.p)
        if (rows := (study.participant == i) & shown).any()
    ]
    assert data["scores"]["redefined_tags"]["mean_points"] == pytest.approx(np.mean(people))
    assert data["exposure"]["shown"]["redefined_tags"] == shown.sum()
    assert data["exposure"]["unequal"]
    pair = next(pair for pair in data["pairwise"] if {pair["a"], pair["b"]} == set(PRESET[:2]))
    assert sum(pair["superiority"][key] for key in ("above", "below", "tied")) == shown.sum()
    assert any("per showing" in warning for warning in data["warnings"])


def test_a_ballot_without_one_side_does_not_enter_and_is_counted():
    study = null_study(2)
    order = study.order.copy()
    order[:10] = [2, 3, NONE, NONE]  # two original images
    study = replace(
        study,
        order=order,
        first=np.where(np.arange(study.n) < 10, 2, study.first).astype(np.int8),
        second=np.where(np.arange(study.n) < 10, 3, study.second).astype(np.int8),
    )
    data = to_json(analyse(study, QUICK))
    assert data["exposure"]["left_out"]["redefined_minus_original"] == 10
    kept = study.select(np.arange(study.n) >= 10)
    alone = to_json(analyse(kept, QUICK))
    for key in ("estimate", "se", "df", "p", "ci95"):
        assert data["primary"][key] == pytest.approx(alone["primary"][key])


def test_showing_all_images_is_the_same_as_not_saying_so():
    study = simulated(seed=4)
    order = np.tile(np.arange(4, dtype=np.int8), (study.n, 1))
    one, other = (to_json(analyse(ballots, QUICK)) for ballots in (study, replace(study, order=order)))
    for key in ("primary", "secondary", "scores", "pairwise", "friedman", "plackett_luce", "sensitivity"):
        assert one[key] == other[key]


@pytest.mark.parametrize(("clips", "speaks"), [(2, False), (4, False), (5, True)])
def test_below_five_clips_nothing_is_said_about_new_ones(clips, speaks):
    data = to_json(analyse(simulated(12, clips), QUICK))
    assert (data["primary"] is not None) is speaks
    assert all((pair["new_clips"] is not None) is speaks for pair in data["pairwise"])
    assert (data["factorial"]["redefined"]["ci95_new_clips"] is not None) is speaks
    assert len(data["these_clips"]) == 3
    assert any("nothing is said about new clips" in warning for warning in data["warnings"]) is not speaks


def test_one_clip_seen_by_all_and_five_by_a_few_count_as_few():
    study = simulated(40, 6)
    few = study.select((study.clip == 0) | (study.participant < 4))
    result = analyse(few, QUICK)
    assert result.effective_clips == pytest.approx(60**2 / (40**2 + 5 * 4**2))
    assert result.primary is None
    assert "unequal_clips" in {caution.code for caution in result.warnings}


@pytest.mark.parametrize("k", [2, 3, 5, 6])
def test_pairs_speak_of_new_clips_without_factors(k):
    study = simulated(20, 8, mu=(1.5, *[0.0] * (k - 1)), conditions=tuple("abcdef"[:k]))
    data = to_json(analyse(study, QUICK))
    assert data["primary"] is None
    pair = data["pairwise"][0]["new_clips"]
    assert set(pair) == {"estimate", "se", "df", "t", "p", "p_holm", "ci95"}
    y = np.where(study.first == 0, 3.0, study.second == 0) - np.where(study.first == 1, 3.0, study.second == 1)
    assert pair["estimate"] == pytest.approx(y.mean())
    assert pair["p_holm"] >= pair["p"]


def test_simple_effects_are_the_differences_within_a_level():
    study = simulated(20, 8)
    points = study.points(WEIGHTS)
    found = {row["within"]: row for row in to_json(analyse(study, QUICK))["simple_effects"]}
    assert found["tags"]["estimate"] == pytest.approx((points[:, 0] - points[:, 2]).mean())
    assert found["sentence"]["estimate"] == pytest.approx((points[:, 1] - points[:, 3]).mean())
    data = to_json(analyse(study, QUICK))
    total = found["tags"]["estimate"] + found["sentence"]["estimate"]
    assert data["primary"]["estimate"] == pytest.approx(total)


def test_the_smallest_difference_has_three_verdicts():
    test = analyse(simulated(30, 12), QUICK).primary
    low, high = test.ci95
    assert compare_with_smallest(test, low - 0.01, 0.05).verdict == "at least that large"
    assert compare_with_smallest(test, test.estimate, 0.05).verdict == "undecided"
    assert compare_with_smallest(test, high + 0.01, 0.05).verdict == "excluded"
    reverse = replace(test, estimate=-test.estimate)
    assert compare_with_smallest(reverse, low - 0.01, 0.05).verdict == "at least that large"
    assert compare_with_smallest(replace(test, se=0.0), 0.01, 0.05).verdict == "undecided"
    for wrong in (0.0, -1.0, 4.5, float("nan")):
        with pytest.raises(DesignError, match="smallest difference"):
            analyse(simulated(), replace(QUICK, smallest=wrong))


def with_missing_seconds(seed: int, after_high: float, after_low: float) -> Ballots:
    study = simulated(120, 12, sd=(0.0, 0.0), mu=(0.0,) * 4, seed=seed)
    missing = np.random.default_rng(seed + 1000).random(study.n) < np.where(study.first < 2, after_high, after_low)
    return replace(study, second=np.where(missing, NONE, study.second).astype(np.int8))


def test_seconds_that_are_missing_for_a_reason_do_not_tilt_the_primary_test():
    firsts_alone, weighted = [], []
    for seed in range(60):
        study = with_missing_seconds(seed, 0.9, 0.0)
        tester = ContrastTester(study, cells_of(study), WEIGHTS)
        firsts_alone.append(tester.new_clips(REDEFINED, (3.0, 0.0)).p < 0.05)
        weighted.append(tester.new_clips(REDEFINED).p < 0.05)
    assert np.mean(firsts_alone) <= 0.13
    assert np.mean(weighted) > 0.2  # the control


def test_missing_seconds_are_counted_tested_and_bounded():
    study = with_missing_seconds(3, 0.6, 0.15)
    data = to_json(analyse(study, replace(QUICK, second_choice="optional")))
    block = data["missing_seconds"]
    assert block["missing"] == (study.second < 0).sum()
    assert block["by_first"]["redefined_tags"] == {
        "firsts": (study.first == 0).sum(),
        "missing": ((study.first == 0) & (study.second < 0)).sum(),
    }
    assert block["test"]["p"] < 0.001
    low, high = (bound["estimate"] for bound in block["bounds"])
    points = study.points(WEIGHTS)
    y = points[:, :2].sum(axis=1) - points[:, 2:].sum(axis=1)
    missing = study.second < 0
    assert (low, high) == pytest.approx(((y - missing).mean(), (y + missing).mean()))
    assert block["weighted"]["estimate"] == pytest.approx(y.mean())
    firsts = np.where(study.first < 2, 3.0, -3.0)
    assert data["primary"]["estimate"] == pytest.approx(firsts.mean())
    required = to_json(analyse(study, QUICK))
    assert required["primary"]["estimate"] == pytest.approx(y.mean())
    assert required["missing_seconds"]["weighted"] is None


def test_seconds_missing_at_random_are_not_told_as_missing_for_a_reason():
    rejected = []
    for seed in range(100):
        study = with_missing_seconds(seed, 0.4, 0.4)
        tester = ContrastTester(study, cells_of(study), WEIGHTS)
        rejected.append(missing_seconds(tester, None, first_choices_alone=False).test.p < 0.05)
    assert np.mean(rejected) <= 0.13


def test_welch_with_two_groups_is_welchs_t_and_with_three_keeps_its_level():
    rng = np.random.default_rng(0)
    a, b = rng.normal(0, 1, 12), rng.normal(0.5, 3, 30)
    statistic, df, df_error, p = welch([a, b])
    reference = stats.ttest_ind(a, b, equal_var=False)
    assert (statistic, df, p) == pytest.approx((reference.statistic**2, 1.0, reference.pvalue))
    assert df_error == pytest.approx(reference.df)
    level = np.mean(
        [welch([rng.normal(0, sd, n) for sd, n in ((1, 8), (3, 15), (2, 30))])[3] < 0.05 for _ in range(600)]
    )
    assert level <= 0.08
    assert welch([a, np.zeros(6)]) == (None, None, None, None)


def test_a_moderator_shows_where_groups_differ_and_hides_small_groups():
    study = simulated(40, 6, mu=(0.0,) * 4, seed=5)
    fans = study.participant < 18
    first = np.where(fans, 0, study.first).astype(np.int8)
    study = replace(study, first=first, second=np.where(fans, 1, study.second).astype(np.int8))
    study = replace(study, second=np.where(study.second == study.first, NONE, study.second).astype(np.int8))
    groups = ["fan"] * 18 + ["other"] * 17 + ["rare"] * 3 + [""] * 2
    block = to_json(analyse(study, QUICK, moderators={"device": groups}))["moderators"][0]
    # The number of fans is not told either: with it, three people would be known to be rare.
    assert [(group["group"], group["participants"]) for group in block["groups"]] == [("fan", None), ("other", 17)]
    assert block["groups"][0]["estimate"] == pytest.approx(4.0)
    assert (block["too_small"], block["unknown"]) == (None, 2)
    with pytest.raises(DesignError, match="39 values for 40"):
        analyse(study, QUICK, moderators={"device": groups[:-1]})


def test_without_known_pieces_the_primary_test_is_that_of_the_other_ballots():
    study = simulated(20, 8, seed=3)
    known = np.random.default_rng(1).random(study.n) < 0.25
    study = replace(study, first=np.where(known, 2, study.first).astype(np.int8))  # who knows a piece likes another
    study = replace(study, second=np.where(study.second == study.first, NONE, study.second).astype(np.int8))
    rest = study.select(~known)
    with_all = to_json(analyse(study, QUICK, n_known=int(known.sum()), without_known=rest))
    found, alone = with_all["sensitivity"]["known_pieces"], to_json(analyse(rest, QUICK))["primary"]
    assert (found["estimate"], found["p"], found["ci95"]) == (alone["estimate"], alone["p"], alone["ci95"])
    assert found["estimate"] > with_all["primary"]["estimate"]
    assert found["ballots"] == known.sum()


def test_if_nobody_was_asked_nobody_knew_or_everybody_did_no_estimate_is_made_up():
    study = simulated(6, 6)
    assert to_json(analyse(study, QUICK))["sensitivity"]["known_pieces"] is None
    for n_known in (0, study.n):
        found = to_json(analyse(study, QUICK, n_known=n_known))["sensitivity"]["known_pieces"]
        assert (found["ballots"], found["estimate"], found["order"]) == (n_known, None, [])


def test_groups_of_people_without_a_primary_contrast_are_missed_in_words():
    study = replace(simulated(12, 6), conditions=("a", "b", "c", "d"))
    data = to_json(analyse(study, QUICK, moderators={"device": ["phone"] * 6 + ["desk"] * 6}))
    assert data["moderators"] is None
    assert any(text.startswith("Groups of people are not compared") for text in data["warnings"])


def test_prediction_agrees_with_the_simulated_population():
    data = to_json(analyse(simulated(40, 12, (0.8, 0.7), seed=1), AnalysisPlan(draws=200)))["prediction"]
    rng = np.random.default_rng(0)
    spread = np.sqrt(0.8**2 + 0.7**2)
    utility = np.array([1.4, 1.8, 0, 0]) + spread * rng.standard_normal((200_000, 4)) + rng.gumbel(size=(200_000, 4))
    truth = np.bincount(utility.argmax(axis=1), minlength=4) / 200_000
    for key, share in zip(PRESET, truth, strict=True):
        low, high = data["first"][key]["ci95"]
        assert low - 0.02 <= share <= high + 0.02
    assert sum(row["estimate"] for row in data["first"].values()) == pytest.approx(1)
    assert data["share_of_clips"]["estimate"] > 0.95
    assert data["sd_clips"]["ci95"][0] < 0.7 < data["sd_clips"]["ci95"][1]
    assert to_json(analyse(simulated(20, 4), AnalysisPlan(draws=200)))["prediction"] is None


def test_due_is_what_the_plan_held_and_not_all_clips():
    study = simulated(4, 16)
    keep = (study.clip - 4 * study.participant) % 16 < 4
    keep &= ~((study.participant > 0) & (study.clip == 4 * study.participant))  # three of four answers of three people
    found = drop_out(study.select(keep), 4)
    assert (found.due, found.given, found.missing_ballots, found.complete) == (16, 13, 3, 1)
    assert drop_out(study.select(keep)).due == 16  # as many as the most answered by one
    codes = {caution.code for caution in analyse(study.select(keep), QUICK).warnings}
    assert {"missing", "due_assumed"} <= codes


def test_large_weights_change_no_rank():
    study = simulated(seed=6)
    one, other = (to_json(analyse(study, replace(QUICK, weights=w))) for w in ((3.0, 1.0), (3e5, 1e5)))
    for a, b in zip(one["pairwise"], other["pairwise"], strict=True):
        assert a["wilcoxon"] == b["wilcoxon"]
    differences = np.array([0.1 + 0.2, -0.3, 0.5, 0.7]) * 1e5
    assert wilcoxon(differences / 1e5).statistic == wilcoxon(np.array([0.3, -0.3, 0.5, 0.7])).statistic
    assert one["friedman"] == other["friedman"]


def test_sequential_needs_two_sides_of_equal_size():
    study = simulated(mu=(0.0,) * 3, conditions=tuple("abc"))
    with pytest.raises(DesignError, match="equally many conditions"):
        analyse(study, replace(QUICK, factors={"x": ("a",)}, sequential=True))


def test_limits_of_a_contrast_are_what_a_ballot_can_show():
    study = simulated()
    assert REDEFINED.limits(study.answers, WEIGHTS) == (-4.0, 4.0)
    _, _, pair = pair_contrasts(4)[0]
    assert pair.limits(study.answers, WEIGHTS) == (-3.0, 3.0)


def test_ranks_are_of_points_against_the_ballots_own_mean():
    """An image among two gets more points than one among four: only against the ballot's mean can they be compared."""
    against_mean, as_they_are = [], []
    for seed in range(60):
        study = of_two_or_four(seed)
        for rejected, means in ((against_mean, mean_centred), (as_they_are, mean_shown)):
            values, seen = means(study, WEIGHTS)
            test, _ = friedman(values[seen.all(axis=1)])
            rejected.append(test.p < 0.05)
    assert np.mean(against_mean) <= 0.15
    assert np.mean(as_they_are) > 0.5  # the control


def of_two_or_four(seed: int) -> Ballots:
    """A null study without tastes: half of the ballots show two images, the first condition mostly among them."""
    rng = np.random.default_rng(seed)
    utility = rng.gumbel(size=(40 * 8, 4))
    few = rng.random(len(utility)) < 0.5
    utility[few, 2:] = -np.inf
    ranked = np.argsort(-utility, axis=-1).astype(np.int8)
    order = np.where(np.isfinite(np.take_along_axis(utility, ranked.astype(int), axis=1)), ranked, NONE)
    return replace(simulated(40, 8), first=ranked[:, 0], second=ranked[:, 1], order=order.astype(np.int8))


def test_a_sparse_table_without_a_variance_says_nothing_instead_of_an_interval_of_no_width():
    person = np.array([0, 0, 1, 2, 2, 3, 3, 4, 4, 4, 5, 5, 5, 5])
    clip = np.array([2, 4, 1, 0, 5, 1, 5, 0, 2, 4, 0, 1, 3, 5])
    y = np.array([-1.0, 1, -1, -1, 1, 1, 1, 1, 1, -1, 1, 1, -1, -1])
    design = CrossedDesign(person, clip)
    assert design.estimable
    assert design.mean(y) is None
    assert design.mean(np.ones(14)).variance == 0
