"""Bets win from a leak, and as seldom as promised from noise."""

import numpy as np
import pytest

from study.blinding_audit.betting import TrialRows, could_win, log_wealth
from study.blinding_audit.bit_channels import BitChannels


def orders(trials, seed, conditions=(0, 1, 2, 3)):
    rng = np.random.default_rng(seed)
    return TrialRows(np.array([rng.permutation(conditions) for _ in range(trials)]), 4)


@pytest.mark.parametrize("conditions", [(0, 1, 2, 3), (0, 0, 2, 2), (3, 1)], ids=["all", "match control", "two"])
@pytest.mark.parametrize("values", [2, 12])
def test_noise_multiplies_the_stake_by_x_in_at_most_one_of_x_channels(values, conditions):
    rows = orders(40, 1, conditions)
    noise = np.random.default_rng(2).integers(0, values, (3000, 40, len(conditions))).astype(np.int32)
    wealth = np.exp(log_wealth(noise, rows))
    for x in (5, 20, 100):
        assert (wealth >= x).mean() <= 1 / x
    # The control: a bettor who knows the outcome of every third trial breaks the bound.
    noise[:, ::3] = 100 + rows.conditions[::3]
    assert (log_wealth(noise, rows) > np.log(100)).mean() > 0.5


def test_a_rule_without_exceptions_wins_more_than_any_threshold():
    rows = orders(48, 3)
    first = rows.conditions[:, :1] * 4 + np.arange(4)
    one_bit = rows.conditions // 2
    rare = np.where(rows.conditions == 2, 1, 0)
    written = (rows.conditions @ [64, 16, 4, 1])[:, None] * 4 + np.arange(4)
    codes = np.stack([rows.conditions, first, one_bit, rare, written]).astype(np.int32)
    won = log_wealth(codes, rows)
    assert (won[:4] > 25).all()
    assert (could_win(codes, rows) > 25).all()  # so that the screen leaves none of them out


def test_tokens_that_occur_once_or_are_missing_change_nothing():
    rows = orders(20, 4)
    once = np.arange(80).reshape(1, 20, 4).astype(np.int32)
    assert log_wealth(once, rows)[0] == pytest.approx(0)
    assert log_wealth(np.full((1, 20, 4), -1, np.int32), rows)[0] == pytest.approx(0)


def test_the_exclusive_or_of_two_bits_is_among_the_most_promising():
    rows = orders(60, 5)
    rng = np.random.default_rng(6)
    words = []
    for condition in rows.conditions.ravel():
        digits = rng.integers(0, 16, 24)
        digits[20] = digits[20] // 2 * 2 + ((digits[3] & 1) ^ (condition & 1))
        words.append("".join(f"{digit:x}" for digit in digits))
    bits = BitChannels(rows, np.repeat(np.arange(60), 4), np.tile(np.arange(4), 60))
    bits.add("token", words)
    name, codes = next((name, codes) for is_pair, name, codes in bits.most_promising() if is_pair)
    assert "character 3, bit 0" in name
    assert "character 20, bit 0" in name
    assert log_wealth(codes[None], rows)[0] > 25


def pairs(trials, seed):
    """Trials that show two of four conditions each, in a random order."""
    rng = np.random.default_rng(seed)
    return TrialRows(np.array([rng.permutation(4)[:2] for _ in range(trials)]), 4)


def test_with_two_images_a_trial_chance_is_that_of_the_two_shown():
    rows = pairs(80, 7)
    shown = np.sort(rows.conditions)
    letters = np.arange(2)
    which_two = (shown @ [4, 1])[:, None] * 2 + letters
    which_order = (rows.conditions @ [4, 1])[:, None] * 2 + letters
    never_third = np.where(rows.conditions == 2, 1, 0)
    won = log_wealth(np.stack([which_two, which_order, rows.conditions, never_third]).astype(np.int32), rows)
    # Who knows which two are shown, and not on which side each is, guesses no better than by tossing a coin.
    assert won[0] < np.log(20)
    assert (won[1:3] > 17).all()
    assert won[3] > 17
    noise = np.random.default_rng(8).integers(0, 2, (3000, 80, 2)).astype(np.int32)
    wealth = np.exp(log_wealth(noise, rows))
    for x in (5, 20, 100):
        assert (wealth >= x).mean() <= 1 / x


def test_a_whole_trials_leak_of_pairs_passes_the_screen():
    rows = pairs(80, 9)
    side = (rows.conditions[:, :1] // 2) * 2 + np.arange(2)
    assert could_win(side[None].astype(np.int32), rows)[0] > 8.5
