"""A short form of the proof: a fiftieth of the data sets, the controls must fail here too."""

import pytest

from benchmarks import proof_by_simulation as proof
from benchmarks import proof_of_meta_analysis as several
from benchmarks import proof_of_pairs
from benchmarks import proof_of_ratings as ratings
from benchmarks import proof_where_the_clean_case_ends as off
from benchmarks.proof_checks import row

SHORT = {
    "level": lambda: [proof.participant_t_mirrored(300), *proof.primary_level(300)],
    "e-process": lambda: [*proof.e_process_level(200)],
    "images not shown": lambda: [*off.exposure_levels(80), off.control_points_of_all_ballots(80)],
    "clips and positions": lambda: [*off.clip_levels(80), off.position_level(200)],
    "ratings": lambda: [*ratings.level(80), *ratings.coverage(60), ratings.control_cannot_say_is_lowest(40)],
    "pairs with ties": lambda: [*proof_of_pairs.pair_checks(60, 20_000)],
    "several studies": lambda: [*several.meta_checks(200), *several.alike_checks(200)],
    "controls": lambda: [
        several.control_fixed_effect(200),
        several.control_normal_interval(400),
        proof.control_participant_t(500),
        proof.control_free_relabelling(100),
        proof.control_repeated_t(300),
    ],
}


@pytest.mark.parametrize("part", SHORT)
def test_promises_hold_and_controls_fail(part):
    broken = [row(check) for check in SHORT[part]() if not check.passed]
    assert not broken


def test_coverage_holds_and_the_raw_sandwich_falls_short(monkeypatch):
    monkeypatch.setattr(proof, "FRESH", 240_000)  # the true values, precise enough for so few data sets
    checks = [proof.jackknife_coverage(300), proof.bootstrap_coverage(300), proof.control_raw_sandwich(400)]
    assert not [row(check) for check in checks if not check.passed]


def test_the_permutation_test_keeps_its_level():
    assert proof.permutation_level(200).passed
