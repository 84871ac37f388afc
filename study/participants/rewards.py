"""What a study has paid: its reward and wage can change while it runs, and each change makes a version of the study."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _

from study.ballots.table import counted_people
from study.models import Participant, Study
from study.participants.fair_pay import CURRENCIES, Pay, exact, measured
from study.participants.study_versions import version_entries


@dataclass(frozen=True)
class Offer:
    """What was paid to those who began under a version or later, until the next offer; `pay` is None for nothing."""

    version: int
    pay: Pay | None
    people: int = 0  # who have finished the main stage


def offers_of(study: Study) -> list[Offer]:
    """Return what was offered to those who finished the main stage, the first first.

    Offers under which nobody finished it are left out, but for the newest if nobody has finished it at all.
    """
    found: list[Offer] = []
    values = {"reward": study.reward, "reward_currency": study.reward_currency, "wage": study.wage}
    for entry in reversed(version_entries(study)):
        rows = [row for row in entry.data.get("differences", ()) if row.get("field") in values]
        if rows:
            found.append(Offer(entry.data["version"], _pay(values)))
            values |= {row["field"]: row.get("old") for row in rows}
    found = [Offer(1, _pay(values)), *reversed(found)]
    if len(found) == 1:
        return found
    finished = counted_people(study).filter(status=Participant.Status.COMPLETED).order_by()
    by_version = dict(finished.values_list("study_version").annotate(n=Count("pk")))
    ends = [*(offer.version for offer in found[1:]), study.version + 1]
    counted = [
        replace(offer, people=sum(n for version, n in by_version.items() if offer.version <= version < end))
        for offer, end in zip(found, ends, strict=True)
    ]
    return [offer for offer in counted if offer.people] or found[-1:]


def _pay(values: Mapping[str, Any]) -> Pay | None:
    reward, wage = _amount(values["reward"]), _amount(values["wage"])
    currency = values["reward_currency"]
    return None if reward is None or currency not in CURRENCIES else Pay(reward, currency, wage)


def _amount(value: Any) -> Decimal | None:
    """An amount as the study or its log holds it; None for none, and for what another server's log calls one."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and 0 <= amount < 10**9 else None


def pay_facts(study: Study) -> dict[str, Any]:
    """Return what is reported of the pay, as JSON with amounts as text; empty without a reward.

    If the reward was changed, `rewards` holds the amounts by the version from which on they held.
    """
    offers = offers_of(study)
    if all(offer.pay is None for offer in offers):
        return {}
    times = measured(study)[0]
    minutes = None if times is None else exact(times.median)
    shown = [_facts(offer.pay, minutes) for offer in offers]
    measured_times = {} if times is None else {"people": times.people, "median_minutes": round(times.median, 1)}
    if len(offers) == 1:
        return shown[0] | measured_times
    rewards = [
        {"version": offer.version, "people": offer.people} | facts for offer, facts in zip(offers, shown, strict=True)
    ]
    return {"rewards": rewards} | measured_times


def _facts(pay: Pay | None, minutes: Decimal | None) -> dict[str, str]:
    if pay is None:
        return {}
    return (
        {"reward": pay.amount(pay.reward), "currency": pay.currency}
        | ({} if pay.wage is None else {"wage_per_hour": pay.amount(pay.wage)})
        | ({} if minutes is None else {"paid_per_hour": pay.amount(pay.per_hour(minutes))})
    )


def pay_reported(study: Study) -> str:
    """Return the sentences of the report; empty without a reward."""
    facts = pay_facts(study)
    if not facts:
        return ""
    return " ".join(_changed_reward(facts) if "rewards" in facts else _one_reward(study, facts))


def _one_reward(study: Study, facts: Mapping[str, Any]) -> list[str]:
    values = {**facts, "minutes": facts.get("median_minutes"), "wage": facts.get("wage_per_hour")}
    parts = [
        (
            _("Everybody who finished the main stage got %(reward)s %(currency)s.")
            if study.stages
            else _("Everybody who finished got %(reward)s %(currency)s.")
        )
        % values
    ]
    if "people" in facts:
        text = _(
            "The median time from start to end was %(minutes)s min (n = %(people)d), that is %(paid_per_hour)s "
            "%(currency)s an hour."
        )
        parts.append(text % values)
    if "wage_per_hour" in facts:
        parts.append(_("The wage aimed at was %(wage)s %(currency)s an hour.") % values)
    return parts


def _changed_reward(facts: Mapping[str, Any]) -> list[str]:
    rewards = facts["rewards"]
    parts = [_("The reward or the wage aimed at was changed while the study ran.")]
    for row in rewards:
        text = (
            _("From version %(version)d on the reward was %(reward)s %(currency)s (%(people)d finished).")
            if "reward" in row
            else _("From version %(version)d on there was no reward (%(people)d finished).")
        )
        parts.append(text % row)
    if "people" in facts:
        text = _(
            "The median time from start to end was %(minutes)s min (n = %(people)d), that is, in this order, "
            "%(amounts)s an hour."
        )
        values = {"minutes": facts["median_minutes"], "people": facts["people"]}
        parts.append(text % (values | {"amounts": _amounts(rewards, "paid_per_hour")}))
    if any("wage_per_hour" in row for row in rewards):
        text = _("The wage aimed at was, in this order, %(amounts)s an hour.")
        parts.append(text % {"amounts": _amounts(rewards, "wage_per_hour")})
    return parts


def _amounts(rewards: list[dict[str, Any]], name: str) -> str:
    return ", ".join(f"{row[name]} {row['currency']}" if name in row else "—" for row in rewards)
