"""A special word stands for a general one in prompts; redundancy is counted over all tags."""

import json

import pytest
from django.core.management import call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.redefinition import RuleError, load_rules, redefine
from generation.redefinition.prompts import fit_tag_sets, stand_ins
from generation.redefinition.redundancy import relation_of
from generation.redefinition.rules.rule_files import SHIPPED, parse_rules
from generation.redefinition.table import redefine_table
from generation.redefinition.tag_files import read_tag_table
from generation.redefinition.vocabulary import known_tags

CURATED = load_rules("curated")
UNKNOWN = ["jazz guitar", "acoustic bass guitar", "dark folk rock", "my own tag", "thumb piano"]
TAGS = st.lists(st.sampled_from([*sorted(known_tags()), *UNKNOWN]), min_size=1, max_size=12, unique=True)


def prompt(tags, rules=CURATED, probabilities=None, limit=10, ruled=("redefined",)):
    return fit_tag_sets(
        tags,
        redefine(tags, rules).tags,
        probabilities or {},
        rules=rules,
        limit=limit,
        ruled=ruled,
        count_tokens=len,
        token_limit=10_000,
    )


def left_out(tags, rules=CURATED):
    return {entry.general for entry in stand_ins(tags, rules)}


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["female vocal", "vocals"], ("female vocals",)),
        (["choir", "singing"], ("choir",)),
        (["male opera"], ("male vocals", "opera")),
        (["guitar", "classical guitar", "classical"], ("classical guitar", "classical")),
        (["guitars", "jazz guitar"], ("jazz guitar",)),
        (["rock", "hard rock", "hard"], ("hard rock", "hard-edged")),
        (["rock", "metal", "heavy metal"], ("heavy metal",)),
        (["techno", "electronic", "dance"], ("techno",)),
        (["woodwind"], ("woodwind instruments",)),
        (["girl"], ("girl singing",)),
        # no special case of the tag that they end in
        (["bass guitar", "guitar"], ("bass guitar", "guitar")),
        (["acoustic bass guitar", "guitar", "bass"], ("acoustic bass guitar", "guitar")),
        (["thumb piano", "piano"], ("thumb piano", "piano")),
        (["drum and bass", "bass"], ("drum and bass", "bass")),
        (["latin american", "american"], ("latin american", "american")),
    ],
)
def test_the_special_word_stands_for_the_general_one(tags, expected):
    assert set(prompt(tags).redefined) == set(expected)


def test_the_table_keeps_both_and_the_original_set_too():
    tags = ["female vocal", "vocals"]
    assert redefine(tags, CURATED).tags == ["female", "vocal"]
    fitted = prompt(tags)
    assert len(fitted.original) == 2
    assert not fitted.unchanged
    [entry] = fitted.stand_ins["redefined"]
    assert (entry.general, entry.special, bool(entry.why)) == ("vocal", "female", True)
    assert prompt(tags, ruled=()).redefined == ("female vocals", "vocals")  # the control: rules not applied to the set


def test_prompts_of_the_first_studys_rules_stay_as_they_were():
    assert prompt(["female vocal", "vocals", "techno", "electronic"], load_rules("seed")).redefined == (
        *("female", "vocal", "techno", "electro"),
    )


def test_the_special_word_takes_the_better_place_so_that_the_cut_keeps_it():
    heard = {"vocal": 0.9, "guitar": 0.8, "slow": 0.7, "female": 0.2}
    tags = ["vocal", "guitar", "slow", "female"]
    assert prompt(tags, probabilities=heard, limit=2).redefined == ("female vocals", "guitar")


def test_an_implication_can_keep_the_general_word():
    text = "name: mine\nstages:\n  - {name: one, implications: [{tag: opera, implies: vocal, in_prompts: %s}]}\n"
    assert left_out(["opera", "vocal"], parse_rules(text % "false", "mine.yaml")) == {"vocal"}
    assert left_out(["opera", "vocal"], parse_rules(text % "true", "mine.yaml")) == set()


def test_families_that_would_leave_out_both_tags_are_refused_with_their_line():
    text = "name: mine\nin_prompts:\n  families:\n{}stages:\n  - name: one\n"
    both = "    - {drop: rock, beside: metal}\n    - {drop: metal, beside: rock}\n"
    with pytest.raises(RuleError, match=r"mine.yaml, line 4: 'rock' and 'metal' each stand for the other"):
        parse_rules(text.format(both), "mine.yaml")
    with pytest.raises(RuleError, match=r"mine.yaml, line 4: unknown tag 'giutar'; did you mean 'guitar'"):
        parse_rules(text.format("    - {drop: giutar, beside: metal}\n"), "mine.yaml")
    last = "in_prompts:\n  last_words: true\n  families: [{drop: hard rock, beside: rock}]\n"
    with pytest.raises(RuleError, match="each stand for the other"):
        parse_rules(f"name: mine\n{last}stages: [{{name: one}}]\n", "mine.yaml")


@settings(max_examples=80, deadline=None)
@given(tags=TAGS, name=st.sampled_from([name for name in SHIPPED if name != "seed"]), data=st.data())
def test_no_general_tag_is_left_beside_a_special_one(tags, name, data):
    rules = load_rules(name)
    redefined = redefine(tags, rules).tags
    gone = left_out(redefined, rules)
    kept = [tag for tag in redefined if tag not in gone]
    assert bool(kept) == bool(redefined)
    assert not left_out(kept, rules)  # idempotent
    assert left_out(data.draw(st.permutations(redefined)), rules) == gone  # order independent
    assert all(
        relation_of(general, special, rules) is None for general in kept for special in kept if general != special
    )
    for entry in stand_ins(redefined, rules):
        assert entry.special in kept


def test_redundancy_on_the_real_table(annotations):
    curated = redefine_table(annotations, CURATED)
    found = curated.redundancy
    assert (found.clips_before, found.clips_after, found.clips_in_prompts) == (9978, 7941, 0)
    pairs = {(pair.general, pair.special): pair for pair in found.pairs}
    assert (pairs["guitar", "classical guitar"].before, pairs["guitar", "classical guitar"].in_prompts) == (219, 0)
    assert pairs["beat", "beats"].relation == "same thing"
    # The control: without families for prompts, the first study's rules leave what the same measure finds.
    seed = redefine_table(annotations, load_rules("seed")).redundancy
    assert (seed.clips_before, seed.clips_after, seed.clips_in_prompts) == (9978, 6593, 6593)
    # The families, by hand.
    column = dict(zip(curated.table.tags, curated.table.values.T, strict=True))
    prompts = dict(zip(curated.prompts.tags, curated.prompts.values.T, strict=True))
    for general, special, clips in (
        ("vocal", ("female", "male", "choir", "opera", "rap"), 4985),
        ("guitar", ("electric guitar", "acoustic guitar", "classical guitar"), 463),
        ("rock", ("hard rock", "soft rock"), 299),
    ):
        assert (column[general] & sum(column[tag] for tag in special).astype(bool)).sum() == clips
        assert (prompts[general] & sum(prompts[tag] for tag in special).astype(bool)).sum() == 0


def test_what_electric_means_on_the_real_table(annotations):
    curated = redefine_table(annotations, CURATED)
    before = dict(zip(annotations.tags, annotations.values.T, strict=True))
    after = dict(zip(curated.table.tags, curated.table.values.T, strict=True))
    electronic = before["electronic"] | before["electro"] | before["electronica"]
    guitars = before["guitar"] | before["guitars"] | before["electric guitar"]
    assert (before["electric"] & guitars & ~electronic & after["electronic"]).sum() == 0  # 37 clips before
    assert after["electric"].sum() == 28
    listed = {clip for clip, entry in curated.contested if entry.people == ("electric",)}
    assert len(listed) == 28


def test_an_ambiguous_tag_is_kept_and_its_meanings_are_offered():
    [contested] = redefine(["electric", "rock"], CURATED).contested
    assert (contested.kept, contested.offered) == (("electric",), ("electronic", "electric guitar"))
    assert redefine(["electric", "guitar"], CURATED).tags == ["electric guitar", "guitar"]
    assert redefine(["electric", "techno"], CURATED).tags == ["electronic", "techno"]
    assert redefine(["electric", "guitar", "electronic"], CURATED).contested


def test_the_command_reports_redundancy_removed_tags_and_emptied_clips_by_name(tmp_path, capsys):
    table = tmp_path / "tags.csv"
    table.write_text("clip_id,tags\na,female vocal;vocals\nb,no guitar\nc,lol;pop\nd,\n", encoding="utf-8")
    places = {name: tmp_path / f"{name}.x" for name in ("out", "report", "prompts_out")}
    call_command("redefine_tags", table, **places)
    printed = capsys.readouterr().out
    assert "Clips with redundant tags: 1 before, 1 after, 0 in prompts." in printed
    assert "No tag is left for 1 clips that had some: b (no guitar)." in printed
    assert "'lol' (1)" in printed
    report = json.loads(places["report"].read_text())
    pairs = {(pair["general"], pair["special"]): pair for pair in report["redundancy"]["pairs"]}
    counts = ("before", "after", "in_prompts")
    assert [pairs["vocals", "female vocal"][name] for name in counts] == [1, 0, 0]
    assert [pairs["vocal", "female"][name] for name in counts] == [0, 1, 0]
    assert report["emptied"] == [{"clip_id": "b", "tags": ["no guitar"]}]
    assert (report["empty_before"], report["empty_after"]) == (1, 2)
    assert {entry["tag"]: entry["clips"] for entry in report["removed_tags"]} == {"no guitar": 1, "lol": 1}
    assert read_tag_table(places["out"]).tags_of(0) == ["female", "vocal"]
    assert read_tag_table(places["prompts_out"]).tags_of(0) == ["female"]
