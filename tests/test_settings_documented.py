"""docs/settings.md lists every environment variable that the code reads, and no other."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APPS = ("config", "study", "generation", "analysis")


def read_names(text: str) -> set[str]:
    return set(re.findall(r"EARSIGHT_[A-Z0-9_]+[A-Z]", text))


def test_every_setting_is_documented_and_every_documented_setting_exists() -> None:
    sources = [path.read_text(encoding="utf-8") for app in APPS for path in (ROOT / app).rglob("*.py")]
    used = set().union(*(read_names(source) for source in sources))
    documented = read_names((ROOT / "docs" / "settings.md").read_text(encoding="utf-8"))
    assert used - documented == set(), "used but not in docs/settings.md"
    assert documented - used == set(), "in docs/settings.md but used nowhere"
