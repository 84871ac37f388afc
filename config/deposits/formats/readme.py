"""README.md: for people who open the deposit, and with its front matter the data card of the Hugging Face hub.

Source: https://huggingface.co/docs/hub/datasets-cards, .../datasets-manual-configuration.
"""

import re
from collections.abc import Iterator
from typing import Any

from config.deposits.description import Deposit, File, Role
from config.deposits.formats.as_text import as_yaml, without_empty
from config.deposits.licences import known_licence
from config.deposits.paths import table_name
from config.deposits.wording import (
    SIMULATED,
    about_people,
    bibtex,
    citation,
    counted,
    how_collected,
    licence_address,
    licence_sentence,
    meaning_with_values,
    shown_files,
    titled,
)

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def readme(deposit: Deposit) -> str:
    """Write README.md: what the deposit is, its tables, how to check it, what is left out, how to cite it."""
    return f"---\n{front_matter(deposit)}---\n\n" + "\n\n".join(_body(deposit)) + "\n"


def front_matter(deposit: Deposit) -> str:
    """Return the YAML that the hub reads: a configuration for each table, so that its viewer shows all of them."""
    known = known_licence(deposit.licence)
    address = licence_address(deposit)
    tables = [table for table in deposit.tables if table.role is Role.DATA]
    kinds = ["tabular", *(["image"] if deposit.of(Role.IMAGE) else []), *(["audio"] if deposit.of(Role.SOUND) else [])]
    return as_yaml(
        without_empty(
            {
                "pretty_name": titled(deposit),
                "language": list(dict.fromkeys(tag.split("-")[0] for tag in deposit.languages)),
                "license": known.hub if known else "other",
                "license_name": "" if known else _plain_name(deposit.licence),
                "license_link": "" if known else address or "LICENSE.txt",
                "annotations_creators": ["machine-generated" if deposit.simulated else "crowdsourced"],
                "task_categories": ["text-to-image"],
                "size_categories": [_size(deposit)],
                "tags": list(dict.fromkeys([*deposit.keywords, "human-evaluation", *_simulated(deposit), *kinds])),
                "configs": [
                    without_empty(
                        {
                            "config_name": table_name(table.path),
                            "data_files": [{"split": "train", "path": table.path}],
                            "default": number == 0 or None,
                        }
                    )
                    for number, table in enumerate(tables)
                ],
            }
        )
    )


def _size(deposit: Deposit) -> str:
    return next((name for limit, name in _SIZES if deposit.n_answers < limit), "n>1M")


def _simulated(deposit: Deposit) -> list[str]:
    return ["simulated", "synthetic"] if deposit.simulated else []


def _plain_name(text: str) -> str:
    """A licence's own name as the hub takes it: small letters, digits, dots and hyphens."""
    return re.sub("[^a-z0-9.]+", "-", text.lower()).strip("-.")[:60] or "own-licence"


def _body(deposit: Deposit) -> Iterator[str]:
    yield f"# {_inline(titled(deposit))}"
    if deposit.simulated:
        yield f"**{SIMULATED}**"
    yield _text(deposit.description)
    yield "## How the data came about"
    yield _text(how_collected(deposit))
    if deposit.instrument:
        yield "What was asked in each trial:"
        yield _list(deposit.instrument)
    yield from _conditions(deposit)
    yield from (f"**{heading}.** {_text(text)}" for heading, text in about_people(deposit))
    yield "## Files"
    yield _rows(
        ("file", "what it is", "licence"),
        [(f"`{file.path}`", f"{file.title}: {file.description}", file.licence) for file in shown_files(deposit)],
    )
    for role, name in ((Role.IMAGE, "image"), (Role.SOUND, "sound")):
        files = deposit.of(role)
        if files:
            own = sorted({file.licence for file in files if file.licence})
            terms = f" Licences of their own: {_inline('; '.join(own))}." if own else ""
            many = counted(len(files), name, f"{name}s")
            yield f"{many}, as `{files[0].path}`: {_inline(files[0].description)}{terms}"
    for table in deposit.tables:
        yield from _table(table)
    yield from _checks(deposit)
    if deposit.limits:
        yield "## Limits"
        yield _list(deposit.limits)
    if deposit.personal:
        yield "## People in the data"
        yield _list(deposit.personal)
    yield "## Licence and citation"
    yield _text(licence_sentence(deposit))
    yield _text(citation(deposit))
    yield f"```bibtex\n{bibtex(deposit)}\n```"
    if deposit.related:
        yield _list([f"{one.relation}: {one.title or one.address}, {one.address}" for one in deposit.related])
    if deposit.funding:
        yield _text("Funded by: " + "; ".join(deposit.funding))
    if deposit.contact:
        yield _text(f"Contact: {deposit.contact}")


def _conditions(deposit: Deposit) -> Iterator[str]:
    factors = list(dict.fromkeys(name for condition in deposit.conditions for name in condition.levels))
    yield "Conditions:"
    yield _rows(
        ("key", "condition", *factors),
        [
            (f"`{one.key}`", one.label, *(one.levels.get(factor, "") for factor in factors))
            for one in deposit.conditions
        ],
    )


def _table(table: File) -> Iterator[str]:
    yield f"## Table {table_name(table.path)}"
    key = f" A row is named by {', '.join(f'`{name}`' for name in table.key)}." if table.key else ""
    yield f"{_text(table.description)}\n\nFile: `{table.path}`, CSV in UTF-8.{key}"
    yield _rows(
        ("column", "kind", "unit", "meaning"),
        [(f"`{column.name}`", column.kind.value, column.unit, meaning_with_values(column)) for column in table.columns],
    )


def _checks(deposit: Deposit) -> Iterator[str]:
    yield "## How to check it"
    yield "With Earsight, from this folder alone; it compares its results with the deposited analysis:"
    yield "```\npython manage.py reproduce_report DEPOSIT\n```"
    facts = [f"Made by {', '.join(f'{name} {version}' for name, version in deposit.software.items())}."]
    if deposit.plan_digest:
        facts.append(f"SHA-256 of the plan as fixed before the first answer: `{deposit.plan_digest}`")
    if deposit.log_head:
        facts.append(f"Head of the study's log: `{deposit.log_head}`")
    yield "\n".join(f"- {fact}" for fact in facts)


def _rows(header: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *(tuple(_inline(str(cell)) for cell in row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _list(texts: tuple[str, ...] | list[str]) -> str:
    return "\n".join(f"- {_inline(text)}" for text in texts)


# What would begin a link, an image, emphasis, a cell, HTML or an entity. Backticks are ours: see `_inline`.
_SPECIAL = re.compile(r"([\\*_\[\]<>|&#~$])")


def _inline(text: str) -> str:
    """Return text on one line without meaning in Markdown; what is whole in backticks is code and stays as it is."""
    flat = " ".join(text.split())
    if re.fullmatch(r"`[^`|]+`", flat):
        return flat
    return _SPECIAL.sub(r"\\\1", flat).replace("`", r"\`")


def _text(text: str) -> str:
    """Return paragraphs in which nothing has a meaning in Markdown."""
    return "\n\n".join(_paragraph(part) for part in re.split(r"\n\s*\n", text.strip()) if part.strip())


def _paragraph(text: str) -> str:
    """One paragraph; its first letter must not make it a list, a rule or a heading."""
    line = _inline(text)
    return re.sub(r"^([-+=:]|\d+[.)])", r"\\\1", line) if re.match(r"[-+=:]", line) else _numbered(line)


def _numbered(line: str) -> str:
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", line)
