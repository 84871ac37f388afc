"""How the writers make text of what they say."""

import json
import re
from typing import Any

import yaml


def as_json(content: Any) -> str:
    """Return JSON that people can read; NaN and infinity, which JSON has not, are refused."""
    return json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def without_empty(content: dict[str, Any]) -> dict[str, Any]:
    """Return the entries that say something; 0 and False do."""
    return {key: value for key, value in content.items() if value not in ("", None, [], {}, ())}


class _Dumper(yaml.SafeDumper):
    """Quotes what may be a number: readers of YAML 1.2 take 1e3 for one, PyYAML, which writes YAML 1.1, does not."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "'" if re.match(r"[-+.0-9]", text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def as_yaml(content: Any) -> str:
    """Return YAML that people can read, keys in their order."""
    return yaml.dump(content, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120)
