"""The zip of preference pairs: the same rows as JSON Lines and as Parquet, and a README that states their terms."""

import io
import json
import zipfile
from typing import Any

from analysis.tables.preferences import COLUMNS, FEWEST_PEOPLE, Preferences, preferences_of
from study.instruments.of_study import instrument_of
from study.instruments.questions import Choose, Instrument, Pair, Scale
from study.models import Study
from study.texts import languages_of
from study.zip_entries import zip_entry

PREFERENCES = "preferences.zip"
JSON_LINES, PARQUET, README = "preferences.jsonl", "preferences.parquet", "README.md"
# Licences that Hugging Face's data set cards know by these names; every other one is "other" with its name.
_KNOWN_LICENCES = frozenset(
    {"cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0", "cc-by-nd-4.0", "cc-by-nc-nd-4.0"}
    | {"odc-by", "pddl", "odbl", "apache-2.0", "mit"}
)
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"))

_README = """---
{card}
---

# Preference pairs of “{title}”

{simulated}Which of two images made from the same music people preferred, counted over {people} people: {rows} rows in
`{jsonl}` and, the same, in `{parquet}`.

| column | meaning |
|---|---|
{columns}

**Preferred**: {preferred} The question was: {question}

**Weight**: the share of the people who preferred `chosen` among those who preferred one of the two. A pair on which
people disagree has two rows, `chosen` and `rejected` changing places, whose weights add up to 1: the sum over both of
weight × −log σ(reward of chosen − reward of rejected) is the loss of Bradley and Terry's model. For one row a pair take
`weight > 0.5`. Ties count in `ties` alone.

**People**: each counts once for a pair, by their first answer to it. People whom the study excludes are left out. Pairs
that fewer than {fewest} people compared are left out, because their weights could tell what one person answered:
{left_out}.

**Images** are in the study's export (`export_study`) under the names in `chosen` and `rejected`.

**Licence of the data**: {licence}

**Consent** (version {consent_version}) that the people gave:

{consent}

**Plan**: SHA-256 {plan}

**Instrument**: the questions of each trial

```json
{instrument}
```
"""


def preferences_zip(study: Study) -> bytes:
    """Make the zip. Loads Arrow: not for the web process. Raises as `preferences_of`."""
    found = preferences_of(study)
    files = {
        JSON_LINES: "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in found.rows).encode(),
        PARQUET: _parquet(found.rows),
        README: readme(study, found).encode(),
    }
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zip_entry(name), content)
    return raw.getvalue()


def _parquet(rows: list[dict[str, Any]]) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    types = {"weight": pa.float64(), "simulated": pa.bool_()}
    types |= dict.fromkeys(("preferred", "preferred_other", "ties"), pa.int64())
    schema = pa.schema([(name, types.get(name, pa.string())) for name in COLUMNS])
    raw = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows, schema=schema), raw)
    return raw.getvalue()


def readme(study: Study, found: Preferences) -> str:
    """Return the README of the zip, with the front matter of a data set card."""
    instrument = instrument_of(study)
    agreed = study.plan.get("consent") or {}
    consent = "\n\n".join(agreed[language] for language in languages_of(study) if agreed.get(language))
    return _README.format(
        card=_card(study, len(found.rows)),
        title=study.title,
        simulated="SIMULATED: the answers come from simulated participants. These pairs are no findings.\n\n"
        if study.simulated
        else "",
        people=found.people,
        rows=len(found.rows),
        jsonl=JSON_LINES,
        parquet=PARQUET,
        columns="\n".join(f"| `{name}` | {meaning} |" for name, meaning in COLUMNS.items()),
        preferred=_preferred(instrument, found.question),
        question=_asked(instrument, found.question),
        fewest=FEWEST_PEOPLE,
        left_out=f"{found.left_out} pairs" if found.left_out else "here none",
        licence=study.licence
        or "none is stated. Without a licence nobody else may use the data; ask those who ran the study.",
        consent_version=study.consent_version,
        consent="\n".join(f"> {line}".rstrip() for line in consent.splitlines()) or "none is recorded with this study.",
        plan=study.plan_digest or "none: the study has no fixed plan",
        instrument=json.dumps(instrument.model_dump(mode="json"), ensure_ascii=False, indent=1),
    )


def _card(study: Study, rows: int) -> str:
    """The front matter by which the Hub and `datasets` read the folder: strings in JSON are YAML too."""
    licence = study.licence.strip()
    if not licence:
        terms = ["license: unknown"]
    elif licence.casefold() in _KNOWN_LICENCES:
        terms = [f"license: {licence.casefold()}"]
    else:
        terms = ["license: other", f"license_name: {json.dumps(licence, ensure_ascii=False)}"]
    size = next((name for most, name in _SIZES if rows < most), "100K<n<1M")
    return "\n".join(
        [
            f"pretty_name: {json.dumps(f'Preference pairs of {study.title}', ensure_ascii=False)}",
            *terms,
            f"size_categories:\n- {size}",
            f"configs:\n- config_name: default\n  data_files: {PARQUET}",
            "tags:\n- preference\n- reward-modeling\n- music\n- images",
        ]
    )


def _preferred(instrument: Instrument, key: str) -> str:
    """What an answer to the main question says of two images."""
    choose, pair = instrument.choose, instrument.pair
    if choose is not None and choose.key == key:
        return (
            f"the image that a person chose as one of their first {choose.ranks}, over images of later ranks and over "
            "those that were shown and not chosen. Of two images that were not chosen nothing is known."
            if choose.ranks > 1
            else "the image that a person chose, over each other image that was shown."
        )
    if pair is not None and pair.key == key:
        return "the image that a person chose of the two that were shown; neither is a tie."
    return "the image to which the same person gave the higher number in the same trial; equal numbers are a tie."


def _asked(instrument: Instrument, key: str) -> str:
    """The text of the main question in its languages, of a scale with its ends."""
    asked: list[Choose | Pair | Scale] = [one for one in (instrument.choose, instrument.pair) if one is not None]
    asked += [scale for _rate, scale in instrument.scales()]
    found = next(one for one in asked if one.key == key)
    texts = " / ".join(f"“{text}”" for text in found.text.values()) or "which image fits the music best"
    if not isinstance(found, Scale):
        return f"{texts}."
    ends = [
        f"{number}{f' ({words})' if (words := ' / '.join(end.values())) else ''}"
        for number, end in ((found.lowest, found.low), (found.highest, found.high))
    ]
    return f"{texts}, from {ends[0]} to {ends[1]}."
