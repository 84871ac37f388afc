"""What a person is paid, against the time that it takes and the wage that is aimed at. Money is Decimal throughout."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, ROUND_UP, Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from study.models import Participant, Study, StudyStage
from study.participants.arrivals import Times, times_of
from study.participants.expected_time import expected_minutes

# ISO 4217: the code of each currency that can be chosen, and the decimals of its smallest coin.
CURRENCIES = {
    **dict.fromkeys(("AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS", "INR"), 2),
    **dict.fromkeys(("MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "RON", "SEK", "SGD", "THB", "TRY", "TWD", "USD"), 2),
    **dict.fromkeys(("ZAR", "IDR"), 2),
    **dict.fromkeys(("JPY", "KRW", "CLP", "VND"), 0),
}
FEWEST = 5  # so many people's times tell more than the estimate
# Pilots who took less than this share of the estimate clicked through, or were simulated.
CLICKED_THROUGH = Decimal("0.33")


def exact(minutes: float) -> Decimal:
    """Minutes, of whole or half seconds, without the noise of a binary fraction; never 0."""
    return max(Decimal(round(minutes * 120)) / 120, Decimal(1) / 60)


@dataclass(frozen=True)
class Pay:
    """The reward of one person and the wage that is aimed at, in one currency; the wage is None if none is stated."""

    reward: Decimal
    currency: str
    wage: Decimal | None

    def _rounded(self, amount: Decimal, rounding: str = ROUND_HALF_UP) -> Decimal:
        return amount.quantize(Decimal(1).scaleb(-CURRENCIES[self.currency]), rounding)

    def amount(self, amount: Decimal) -> str:
        """The amount with the decimals of the currency."""
        return str(self._rounded(amount))

    def shown(self, amount: Decimal) -> str:
        """The amount with the decimals of the currency, and its code: 2.50 EUR."""
        return f"{self.amount(amount)} {self.currency}"

    def per_hour(self, minutes: Decimal) -> Decimal:
        """The reward for an hour at this pace, rounded to the smallest coin."""
        return self._rounded(self.reward * 60 / minutes)

    def shown_per_hour(self, minutes: float) -> str:
        """What an hour is paid at a measured pace, with the code of the currency."""
        return self.shown(self.per_hour(exact(minutes)))

    def is_below(self, minutes: Decimal) -> bool:
        """Whether the reward, unrounded, is less than the wage for this time."""
        return self.wage is not None and self.reward * 60 < self.wage * minutes

    def needed(self, minutes: Decimal) -> Decimal:
        """The least reward that reaches the wage for this time, rounded up to the smallest coin."""
        return self._rounded((self.wage or Decimal(0)) * minutes / 60, ROUND_UP)

    def in_words(self, minutes: Decimal) -> str:
        """Say what an hour is paid, and how far that is from the wage."""
        values = {
            "reward": self.shown(self.reward),
            "minutes": f"{minutes.quantize(Decimal('0.1')):f}".removesuffix(".0"),
            "hourly": self.shown(self.per_hour(minutes)),
        }
        if self.wage is None:
            return _("%(reward)s for %(minutes)s minutes is %(hourly)s an hour.") % values
        values |= {"wage": self.shown(self.wage), "needed": self.shown(self.needed(minutes))}
        if self.is_below(minutes):
            gap = self._rounded(self.wage - self.reward * 60 / minutes, ROUND_UP)
            return _(
                "%(reward)s for %(minutes)s minutes is %(hourly)s an hour, %(gap)s below your %(wage)s. Pay %(needed)s "
                "at least, or let people hear fewer clips."
            ) % (values | {"gap": self.shown(gap)})
        if self.per_hour(minutes) == self._rounded(self.wage):
            return _("%(reward)s for %(minutes)s minutes is %(hourly)s an hour, as much as your %(wage)s.") % values
        return _("%(reward)s for %(minutes)s minutes is %(hourly)s an hour, above your %(wage)s.") % values


def pay_of(study: Study) -> Pay | None:
    """Return what the study pays; None if no reward is stated."""
    if study.reward is None or study.reward_currency not in CURRENCIES:
        return None
    return Pay(Decimal(study.reward), study.reward_currency, None if study.wage is None else Decimal(study.wage))


@dataclass(frozen=True)
class Basis:
    """The time of a person that the pay is held against: measured, or estimated if `people` is 0."""

    minutes: Decimal
    people: int
    of_pilots: bool = False
    of_pilot_stage: bool = False

    def in_words(self) -> str:
        """Say where the time comes from."""
        if not self.people:
            return _("The time is an estimate from the clips' lengths; pilots measure it.")
        if self.of_pilots:
            text = ngettext("The time is that of %(n)d pilot.", "The time is the median of %(n)d pilots.", self.people)
        elif self.of_pilot_stage:
            text = ngettext(
                "The time is that of the one person who has finished the pilot stage.",
                "The time is the median of %(n)d people who have finished the pilot stage.",
                self.people,
            )
        else:
            text = ngettext(
                "The time is that of the one person who has finished.",
                "The time is the median of %(n)d people who have finished.",
                self.people,
            )
        return text % {"n": self.people}


# Of the main stage, of the pilot stage, of pilots; None for people of whom nobody has finished.
Measured = tuple[Times | None, Times | None, Times | None]


def measured(study: Study) -> Measured:
    """Return the times of real people who finished the main stage, the pilot stage, and of pilots.

    Neither simulated people nor the visits of a blinding audit take a person's time. Of a study that was brought in
    real people's are as its first server knew them, as single times are hours here; pilots' did not come along.
    """
    if study.simulated:
        return None, None, None
    if brought_in := study.plan.get("brought_in"):
        times = brought_in["visit_times"]
        return (Times(**times) if times else None), None, None
    finished = study.participants.filter(status=Participant.Status.COMPLETED).order_by()
    real = finished.filter(kind=Participant.Kind.REAL)
    in_pilot_stage = times_of(real.filter(stage=StudyStage.PILOT)) if StudyStage.PILOT in study.stages else None
    pilots = finished.filter(kind=Participant.Kind.PILOT, invite_link__audit=None)
    estimate = expected_minutes(study)
    least = float(estimate * CLICKED_THROUGH) if estimate else 0.0
    return times_of(real.filter(stage=StudyStage.MAIN)), in_pilot_stage, times_of(pilots, least_minutes=least)


def basis_of(study: Study, times: Measured | None = None) -> Basis | None:
    """Return the best time there is: real people's if enough have finished, else pilots', else the estimate.

    Of real people, those of the main stage come before those of the pilot stage.

    Args:
        times: those of `measured`, if the caller has them.
    """
    real, in_pilot_stage, pilots = times or measured(study)
    if real is not None and real.people >= FEWEST:
        return Basis(exact(real.median), real.people)
    if in_pilot_stage is not None and in_pilot_stage.people >= FEWEST:
        return Basis(exact(in_pilot_stage.median), in_pilot_stage.people, of_pilot_stage=True)
    if pilots is not None and pilots.people >= FEWEST:
        return Basis(exact(pilots.median), pilots.people, of_pilots=True)
    estimate = expected_minutes(study)
    return Basis(Decimal(estimate), 0) if estimate else None


@dataclass(frozen=True)
class Verdict:
    """What pages say of the pay: how far it is from the wage, and where the time comes from; empty without a reward."""

    words: str = ""
    basis: str = ""
    is_low: bool = False


def verdict_on(pay: Pay | None, basis: Basis | None) -> Verdict:
    """Hold what is paid against the time of a person."""
    if pay is None or basis is None:
        return Verdict()
    return Verdict(pay.in_words(basis.minutes), basis.in_words(), pay.is_below(basis.minutes))
