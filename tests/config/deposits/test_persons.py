"""What points to a person in a deposit's tables and texts is named at its place; what does not is passed over."""

from django.utils import translation

from config.deposits.persons import Finding, Role, findings
from tests.config.deposits.personal.leaks import LEAKS

AGES = ("from_18", "from_25", "from_35")


def people(count: int = 60, **columns):
    """One row a person under codes of the deposit; `columns`: functions of the person's number."""
    return [
        {"participant": f"p{n:04d}", "kind": "real", "language": "en", "device": ("phone", "computer")[n % 2]}
        | {name: str(value(n)) for name, value in columns.items()}
        for n in range(1, count + 1)
    ]


def ballots(persons, trials: int = 3, **columns):
    return [
        {
            "participant": row["participant"],
            "clip": f"classical-guitar-{t:02d}-02-2003.mp3",
            "first": "a",
            "seconds": str(t),
        }
        | {name: str(value(n, t)) for name, value in columns.items()}
        for n, row in enumerate(persons)
        for t in range(trials)
    ]


def blocking(found: list[Finding]) -> set[str]:
    return {finding.accept_as for finding in found if finding.blocks}


def test_nothing_is_found_in_plain_tables():
    persons = people(before_age_group=lambda n: AGES[n % 3])
    tables = {
        "participants.csv": persons,
        "ballots.csv": ballots(persons, before_age_group=lambda n, _t: AGES[(n + 1) % 3], order=lambda n, t: "a;b;c;d"),
        "clips.csv": [{"clip": "01-minuet.mp3", "sha256": "ab" * 32, "tags": "guitar;classical", "name": "x"}],
        "stimuli.csv": [{"clip": "01-minuet.mp3", "prompt": "a painting, warm --seed 4111111111111111"}],
    }
    texts = {
        "study: title": "Do tags help?",
        "study: description": "Forty clips, 5-7-9 steps, doi 10.1145/3544548.3581120",
    }
    assert findings(tables, texts) == []


def test_each_planted_leak_is_named_at_its_place():
    leaks = [(kind, leak) for kind, values in LEAKS.items() for leak in values]
    persons = people(len(leaks), after_remarks=lambda n: leaks[n - 1][1])
    found = findings({"participants.csv": persons}, {}, roles={"participants.csv:after_remarks": Role.WORDS})
    in_column = {f.what for f in found if f.accept_as == "participants.csv:after_remarks"}
    assert all(any(kind in what for what in in_column) for kind in LEAKS)
    assert any("own words" in what for what in in_column)
    places = [f"study: part {number}" for number in range(len(leaks))]
    found = findings({}, dict(zip(places, (leak for _kind, leak in leaks), strict=True)))
    for place, (kind, leak) in zip(places, leaks, strict=True):
        here = [f for f in found if f.where == place and kind in f.what]
        assert here, (kind, leak)
        assert here[0].blocks
        assert leak not in here[0].example


def test_rows_and_examples_of_a_column():
    persons = people(40, after_contact=lambda n: "jane@example.org" if n in (3, 9) else "")
    mail, smell, together, alone = findings({"participants.csv": persons}, {})
    assert (mail.where, mail.rows, mail.example) == ("participants.csv, column after_contact", 2, "j•••@e••••••.o••")
    assert "e-mail" in mail.what
    assert (smell.rows, smell.accept_as) == (2, "participants.csv:after_contact")
    assert (together.accept_as, alone.accept_as) == ("participants.csv:device+after_contact", smell.accept_as)
    with translation.override("ko"):
        korean = findings({"participants.csv": persons}, {})
    assert korean[0].where == "participants.csv의 after_contact 열"
    assert "이메일 주소" in korean[0].what


def test_words_that_people_wrote_are_to_be_read_by_column_and_question():
    persons = people(
        30, after_gender=lambda n: "woman" if n % 2 else "", exclusion_reason=lambda n: "by hand" if n < 3 else ""
    )
    answers = [
        {"participant": row["participant"], "question": question, "kind": kind, "value": value}
        for row in persons
        for question, kind, value in (
            ("mood", "pick", "calm;sad"),
            ("why", "text", "it is warm"),
            ("gone", "text", "[left out]"),
        )
    ]
    roles = {"participants.csv:after_gender": Role.WORDS}
    rows = ballots(
        persons, reason=lambda n, t: "" if t else "blue suits it", content=lambda n, t: '{"why": "it is warm"}'
    )
    found = findings({"participants.csv": persons, "ballots.csv": rows, "answers.csv": answers}, {}, roles=roles)
    assert {f.accept_as: f.rows for f in found} == {
        "participants.csv:after_gender": 15,
        "ballots.csv:reason": 30,
        "answers.csv:why": 30,
    }
    persons[5]["exclusion_reason"] = "sat next to her brother"
    assert "participants.csv:exclusion_reason" in blocking(findings({"participants.csv": persons}, {}))


def test_small_groups_are_named_with_their_columns_and_the_mend():
    persons = people(60, before_age_group=lambda n: "from_65" if n in (7, 8) else AGES[n % 3])
    found = findings({"participants.csv": persons}, {})
    whole, *parts = found
    assert whole.blocks
    assert whole.accept_as == "participants.csv:device+before_age_group"
    assert "Of 60 people, 2 are alone" in whole.what
    assert "Without before_age_group no group has fewer than 5." in whole.what
    assert [(part.accept_as, part.rows, part.blocks) for part in parts] == [
        ("participants.csv:before_age_group", 2, False)
    ]
    simulated = [row | {"kind": "simulated"} for row in persons]
    assert findings({"participants.csv": simulated}, {}) == []
    opinions = {"participants.csv:before_age_group": Role.OPINION}
    assert findings({"participants.csv": persons}, {}, roles=opinions) == []


def test_people_are_joined_over_tables_as_whoever_reads_them_would():
    persons = people(60)
    rows = ballots(persons, before_age_group=lambda n, _t: "from_65" if n == 4 else AGES[n % 3])
    found = findings({"participants.csv": persons, "ballots.csv": rows}, {})
    assert found[0].accept_as == "participants.csv:device+before_age_group"


def test_ids_names_of_columns_exact_numbers_and_times():
    persons = people(
        40,
        before_badge=lambda n: f"K{n * 7919 % 10007}",
        before_age=lambda n: 18 + n % 15,
        before_city=lambda n: "Seoul",
        score=lambda n: f"{n / 7:.5f}",
        started_at=lambda n: "2026-11-29T22:00+00:00",
        seen_at=lambda n: f"2026-11-29T22:{n:02d}:11Z",
    )
    found = {f.accept_as: f for f in findings({"participants.csv": persons}, {})}
    assert "nobody else has" in found["participants.csv:before_badge"].what
    assert found["participants.csv:before_city"].what.startswith("By its name")
    assert not found["participants.csv:before_age"].blocks
    assert found["participants.csv:seen_at"].example == "2026-11-29T22:••"
    assert found["participants.csv:seen_at"].rows == 40
    assert "participants.csv:started_at" not in found
    assert not any("nobody else has" in f.what for key, f in found.items() if key.endswith("score"))


def test_what_tells_the_order_of_arrival_is_named():
    persons = [row | {"participant": f"r{n:04d}", "slot": str(n)} for n, row in enumerate(people(30))]
    found = findings(
        {"participants.csv": persons, "ballots.csv": ballots(persons)}, {"plan: plan.json": '{"seed": 77, "a": 1}'}
    )
    assert blocking(found) == {"people:participant", "participants.csv:slot", "plan: plan.json"}
    new = people(30)
    assert blocking(findings({"participants.csv": new}, {}, in_order_of_arrival=True)) == {"people:participant"}
    assert findings({"participants.csv": new}, {}) == []


def test_colleagues_are_named_and_creators_are_not():
    texts = {"study: reason of exclusion": "Minho Lee knew the hypothesis", "study: contact": "mina@example.org"}
    (found,) = findings({}, texts, known_names=["Minho Lee", "Mina Kim"], own=["mina@example.org", "Mina Kim"])
    assert (found.where, found.example) == ("study: reason of exclusion", "M•••• L••")
