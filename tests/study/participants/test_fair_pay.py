"""The reward against the time and the wage: in words, warned of before opening, shown at payment, and reported."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from analysis.study_results.checklists import filled_checklists
from config.bundles.write import _study
from study.models import Participant, Study
from study.participants.fair_pay import CURRENCIES, Pay, basis_of, measured
from study.participants.rewards import pay_facts, pay_reported
from study.participants.study_versions import make_version
from study.setup import preflight
from tests.factories import make_open_study, make_study

EURO = {"reward": Decimal("2.50"), "reward_currency": "EUR", "wage": Decimal("12.00")}


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")


def finished(study: Study, minutes: list[float], kind: str = Participant.Kind.REAL, **fields: Any) -> None:
    start = timezone.now() - timedelta(days=1)
    first = study.participants.count()
    for at, length in enumerate(minutes, start=1):
        person = study.participants.create(
            number=first + at,
            kind=kind,
            **fields,
            token_hash=f"{kind}{first + at:058d}"[:64],
            status=Participant.Status.COMPLETED,
            completed_at=start + timedelta(minutes=length),
        )
        Participant.objects.filter(pk=person.pk).update(created_at=start)


@pytest.mark.parametrize(
    ("pay", "minutes", "words"),
    [
        (Pay(Decimal("2.5"), "EUR", Decimal(12)), "12", "2.50 EUR for 12 minutes is 12.50 EUR an hour, above your 12"),
        (Pay(Decimal("2.4"), "EUR", Decimal(12)), "12", "12.00 EUR an hour, as much as your 12.00 EUR."),
        (
            Pay(Decimal("1.50"), "EUR", Decimal(12)),
            "12",
            "7.50 EUR an hour, 4.50 EUR below your 12.00 EUR. Pay 2.40 EUR",
        ),
        (Pay(Decimal("2.39"), "EUR", Decimal("11.99")), "12", "0.04 EUR below your 11.99 EUR. Pay 2.40 EUR at least"),
        (Pay(Decimal(1500), "KRW", Decimal(9860)), "10", "9000 KRW an hour, 860 KRW below your 9860 KRW. Pay 1644 KRW"),
        (Pay(Decimal("1.00"), "USD", None), "7.5", "1.00 USD for 7.5 minutes is 8.00 USD an hour."),
        (Pay(Decimal(0), "USD", Decimal(1)), "1", "0.00 USD an hour, 1.00 USD below your 1.00 USD. Pay 0.02 USD"),
    ],
)
def test_an_hour_is_said_to_the_coin(pay: Pay, minutes: str, words: str) -> None:
    assert words in pay.in_words(Decimal(minutes))


def test_the_least_reward_is_never_too_low_and_one_coin_less_is() -> None:
    for minutes in (Decimal(7), Decimal(11) + Decimal(1) / 3, Decimal("0.5")):
        for currency in ("EUR", "KRW"):
            pay = Pay(Decimal(0), currency, Decimal("9.87"))
            least = pay.needed(minutes)
            assert not Pay(least, currency, pay.wage).is_below(minutes)
            coin = Decimal(1).scaleb(-CURRENCIES[currency])
            assert Pay(least - coin, currency, pay.wage).is_below(minutes)


@pytest.mark.django_db
def test_real_people_count_before_pilots_and_these_before_the_estimate() -> None:
    study = make_study(clips=6, seconds=30, **EURO)
    estimate = basis_of(study)
    assert (estimate.people, estimate.minutes) == (0, round((6 * 45 + 120) / 60))
    finished(study, [0.1] * 9, Participant.Kind.PILOT)  # clicked through
    assert basis_of(study) == estimate
    finished(study, [8, 9, 10, 11, 15], Participant.Kind.PILOT)
    assert (basis_of(study).minutes, basis_of(study).people, basis_of(study).of_pilots) == (10, 5, True)
    finished(study, [12, 14, 20, 13])
    assert basis_of(study).of_pilots
    finished(study, [13.5])
    assert (basis_of(study).minutes, basis_of(study).of_pilots) == (Decimal("13.5"), False)
    real, _stage, pilots = measured(study)
    assert (real.people, pilots.people) == (5, 5)
    lower, median, upper = np.quantile([12, 13, 13.5, 14, 20], [0.25, 0.5, 0.75])
    assert (real.lower, real.median, real.upper) == pytest.approx((lower, median, upper))
    study.simulated = True
    assert measured(study) == (None, None, None)


@pytest.mark.django_db
def test_quartiles_between_two_people_are_those_of_numpy() -> None:
    study = make_open_study(clips=1, conditions=2)
    times = [1.0, 2.0, 4.0, 8.5]
    finished(study, times)
    real = measured(study)[0]
    assert (real.lower, real.median, real.upper) == pytest.approx(tuple(np.quantile(times, [0.25, 0.5, 0.75])))


@pytest.mark.django_db
def test_a_reward_below_the_wage_is_warned_of_before_opening() -> None:
    study = make_study(clips=6, seconds=30, **EURO)

    def warned() -> list[str]:
        return [finding.message for finding in preflight.run(study) if "an hour" in finding.message]

    assert warned() == []
    study.reward = Decimal("0.50")
    [message] = warned()
    assert "below your 12.00 EUR" in message
    assert "estimate" in message
    study.wage = None
    assert warned() == []


@pytest.mark.django_db
def test_the_plan_takes_money_with_its_currency_only(client: Client) -> None:
    study = make_study(clips=2)
    client.force_login(study.owner, backend="django.contrib.auth.backends.ModelBackend")
    address = reverse("study_plan", args=[study.slug])

    def sent(**money: str) -> Any:
        form = client.get(address).context["form"]
        values = {field.html_name: field.value() for field in form}
        data = {name: value for name, value in values.items() if value is not None and value is not False}
        return client.post(address, data | money)

    assert "reward_currency" in sent(reward="2.50").context["form"].errors
    assert "reward" in sent(reward="1500.50", reward_currency="KRW").context["form"].errors
    assert "reward" in sent(reward="-1", reward_currency="EUR").context["form"].errors
    assert "reward_currency" in sent(reward="1", reward_currency="XXX").context["form"].errors
    saved = sent(reward="0.30", reward_currency="EUR", wage="12")
    assert saved.status_code == 302, saved.context["form"].errors
    study.refresh_from_db()
    assert (study.reward, study.reward_currency, study.wage) == (Decimal("0.30"), "EUR", Decimal(12))
    assert "below your 12.00 EUR" in client.get(address).content.decode()


@pytest.mark.django_db
def test_payment_shows_real_people_and_pilots_apart(client: Client) -> None:
    study = make_open_study(clips=2, conditions=2, recruitment_platform="prolific", **EURO)
    finished(study, [10, 12, 14, 12, 12])
    finished(study, [30], Participant.Kind.PILOT)
    study.platform_visits.create(person="a" * 64, ids={"PROLIFIC_PID": "a"}, state="finished")
    client.force_login(study.owner, backend="django.contrib.auth.backends.ModelBackend")
    fair = client.get(reverse("study_payment", args=[study.slug])).context["fair"]
    assert [(row["name"], row["times"].people, row["hourly"]) for row in fair["times"]] == [
        ("Participants", 5, "12.50 EUR"),
        ("Pilots", 1, "5.00 EUR"),
    ]
    assert "above your 12.00 EUR" in fair["words"]


@pytest.mark.django_db
def test_it_is_reported_with_a_reward_and_nowhere_without() -> None:
    study = make_open_study(clips=2, conditions=2)
    finished(study, [12])
    assert pay_facts(study) == {}
    assert pay_reported(study) == ""
    assert b'"pay"' not in b"".join(_study(study, None, []))
    assert all("EUR" not in item.answer for _name, items in filled_checklists(study) for item in items)
    Study.objects.filter(pk=study.pk).update(**EURO)
    study.refresh_from_db()
    assert pay_facts(study) == {
        "reward": "2.50",
        "currency": "EUR",
        "wage_per_hour": "12.00",
        "people": 1,
        "median_minutes": 12.0,
        "paid_per_hour": "12.50",
    }
    assert b'"paid_per_hour": "12.50"' in b"".join(_study(study, None, []))
    told = {item.item.number: item.answer for _name, items in filled_checklists(study) for item in items}
    assert "12.0 min (n = 1), that is 12.50 EUR an hour." in told["13"]
    assert told["3.2.2.2"] == told["13"]


@pytest.mark.django_db
def test_a_pilot_stage_is_measured_apart_and_counts_before_pilots_only(client: Client) -> None:
    study = make_open_study(clips=2, conditions=2, recruitment_platform="prolific", **EURO)
    Study.objects.filter(pk=study.pk).update(stages={"pilot": {"after": 0, "target": 5}, "main": {"after": 5}})
    study.refresh_from_db()
    finished(study, [6] * 5, Participant.Kind.PILOT)
    finished(study, [20] * 5, stage="pilot")
    assert (basis_of(study).minutes, basis_of(study).of_pilot_stage) == (20, True)
    assert "pilot stage" in basis_of(study).in_words()
    assert "min (n" not in pay_reported(study), "nobody has finished the main stage"
    finished(study, [10] * 5)
    assert (basis_of(study).minutes, basis_of(study).of_pilot_stage) == (10, False)
    assert pay_reported(study).startswith(
        "Everybody who finished the main stage got 2.50 EUR. The median time from start to end was 10.0 min (n = 5)"
    )
    client.force_login(study.owner, backend="django.contrib.auth.backends.ModelBackend")
    rows = client.get(reverse("study_payment", args=[study.slug])).context["fair"]["times"]
    assert [(row["name"], row["times"].median) for row in rows] == [
        ("Participants", 10),
        ("Pilot stage", 20),
        ("Pilots", 6),
    ]


def reward_becomes(study: Study, **new: Any) -> None:
    """Make a version as the plan's page does; the log holds amounts as text."""
    rows = [{"field": name, "old": getattr(study, name), "new": value} for name, value in new.items()]
    for name, value in new.items():
        setattr(study, name, value)
    study.save()
    make_version(study, [row | {key: row[key] and str(row[key]) for key in ("old", "new")} for row in rows])


@pytest.mark.django_db
def test_a_reward_that_was_changed_is_reported_by_version() -> None:
    study = make_open_study(clips=2, conditions=2, **EURO | {"reward": None, "reward_currency": ""})
    finished(study, [12] * 2, stage="pilot")
    reward_becomes(study, reward=Decimal("2.00"), reward_currency="EUR")
    finished(study, [12] * 2, study_version=2)
    assert "Everybody who finished got 2.00 EUR." in pay_reported(study), "nobody was asked for nothing"
    make_version(study, [{"field": "contact", "old": "a", "new": "b"}])
    reward_becomes(study, reward=Decimal("3.00"), wage=Decimal("14.00"))
    assert "Everybody who finished got 2.00 EUR." in pay_reported(study), "nobody has got more yet"
    finished(study, [12] * 3, study_version=3)
    finished(study, [12], study_version=4)
    assert pay_reported(study) == (
        "The reward or the wage aimed at was changed while the study ran. From version 2 on the reward was 2.00 EUR "
        "(5 finished). From version 4 on the reward was 3.00 EUR (1 finished). The median time from start to end was "
        "12.0 min (n = 6), that is, in this order, 10.00 EUR, 15.00 EUR an hour. The wage aimed at was, in this order, "
        "12.00 EUR, 14.00 EUR an hour."
    )
    assert [row["paid_per_hour"] for row in pay_facts(study)["rewards"]] == ["10.00", "15.00"]
    told = {item.item.number: item.answer for _name, items in filled_checklists(study) for item in items}
    assert told["13"] == pay_reported(study)
    finished(study, [12], study_version=1)
    assert "From version 1 on there was no reward (1 finished)." in pay_reported(study)


@pytest.mark.django_db
def test_a_log_from_elsewhere_that_calls_something_else_a_reward_breaks_no_report() -> None:
    study = make_open_study(clips=2, conditions=2, **EURO)
    finished(study, [12])
    for old in ("NaN", "1e999999", {"a": 1}, "-1"):
        make_version(study, [{"field": "reward", "old": old, "new": "2.50"}])
    finished(study, [12], study_version=5)
    assert "no reward (1 finished). From version 5 on the reward was 2.50 EUR (1 finished)." in pay_reported(study)
