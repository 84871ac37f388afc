"""Which entries of the log cannot name a condition.

While a study is sealed, only `WITHOUT_CONDITIONS` are exported whole; a runner is ever shown these and `OF_THE_STUDY`
alone. Every other entry, also of an action that is added later, is hidden.
"""

from study.ballots.commitments import ENDED, FINISHED
from study.participants.exclusion import INCLUDED, LEFT_OUT
from study.participants.study_stages import BEGUN
from study.participants.study_versions import MADE
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
        BEGUN,
        MADE,
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
# Not in the list above: earlier versions of verify_export would refuse a sealed export that shows one of these.
OF_THE_STUDY = frozenset(
    {
        "created",
        "archived",
        "restored",
        "API token made",
        "API token ended",
        "report shared",
        "shared report ended",
        "many arrivals from one network",
        "rehearsed",
        "rehearsal removed",
        "copy made",
        "scheduled",
        "schedule cancelled",
        "opened as scheduled",
        "closed as scheduled",
        "not closed as scheduled",
        "rights of a clip changed",
    }
)
