"""Rule files: what is accepted, and faults named with file and line."""

import re
from pathlib import Path

import pytest

from generation.redefinition import SHIPPED, RuleError, load_rules, redefine
from generation.redefinition.rules.rule_files import parse_rules

HEAD = "name: mine\nstages:\n  - name: all\n"


def refused(body, match, head=HEAD):
    with pytest.raises(RuleError, match=match) as caught:
        parse_rules(head + body, "mine.yaml")
    assert "mine.yaml" in str(caught.value)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_rule_sets_load_and_have_an_identity(name):
    rules = load_rules(name)
    assert rules.name == name
    assert len(rules.identity["rules_sha256"]) == 64


def test_a_file_of_ones_own(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "name: mine\nvocabulary: [K-Indie]\nprompt_words: {k-indie: Korean indie}\n"
        "stages:\n  - name: all\n    merges:\n      - {into: k-indie, from: indie}\n",
        encoding="utf-8",
    )
    rules = load_rules(path)
    assert redefine(["Indie", "rock"], rules).tags == ["k-indie", "rock"]
    assert rules.prompt_word("k-indie") == "Korean indie"
    assert rules.prompt_word("no vocal") == "no vocal"


def test_a_missing_file(tmp_path):
    with pytest.raises(RuleError, match="no such rule file; give curated, seed"):
        load_rules(tmp_path / "none.yaml")


def test_text_that_is_no_yaml():
    refused("    merges: [}\n", r"mine\.yaml, line 4: not valid YAML")


def test_an_unknown_field():
    refused("    merge: []\n", r"mine\.yaml, line 4: stages\.0\.merge: is not a known field")


def test_a_missing_field():
    refused(
        "    merges:\n      - {into: guitar}\n",
        r"mine\.yaml, line 5: stages\.0\.merges\.0\.from: field required",
    )


def test_a_removal_needs_its_reason():
    refused("    removals:\n      - {tags: [lol]}\n", r"line 5: stages\.0\.removals\.0\.why")


def test_a_key_given_twice():
    refused("    merges: []\n    merges: []\n", r"line 5: “merges” is given twice")


def test_an_object_tag_is_not_run():
    refused("    merges: !!python/object/apply:os.getcwd []\n", r"mine\.yaml, line 4")


def test_a_tag_that_yaml_reads_as_a_number():
    refused("    merges:\n      - {into: 80, from: [pop]}\n", r"line 5: stages\.0\.merges\.0\.into")


def test_an_unknown_tag_and_what_may_be_meant():
    body = "    merges:\n      - into: guitar\n        from:\n          - guitars\n          - giutar\n"
    refused(body, r"mine\.yaml, line 8: unknown tag 'giutar'; did you mean 'guitar'")


def test_a_cycle_of_merges():
    body = "    merges:\n      - {into: drums, from: drum}\n      - {into: drum, from: drums}\n"
    refused(body, r"mine\.yaml, line [56]: the rules go in a circle: drum → drums → drum")


def test_a_cycle_through_an_implication():
    body = "    merges:\n      - {into: vocal, from: voice}\n    implications:\n      - {tag: vocal, implies: voice}\n"
    refused(body, r"circle: voice → vocal → voice")


def test_a_cycle_of_implications():
    body = "    implications:\n      - {tag: opera, implies: choir}\n      - {tag: choir, implies: opera}\n"
    refused(body, r"circle: opera → choir → opera")


def test_a_tag_merged_twice():
    body = "    merges:\n      - {into: rock, from: pop}\n      - {into: folk, from: pop}\n"
    refused(body, r"line 6: 'pop' is gone since line 5")


def test_a_merge_whose_outcome_is_removed():
    body = "    merges:\n      - {into: funk, from: funky}\n    removals:\n      - {tags: funk, why: test}\n"
    refused(body, r"line 5: this rule is undone by the one in line 7: 'funk' is removed there")


def test_an_implication_that_brings_a_removed_tag_back():
    body = (
        "    removals:\n      - {tags: vocal, why: test}\n"
        "  - name: later\n    implications:\n      - {tag: opera, implies: vocal}\n"
    )
    refused(body, r"line 5: this rule is undone by the one in line 8: it brings 'vocal' back")


def test_an_implication_against_an_exclusion():
    body = (
        "    implications:\n      - {tag: opera, implies: vocal}\n"
        "    exclusions:\n      - {one: opera, other: vocal, stands: one}\n"
    )
    refused(body, r"line 5: this rule is undone by the one in line 7: it implies what 'opera' excludes")


def test_an_implication_that_undoes_what_an_exclusion_decided():
    body = (
        "    implications:\n      - {tag: opera, implies: choir}\n      - {tag: choir, implies: vocal}\n"
        "    exclusions:\n      - {one: no vocal, other: vocal, stands: one}\n"
    )
    refused(body, r"line 8: this rule is undone by the one in line \d: '\w+' brings back")


def test_an_implication_of_silence_against_the_voice_policy():
    body = (
        "    implications:\n      - {tag: techno, implies: no vocal}\n"
        "    voice: {policy: evidence, heard: vocal, denied: no vocal}\n"
    )
    refused(body, r"line 6: this rule is undone by the one in line 5: 'techno' brings back")


def test_the_same_rule_twice():
    body = "    implications:\n      - {tag: opera, implies: vocal}\n      - {tag: opera, implies: vocal}\n"
    refused(body, "line 6: this rule is in line 5 too")


def test_a_prompt_word_for_a_tag_that_goes():
    head = "name: mine\nprompt_words: {funky: groovy}\nstages:\n  - name: all\n"
    refused("    merges:\n      - {into: funk, from: funky}\n", "'funky' is taken away here, yet", head)


def test_a_list_instead_of_a_mapping():
    with pytest.raises(RuleError, match=r"mine\.yaml, line 1: a rule file is a mapping"):
        parse_rules("- a\n", "mine.yaml")
    with pytest.raises(RuleError, match="stages: field required"):
        parse_rules("", "mine.yaml")


def test_aliases_that_multiply_are_refused_before_they_fill_the_memory():
    levels = "".join(f"b{n}: &b{n} [{', '.join([f'*b{n - 1}'] * 10)}]\n" for n in range(1, 9))
    with pytest.raises(RuleError, match=r"mine\.yaml, line 1: more than 100000 values"):
        parse_rules(f"b0: &b0 [{', '.join(['x'] * 10)}]\n{levels}", "mine.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: " + "[" * 50 + "]" * 50, "line 1: nested too deeply"),
        ("name: " + "[" * 5000 + "]" * 5000, "nested too deeply"),
        ("name: " + "x" * 1_000_001, "1000007 characters are too many"),
        ("name: mine\nstages: 2020-13-45\n", "line 2: '2020-13-45' cannot be read"),
        (f"name: {'9' * 5000}\n", "line 1: '999"),
        ("name: mine\nstages: [{name: a\0}]\n", "line 2: not valid YAML"),
        ("name: mine\nstages: [{name: .inf}]\n", "line 2: '.inf' cannot be read"),
    ],
)
def test_text_that_no_rule_file_has(text, message):
    with pytest.raises(RuleError) as caught:
        parse_rules(text, "mine.yaml")
    assert message in str(caught.value)


def test_a_fault_is_reported_once_in_plain_words():
    with pytest.raises(RuleError) as caught:
        parse_rules(HEAD + "    merges: guitars\n", "mine.yaml")
    assert str(caught.value) == "mine.yaml, line 4: stages.0.merges: must be a list, not 'guitars'."


def test_a_pair_decided_twice():
    body = (
        "    exclusions:\n      - {one: fast, other: slow, stands: one}\n"
        "      - {one: slow, other: fast, stands: one}\n"
    )
    refused(body, r"line 6: this rule is undone by the one in line 5: it decides between the same tags before")


@pytest.mark.parametrize("apart", ["", "  - name: later\n"])
def test_a_family_that_drops_what_is_implied(apart):
    body = (
        f"    families:\n      - {{drop: strings, beside: violin}}\n{apart}"
        "    implications:\n      - {tag: violin, implies: strings}\n"
    )
    refused(body, "undone by the one in line 5: it drops 'strings' beside 'violin', which implies it")


def test_an_unknown_tag_of_the_tagger():
    body = "    voice: {policy: evidence, heard: vocal, denied: no vocal, tagger_heard: [vocl]}\n"
    refused(body, r"line 4: unknown tag 'vocl'; did you mean 'vocal'")


def test_the_examples_of_the_docs_are_rule_files():
    text = (Path(__file__).resolve().parents[3] / "docs" / "tag-redefinition.md").read_text(encoding="utf-8")
    examples = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert [parse_rules(example, "docs.yaml").name for example in examples] == ["my rules", "lastfm without decades"]
