"""Which entries of the log cannot name a condition.

While a study is sealed, only these are exported whole, and only these are ever shown to a runner: every other entry,
also of an action that is added later, is hidden.
"""

from study.ballots.commitments import ENDED, FINISHED
from study.participants.exclusion import INCLUDED, LEFT_OUT
from study.participants.withdrawal import WITHDREW
from study.published_heads.publishing import NOT_PUBLISHED, PUBLISHED

WITHOUT_CONDITIONS = frozenset(
    {
        FINISHED,
        ENDED,
        PUBLISHED,
        NOT_PUBLISHED,
        "opened",
        "paused",
        "resumed",
        "closed",
        WITHDREW,
        LEFT_OUT,
        INCLUDED,
        "links created",
        "short code made",
        "short code withdrawn",
        "shared",
        "unshared",
        "role changed",
        "invited",
        "invitation withdrawn",
        "ownership offered",
        "offer of ownership withdrawn",
        "ownership passed on",
        "downloaded",
        "platform ids erased",
        "erased after its time",
    }
)
