"""Which of the tagger's tags a clip gets: each by its own threshold, where thresholds were tuned."""

import json

import numpy as np
import pytest

from generation.errors import StepFailed
from generation.redefinition import load_rules
from generation.runs.steps.redefine import DetectorEvidence, original_tags, redefine_clip
from generation.settings_model import GenerationSettings
from generation.tagging import ClmrOptions, TaggingError, build_tagger
from generation.tagging.base import read_thresholds
from generation.tagging.evaluate import evaluate

HEARD = {"guitar": 0.6, "slow": 0.3, "drums": 0.25, "harp": 0.04, "choir": 0.02, "flute": 0.01}


def predicted(thresholds=None, **settings):
    evidence = DetectorEvidence(HEARD, None, thresholds or {})
    source, tags = original_tags("a.mp3", [], evidence, GenerationSettings(**settings))
    assert source == "predicted"
    return tags


def test_without_thresholds_one_floor_counts_for_all():
    assert predicted(tag_floor=0.1) == ["guitar", "slow", "drums"]


def test_each_tag_has_a_threshold_of_its_own():
    own = {"guitar": 0.7, "slow": 0.2, "drums": 0.2, "harp": 0.03, "choir": 0.01, "flute": 0.5}
    assert predicted(own) == ["slow", "drums", "harp", "choir"]
    assert predicted(own, tag_limit=3) == ["slow", "drums", "harp"]


def test_a_clip_that_passes_no_threshold_keeps_three_tags():
    assert predicted(dict.fromkeys(HEARD, 0.9)) == ["guitar", "slow", "drums"]


def test_a_clip_of_which_the_rules_leave_no_tag_is_named_with_its_tags():
    settings = GenerationSettings()
    with pytest.raises(StepFailed, match=r"a\.mp3: the rules leave no tag of no piano, lol\. Give the clip a tag for"):
        redefine_clip("a.mp3", ["no piano", "lol"], DetectorEvidence({}, None), {}, settings, load_rules("curated"))


@pytest.fixture
def evaluated(tmp_path):
    """What `evaluate_tagger --json` writes of a tagger that is sure of one tag and shy of the other."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, (400, 2)).astype(np.uint8)
    probabilities = np.column_stack(
        [0.5 + 0.4 * (labels[:, 0] - 0.5), 0.04 + 0.04 * (labels[:, 1] - 0.5)]
    ) + rng.normal(0, 0.005, (400, 2))
    valid, test = slice(0, 200), slice(200, 400)
    result = evaluate(
        probabilities[test],
        ["loud", "shy"],
        labels[test],
        ["loud", "shy"],
        valid=(probabilities[valid], labels[valid]),
    )
    path = tmp_path / "evaluated.json"
    path.write_text(json.dumps(result.record()))
    return path, result


def test_thresholds_tuned_on_the_valid_split_beat_one_constant(evaluated):
    _, result = evaluated
    assert result.thresholds[0] > 0.4
    assert result.thresholds[1] < 0.06
    assert result.f1 > 0.99  # by one constant of 0.2, everything is loud and nothing shy: 0.67 and 0


def test_thresholds_are_read_from_an_evaluation(evaluated):
    path, result = evaluated
    assert read_thresholds(path, ["shy", "loud"]) == pytest.approx(tuple(result.thresholds[::-1]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", "no thresholds"),
        ("no JSON", "cannot be read"),
        ('{"tags": {"a": {"threshold": 2}}}', "of 'a'"),
    ],
)
def test_another_file_is_refused(tmp_path, text, message):
    (tmp_path / "t.json").write_text(text)
    with pytest.raises(TaggingError, match=message):
        read_thresholds(tmp_path / "t.json", ["a"])


def test_thresholds_of_a_file_replace_those_of_a_head(tmp_path, evaluated):
    from generation.tagging.clmr import Head, SampleCNN, save_encoder, save_head

    save_encoder(SampleCNN(widths=(4, 4, 4, 8)), tmp_path / "e.pt")
    save_head(Head(8, 2, tags=["loud", "shy"], thresholds=[0.5, 0.5]), tmp_path / "h.pt")
    options = ClmrOptions(encoder=str(tmp_path / "e.pt"), head=str(tmp_path / "h.pt"), runtime="torch")
    assert build_tagger(options).thresholds == (0.5, 0.5)
    options = options.model_copy(update={"thresholds": str(evaluated[0])})
    assert build_tagger(options).thresholds == pytest.approx(tuple(evaluated[1].thresholds))
