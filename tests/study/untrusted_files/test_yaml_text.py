"""YAML of people is read as plain data with its lines; what would fill memory, hours or run code is refused at once."""

import math
import re
import time

import pytest
import yaml

from study.untrusted_files.yaml_text import Limits, YamlRefused, read_yaml

LIMITS = Limits(characters=400_000, values=2000)


def test_data_has_the_line_of_each_value() -> None:
    data, lines = read_yaml("a: [1, yes, x]\nb:\n  c: 2.5\n", LIMITS)
    assert data == {"a": [1, True, "x"], "b": {"c": 2.5}}
    assert (lines["a", 1], lines["b",], lines["b", "c"]) == (1, 2, 3)
    assert read_yaml("No: [1, ~]", LIMITS, only_texts=True)[0] == {"No": ["1", "~"]}
    assert read_yaml("", LIMITS) == (None, {(): 1})


def test_aliases_and_what_is_taken_over_are_read_as_ever() -> None:
    text = "x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}\nz: {<<: [{a: 0}, *x], c: *x}\n"
    assert read_yaml(text, LIMITS)[0] == yaml.safe_load(text)


def test_what_an_earlier_version_took_is_still_read() -> None:
    saved = Limits(characters=100, is_saved=True)
    assert read_yaml("a: 1\na: .inf", saved)[0] == {"a": math.inf}


def _doubling(line: str) -> str:
    return "n0: &n0 {a: x}\n" + "".join(line.format(n, n, n - 1, n - 1) for n in range(1, 40))


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (_doubling("n{}: &n{} [*n{}, *n{}]\n"), 2, "more than 2000 values, counting what aliases repeat"),
        (_doubling("n{}: &n{} {{<<: [*n{}, *n{}]}}\n"), 1, "more than 2000 values"),
        ("a: &a [" + "x," * 400 + "]\nb: {" + "<<: {c: *a}," * 300 + "}", 1, "more than 2000 values"),
        ("a: 1\nb: &b [*b]\n", 2, "an alias contains itself"),
        ("- a\n" * 100_000, 2000, "more than 2000 values"),
        ("a:\n " + "[" * 300_000, 2, "nested too deeply"),
        ("? " * 200_000, 1, "nested too deeply"),
        ("a\n" * 200_001, 1, "400002 characters are too many, the limit is 400000"),
        ("a: b\nc: 0x" + "f" * 300_000, 2, "'0xfff"),
        ("a: 1" + ":59" * 100_000, 1, "cannot be read; put it in quotes"),
        ("a: " + "9" * 300_000, 1, "cannot be read"),
        ("a: 1.0e+999", 1, "'1.0e+999' cannot be read"),
        ("a: [.nan]", 1, "'.nan' cannot be read"),
        ("a: 2026-13-45", 1, "cannot be read"),
        ("a: !!int x", 1, "cannot be read"),
        ("a: !!python/object/apply:os.system ['true']", 1, "python/object/apply:os.system is not allowed"),
        ("a: !!binary AAAA", 1, "is not allowed"),
        ("1: a", 1, "the key 1 must be text"),
        ("a: 1\na: 2", 2, "“a” is given twice"),
        ("a: b\n<<: 5", 2, "<< takes over mappings only"),
        ("a: \x00", 1, "not valid YAML"),
        ("a: [", 1, "not valid YAML"),
        ("a: 1\n---\nb: 2", 2, "not valid YAML"),
    ],
)
def test_what_is_no_plain_data_is_refused_in_a_moment(text: str, line: int, words: str) -> None:
    began = time.process_time()
    with pytest.raises(YamlRefused, match=re.escape(words)) as caught:
        read_yaml(text, LIMITS)
    assert time.process_time() - began < 1
    assert caught.value.line == line
