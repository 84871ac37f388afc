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
from study.participants.fair_pay import CURRENCIES, Pay, basis_of, measured, pay_facts, pay_reported
from study.setup import preflight
from tests.factories import make_open_study, make_study

EURO = {"reward": Decimal("2.50"), "reward_currency": "EUR", "wage": Decimal("12.00")}


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")


def finished(study: Study, minutes: list[float], kind: str = Participant.Kind.REAL) -> None:
    start = timezone.now() - timedelta(days=1)
    first = study.participants.count()
    for at, length in enumerate(minutes, start=1):
        person = study.participants.create(
            number=first + at,
            kind=kind,
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
    real, pilots = measured(study)
    assert (real.people, pilots.people) == (5, 5)
    lower, median, upper = np.quantile([12, 13, 13.5, 14, 20], [0.25, 0.5, 0.75])
    assert (real.lower, real.median, real.upper) == pytest.approx((lower, median, upper))
    study.simulated = True
    assert measured(study) == (None, None)


@pytest.mark.django_db
def test_quartiles_between_two_people_are_those_of_numpy() -> None:
    study = make_open_study(clips=1, conditions=2)
    times = [1.0, 2.0, 4.0, 8.5]
    finished(study, times)
    real, _pilots = measured(study)
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
