"""An outsider with a recruiting platform's list tries to name the people of a deposit that the check lets pass."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from config.deposits.persons import About, findings
from study.coarse_times import hour_text
from study.design import Design, draw_plan

PEOPLE = 200
Row = Mapping[str, str]


def platform_list() -> list[dict[str, str]]:
    """Those who took part, in the order in which they began, as the platform knows them."""
    rng, at = random.Random(11), datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
    rows = []
    for _number in range(PEOPLE):
        at += timedelta(seconds=rng.expovariate(1 / 240))
        rows.append(
            {
                "id": f"{rng.getrandbits(96):024x}",
                "started_at": hour_text(at),
                "second": at.isoformat(),
                "before_age": str(rng.choice([19, 20, 21, 22, 23, 24, 25, 27, 30, 31, 34, 38, 41, 47, 52, 60])),
                "before_gender": rng.choice(["woman", "man", "man", "woman", "woman", "man", "non_binary"]),
                "device": rng.choice(["phone", "computer"]),
            }
        )
    return rows


def table(known: Sequence[Row]) -> list[dict[str, str]]:
    """The study's own table of them: codes count people as they came, times are given to the hour."""
    columns = ("started_at", "before_age", "before_gender", "device")
    return [
        {"participant": f"r{number:04d}", "prolific": row["id"]} | {name: row[name] for name in columns}
        for number, row in enumerate(known, start=1)
    ]


def named(known: Sequence[Row], rows: Sequence[Row]) -> tuple[int, float]:
    """How many people the outsider names rightly, and how many chance would among those with the same values.

    Columns that both tables have are matched, an id first; within a group the two orders are laid beside each other.
    The last column of `rows`, which the outsider does not see, is the number of the person in `known`.
    """
    shared = [name for name in rows[0] if name in known[0]]
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in sorted(rows, key=lambda row: row["participant"]):
        groups.setdefault(tuple(row[name] for name in shared), []).append(row)
    seen: Counter[tuple[str, ...]] = Counter()
    right, chance = 0, 0.0
    for number, person in enumerate(known):
        key = tuple(person[name] for name in shared)
        right += groups[key][seen[key]]["_truth"] == str(number)
        seen[key] += 1
        chance += 1 / len(groups[key])
    return right, chance


def mended(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The table after all that blocks was left out, and people have codes of the deposit's own."""
    while blocking := [one for one in findings({"participants.csv": without_truth(rows)}, {}) if one.blocks]:
        first = blocking[0]
        if first.about is About.ARRIVAL:
            random.Random(12).shuffle(rows)
            rows = [row | {"participant": f"p{number:04d}"} for number, row in enumerate(rows)]
            continue
        columns = first.accept_as.partition(":")[2].split("+")
        out = max(columns, key=lambda name: len({row[name] for row in rows}))
        rows = [{name: value for name, value in row.items() if name != out} for row in rows]
    return rows


def without_truth(rows: Sequence[Row]) -> list[dict[str, str]]:
    return [{name: value for name, value in row.items() if name != "_truth"} for row in rows]


def test_a_deposit_that_passes_names_nobody_better_than_chance():
    known = platform_list()
    rows = [row | {"_truth": str(number)} for number, row in enumerate(table(known))]
    assert named(known, rows)[0] == PEOPLE  # the study's own table names everybody

    deposit = mended(rows)
    assert {"prolific", "started_at", "before_age"}.isdisjoint(deposit[0])
    assert {"before_gender", "device"} <= deposit[0].keys()
    right, chance = named(known, deposit)
    assert chance <= PEOPLE / 5
    assert right <= chance + 3 * chance**0.5

    # Control: the same deposit with the hour in which people began.
    hours = [row | {"started_at": known[int(row["_truth"])]["started_at"]} for row in deposit]
    assert named(known, hours)[0] > 3 * chance
    assert any(one.about is About.TOGETHER for one in findings({"participants.csv": without_truth(hours)}, {}))


def test_the_seed_and_somebody_s_orders_give_the_place_in_which_they_came():
    design = Design(seed=20261103, kind="real", clips=6, conditions=4)
    plans = [draw_plan(design, slot) for slot in range(40)]
    assert [[one for one, plan in enumerate(plans) if plan == draw_plan(design, slot)] for slot in range(40)] == [
        [slot] for slot in range(40)
    ]
    people = [{"participant": f"p{number:04d}", "device": "phone"} for number in range(40)]
    (found,) = findings({"participants.csv": people}, {"study.json": f'{{"seed": {design.seed}}}'})
    assert (found.about, found.where) == (About.ARRIVAL, "study.json")
