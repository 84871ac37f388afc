"""Controls: each test named here must fail once its protection is taken off (`make controls`).

    python -m tests.without [-k WORDS]

A test that passes although what it claims is gone would prove nothing. The last column of docs/faults.md names what is
taken off: an attribute of a module or class, replaced while the test's body runs. `tests/taken_off.py` lists them. Of a
test with parameters, one set has to fail.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from tests.taken_off import ORIGINALS, TAKEN_OFF

TESTS = {f"{file}::{test}": off for file, tests in TAKEN_OFF.items() for test, off in tests.items()}


class TakenOff:
    """The plugin: takes a test's protection off while it runs, and turns its failure into success."""

    def __init__(self) -> None:
        self.failed: dict[str, list[str]] = defaultdict(list)
        self.passed: dict[str, list[str]] = defaultdict(list)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        name = name_of(item)
        target, value = TESTS[name]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(target, original_of(target) if value is None and name in ORIGINALS else value)
            try:
                yield
            except (Exception, pytest.fail.Exception) as error:
                said = " ".join(str(error).split())[:100]
                self.failed[name].append(f"{type(error).__name__}: {said}")
            else:
                self.passed[name].append(item.nodeid)


def original_of(target: str) -> Any:
    module, kind, method = target.rsplit(".", 2)
    return getattr(getattr(sys.modules[module], kind).__mro__[1], method)


def name_of(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0].removeprefix("tests/")


def main(options: list[str]) -> int:
    plugin = TakenOff()
    # Plainly: no test is tried twice, and none is left out.
    code = pytest.main(
        ["-q", "-p", "no:cacheprovider", "--no-header", *options, *(f"tests/{test}" for test in TESTS)], [plugin]
    )
    kept = [test for test in plugin.passed if test not in plugin.failed]
    for test, errors in plugin.failed.items():
        sys.stdout.write(f"without {TESTS[test][0]}, {test.partition('::')[2]}: {errors[0]}\n")
    for test in kept:
        sys.stdout.write(f"{test} passes without {TESTS[test][0]}\n")
    ran = set(plugin.passed) | set(plugin.failed)
    sys.stdout.write(f"{len(ran) - len(kept)} of {len(TESTS)} tests fail once their protection is taken off\n")
    missing = set() if options else set(TESTS) - ran
    return int(bool(kept or missing)) or int(code not in (0,))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
