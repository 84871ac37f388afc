"""Flags for unusual answering, and a participant's agreement with themselves and with others.

Flags draw attention only: nobody is excluded because of them.
"""

from collections import Counter

from study.design import LETTERS
from study.models import Ballot, Event, Participant, Trial

FLAGS = ("too_fast", "one_position", "left_tab", "script_like", "attention_failed", "no_sound")
# Flag a participant only if at least this share of their answers came too fast.
FAST_SHARE = 1 / 3
# With fewer trials, always choosing the same position happens by chance (four images, five trials: 1 in 256).
MIN_TRIALS = 5


def flags_of(participant: Participant) -> list[str]:
    """The participant's flags, in the order of `FLAGS`."""
    ballots = list(
        Ballot.objects.filter(trial__participant=participant)
        .exclude(trial__kind=Trial.Kind.PRACTICE)
        .select_related("trial")
    )
    found = {
        "too_fast": _too_fast(ballots, participant.study.minimum_seconds),
        "one_position": _one_position(ballots),
        "left_tab": _left_tab(participant, len(ballots)),
        "script_like": _script_like(participant),
        "attention_failed": _attention_failed(ballots),
        "no_sound": (participant.answers.get("sound") or {}).get("heard") == "no",
    }
    return [name for name in FLAGS if found[name]]


def _too_fast(ballots: list[Ballot], minimum: int) -> bool:
    timed = [ballot.seconds for ballot in ballots if ballot.seconds is not None]
    fast = sum(seconds < minimum for seconds in timed)
    return bool(fast) and fast >= FAST_SHARE * len(timed)


def _position(ballot: Ballot, stimulus: int | None) -> int | None:
    order = ballot.trial.position_order
    return order.index(stimulus) if stimulus in order else None


def _one_position(ballots: list[Ballot]) -> bool:
    positions = [
        _position(ballot, ballot.first_id)
        for ballot in ballots
        if ballot.trial.kind == Trial.Kind.MAIN and ballot.first_id
    ]
    return len(positions) >= MIN_TRIALS and len(set(positions)) == 1


def _left_tab(participant: Participant, trials: int) -> bool:
    left = participant.events.filter(kind="hidden").values("trial").distinct().count()
    return trials > 0 and left > trials / 2


def _script_like(participant: Participant) -> bool:
    return Event.objects.filter(participant=participant, kind="choose", data__trusted=False).exists()


def _attention_failed(ballots: list[Ballot]) -> bool:
    for ballot in ballots:
        expected = ballot.trial.expected
        if expected:
            right = [LETTERS.index(expected[name]) for name in ("first", "second")]
            if [_position(ballot, ballot.first_id), _position(ballot, ballot.second_id)] != right:
                return True
    return False


def agreement_with_oneself(participant: Participant) -> tuple[int, int]:
    """(clips with the same 1st choice both times, clips shown twice)."""
    pairs: dict[int, list[int | None]] = {}
    rows = Ballot.objects.filter(trial__participant=participant, trial__kind=Trial.Kind.MAIN)
    for clip, first in rows.order_by("trial__repeat").values_list("trial__clip", "first"):
        pairs.setdefault(clip, []).append(first)
    twice = [firsts for firsts in pairs.values() if len(firsts) == 2]
    return sum(firsts[0] == firsts[1] for firsts in twice), len(twice)


def agreement_with_others(participant: Participant) -> tuple[int, int]:
    """(clips for which the 1st choice was the most frequent one, clips judged)."""
    rows = Ballot.objects.filter(
        trial__participant__study=participant.study,
        trial__participant__kind=participant.kind,
        trial__kind=Trial.Kind.MAIN,
        trial__repeat=0,
        first__isnull=False,
    )
    counts: dict[int, Counter] = {}
    for clip, first in rows.values_list("trial__clip", "first"):
        counts.setdefault(clip, Counter())[first] += 1
    own = rows.filter(trial__participant=participant).values_list("trial__clip", "first")
    judged = [(first, counts[clip]) for clip, first in own]
    return sum(count[first] == max(count.values()) for first, count in judged), len(judged)
