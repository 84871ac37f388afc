"""Both rule sets on all 25,863 real rows: the seed's published counts, and what `curated` promises."""

import io
import re

import numpy as np
import pytest
from django.core.management import call_command

from generation.redefinition import load_rules, redefine
from generation.redefinition.faults import count_faults
from generation.redefinition.table import columns_of, redefine_table
from generation.redefinition.voice_evidence import TableEvidence

# What the original study's scripts print, stage by stage: rule's parent → (clips changed, total after its stage).
STAGE_1 = {
    "piano": (0, 2056),
    "guitar": (9, 4861),
    "drum": (2226, 2698),
    "string": (981, 1075),
    "violin": (81, 1907),
    "wind": (35, 166),
    "no vocal": (1330, 2325),
    "vocal": (2343, 4072),
    "female": (607, 2081),
    "male": (757, 2036),
}
STAGE_3 = {"male": 141, "classic": 3665, "beat": 217, "electro": 2158, "harpsichord": 30}

LEFT_APART = [
    {"classic", "classical", "clasical"},
    {"electro", "electronic", "electronica"},
    {"choir", "choral", "chorus"},
    {"jazz", "jazzy"},
    {"flute", "flutes"},
    {"indian", "india"},
    {"horn", "horns"},
]
HEARD = [
    *("vocal", "vocals", "voice", "voices", "singing", "singer", "rap", "duet", "soprano", "choir", "choral"),
    *("opera", "male opera", "female opera", "man singing", "woman singing"),
    *("male vocal", "male vocals", "male voice", "male singer"),
    *("female vocal", "female vocals", "female voice", "female singer", "female singing"),
]
DENIED = {"no vocal", "no vocals", "no voice", "no voices", "no singer", "no singing"}


@pytest.fixture(scope="module")
def seed(annotations):
    return redefine_table(annotations, load_rules("seed"))


@pytest.fixture(scope="module")
def curated(annotations):
    return redefine_table(annotations, load_rules("curated"))


def first_stages(count):
    """The seed's rules up to and without stage `count`, as a rule set."""
    rules = load_rules("seed")
    names = [stage.name for stage in rules.file.stages[:count]]
    return type(rules)(
        file=rules.file.model_copy(update={"stages": rules.file.stages[:count]}),
        steps=tuple(step for step in rules.steps if step.stage in names),
        source=rules.source,
        digest=rules.digest,
    )


def totals(table):
    return {tag: int(table.values[:, index].sum()) for index, tag in enumerate(table.tags)}


def changed(redefined, start):
    """Clips changed by the one rule whose name starts so."""
    [count] = [count for rule, count in redefined.clips_changed.items() if rule.startswith(start)]
    return count


def column(table, tag):
    return table.values[:, table.tags.index(tag)]


def any_column(table, tags):
    return np.any([column(table, tag) for tag in tags if tag in table.tags], axis=0)


def test_the_file_is_read_whole(annotations):
    assert annotations.values.shape == (25863, 188)
    assert annotations.columns == ("clip_id", "mp3_path")
    assert totals(annotations)["guitar"] == 4852


def test_seed_stage_0_takes_the_string_family(annotations, seed):
    assert changed(seed, "stage 0: families") == 1767
    before = any_column(annotations, ["string", "strings"]).sum()
    after = any_column(redefine_table(annotations, first_stages(1)).table, ["string", "strings"]).sum()
    assert (before, after) == (2842, 1075)


def test_seed_stage_1_merges_to_the_published_totals(annotations, seed):
    stage = redefine_table(annotations, first_stages(2)).table
    assert len(stage.tags) == 155
    for parent, (clips, total) in STAGE_1.items():
        assert (changed(seed, f"stage 1: merges: {parent} ←"), totals(stage)[parent]) == (clips, total), parent


def test_seed_stage_2_is_the_blanket_voice_rule(annotations, seed):
    before, after = (redefine_table(annotations, first_stages(count)).table for count in (2, 3))
    assert changed(seed, "stage 2: voice") == 18186
    assert totals(before)["vocal"] - totals(after)["vocal"] == 213
    assert totals(after)["no vocal"] - totals(before)["no vocal"] == 17973
    assert totals(after)["no vocal"] == 20298


def test_seed_stages_3_and_4(annotations, seed):
    for parent, clips in STAGE_3.items():
        assert changed(seed, f"stage 3: merges: {parent} ←") == clips
    assert len(redefine_table(annotations, first_stages(4)).table.tags) == 141
    assert len(seed.table.tags) == 140
    assert totals(seed.table)["fast"] == 2321


def test_the_command_prints_each_stage_with_its_totals(annotations_file, tmp_path):
    said = io.StringIO()
    places = {"out": tmp_path / "o.csv", "report": tmp_path / "r.json"}
    call_command("redefine_tags", annotations_file, rules="seed", verbosity=2, stdout=said, **places)
    stages = re.split(r"^(stage \d)$", said.getvalue(), flags=re.MULTILINE)[2::2]
    assert re.search(r"1,767 → 1,075  families: string, strings beside", stages[0])
    for parent, (clips, total) in STAGE_1.items():
        assert re.search(rf" {clips:,} → {total:,}  merges: {parent} ←", stages[1]), parent
    assert "18,186 → 20,298  voice: vocal ≠ no vocal" in stages[2]
    assert "3,665 → 4,356  merges: classic ← classical" in stages[3]
    assert "15 → 2,321  merges: fast ← fast beat" in stages[4]
    assert [int(re.search(r"(\d+) tags left", stage)[1]) for stage in stages] == [188, 155, 155, 141, 140]


def test_seed_with_a_detector_believes_any_voice_at_all(annotations):
    share = np.full(25863, 0.01)
    with_voice = redefine_table(annotations, load_rules("seed"), evidence=TableEvidence.of(25863, share)).table
    assert totals(with_voice)["no vocal"] == 2325 - 213
    assert totals(with_voice)["vocal"] == 4072 + 17973


def test_curated_leaves_no_two_tags_for_one_thing(curated):
    for family in LEFT_APART:
        assert len(family & set(curated.table.tags)) == 1, family
    assert all(count == 0 for count in count_faults(curated.table).duplicates.values())


def test_curated_keeps_the_usual_word(curated):
    kept = totals(curated.table)
    assert (kept["classical"], kept["jazz"], kept["flute"], kept["indian"], kept["choir"]) == (
        4358,
        555,
        1035,
        1402,
        830,
    )
    assert {"electronic", "drums", "strings"} <= set(curated.table.tags)


def test_curated_decides_with_the_tags_alone(annotations, curated):
    contested = {clip for clip, _ in curated.contested}
    assert 0 < len(contested) < 0.02 * len(annotations.clips)
    assert len(contested) == 330  # 306 contradictions, 24 more for what "electric" means
    assert sum(curated.contradictions_before.values()) == 310
    assert sum(curated.contradictions_after.values()) == 0


def test_curated_never_turns_a_heard_voice_into_none(annotations, curated):
    heard = any_column(annotations, HEARD)
    assert heard.sum() == 5186
    assert not (heard & column(curated.table, "no vocal")).any()
    assert (heard & ~column(curated.table, "vocal")).sum() == 0


@pytest.mark.parametrize("share", [0.0, 0.03, 0.3, 0.9])
def test_no_detector_overrules_a_heard_voice_without_listing_the_clip(annotations, share):
    evidence = TableEvidence.of(25863, np.full(25863, share))
    redefined = redefine_table(annotations, load_rules("curated"), evidence=evidence)
    heard = any_column(annotations, HEARD)
    assert not (heard & column(redefined.table, "no vocal")).any()
    if share <= 0.05:
        listed = {clip for clip, _ in redefined.contested}
        assert {annotations.clips[row] for row in np.flatnonzero(heard)} <= listed


def test_seed_lists_every_heard_voice_that_it_turns_into_none(annotations, seed):
    heard = any_column(annotations, HEARD)
    denied = any_column(annotations, DENIED)
    turned = heard & ~denied & column(seed.table, "no vocal")
    assert turned.sum() > 500
    assert {annotations.clips[row] for row in np.flatnonzero(turned)} <= {clip for clip, _ in seed.contested}


def test_gender_implies_a_voice(curated):
    gender = any_column(curated.table, ["male", "female"])
    assert (gender & ~column(curated.table, "vocal")).sum() == 0


def test_solo_is_no_voice(annotations, curated):
    real = curated.contradictions_before["contradictions: voice: vocal ≠ no vocal"]
    assert real == 145  # the seed's 213, less 139 by `solo` alone, and 71 that it did not see
    assert totals(curated.table)["solo"] >= totals(annotations)["solo"]


def test_duplicates_and_contradictions_before_and_after(annotations, seed, curated):
    found = [count_faults(table) for table in (annotations, seed.table, curated.table)]
    assert [sum(one.duplicates.values()) for one in found] == DUPLICATES
    assert [sum(one.contradictions.values()) for one in found] == CONTRADICTIONS


def test_applying_the_rules_twice_changes_no_real_row(annotations, seed, curated):
    for once in (seed, curated):
        twice = redefine_table(once.table, load_rules("seed" if once is seed else "curated")).table
        assert twice.tags == once.table.tags
        assert np.array_equal(twice.values, once.table.values)


def test_a_single_clip_gets_the_same_tags_as_in_the_whole_file(annotations, curated):
    rules = load_rules("curated")
    for row in range(0, 25863, 97):
        alone = redefine(annotations.tags_of(row), rules)
        assert set(alone.tags) == set(curated.table.tags_of(row))
        assert len(alone.contested) == sum(clip == annotations.clips[row] for clip, _ in curated.contested)


def test_the_columns_of_the_real_file_are_all_known(annotations):
    known = load_rules("curated").known
    assert set(columns_of(annotations)[1]) <= known


# Sums over families and pairs of clips: as found, after `seed`, after `curated`, by the measure of `curated`.
DUPLICATES = [8227, 1279, 0]
CONTRADICTIONS = [310, 854, 0]
