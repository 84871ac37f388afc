"""The analysis's warnings in the report's language.

The JSON holds them as English sentences, so that each is recognised by its pattern and translated by gettext. An
unknown sentence stays as it is.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from study.tables import notes

_SENTENCES = (
    gettext_noop("There is one participant: no interval or test can speak for other people. Ask more people."),
    gettext_noop(
        "There is one clip: nothing can be said about new clips. Add clips, at least %(advised)s are advised."
    ),
    gettext_noop(
        "There are %(clips)s clips; at least %(advised)s are advised before speaking of new clips. A sign-flip "
        "test over %(again)s clips cannot go below p = %(least)s."
    ),
    gettext_noop(
        "There are %(clips)s clips: nothing is said about new clips, because tests over fewer than %(fewest)s reject "
        "too often. Add clips, at least %(advised)s are advised."
    ),
    gettext_noop(
        "The %(clips)s clips have such unequal numbers of ballots that they weigh as %(effective)s: nothing is said "
        "about new clips, because tests over fewer than %(fewest)s reject too often. Collect ballots on the clips that "
        "have few."
    ),
    gettext_noop("The primary test needs participants who answered several common clips."),
    gettext_noop("Every ballot shows the same difference: there is no spread to test against, so no p value is given."),
    gettext_noop("All conditions tie for every participant: rank and permutation tests do not apply."),
    gettext_noop("On %(n)s of %(all)s ballots none of the images fitted; they count as ballots that give no points."),
    gettext_noop(
        "Groups of people are not compared: that needs a primary contrast, which these conditions do not have."
    ),
    gettext_noop("Ballots without a second choice: %(n)s of %(all)s."),
    gettext_noop(
        "Ballots that repeat a clip for the same person: %(n)s. They count in points and worths; in the tests for new "
        "clips each is averaged with the trial it repeats."
    ),
    gettext_noop("Ballots excluded from everything here: %(n)s."),
    gettext_noop(
        "Missing ballots: %(n)s of %(all)s. The test for new clips allows for that, if the reasons have nothing to do "
        "with the images."
    ),
    gettext_noop(
        "How many ballots each person was due is not known; everybody is counted as due as many as the person who "
        "answered most."
    ),
    gettext_noop(
        "Ballots that showed %(names)s: %(least)s; the condition shown most: %(most)s. Points are counted per showing, "
        "and a ballot enters a comparison only if it showed images of both sides."
    ),
    gettext_noop("Ballots that showed no image of one side and do not enter the primary contrast: %(n)s of %(all)s."),
    gettext_noop(
        "The plan's e-process stopped at participant %(n)s: ordinary p values and intervals are not valid after an "
        "early stop, and estimates at a stop tend to be too large."
    ),
    gettext_noop("The choices do not compare all conditions with each other, so Plackett–Luce worths do not exist."),
    gettext_noop(
        "Nobody, or everybody, preferred %(names)s to the rest: its worth has no finite estimate. The worths shown "
        "are penalised (Firth, Jeffreys) with profile intervals and no robust errors."
    ),
    gettext_noop(
        "0 of %(all)s participants ever chose %(names)s, so at most %(share)s %% of such people would (one-sided "
        "95 %%)."
    ),
    gettext_noop(
        "0 of %(all)s participants ever put anything above %(names)s, so at most %(share)s %% of such people would "
        "(one-sided 95 %%)."
    ),
    gettext_noop("The Plackett–Luce fit did not converge; do not use its worths."),
    gettext_noop(
        "No comparison links %(names)s with the other conditions, directly or by way of others: worths do not exist. "
        "Show them in one pair with another condition."
    ),
    gettext_noop(
        "Pairs of conditions were compared unequally often, %(least)s to %(most)s times: mean points depend on what a "
        "condition was compared with; the worths allow for that."
    ),
    gettext_noop(
        "Ranks after the first could be left out: the primary contrast counts first places alone, because ranks that "
        "are missing for a reason would tilt it."
    ),
    gettext_noop(
        "Trials that repeat an earlier one of the same person: %(n)s. They count in means and worths; in the tests for "
        "new clips they are averaged with that person's other answers to the clip."
    ),
    gettext_noop(
        "Only images that a person had chosen were rated: the numbers are of chosen images, and a condition that was "
        "seldom chosen is judged by those few."
    ),
    gettext_noop("Nobody gave a number to %(names)s: nothing is said about it."),
    gettext_noop(
        "No main question is named: the primary contrast is that of “%(question)s”, the first of the %(n)s questions "
        "that compare conditions. Name the one that was planned."
    ),
    gettext_noop("Images of which people could not say: %(n)s of %(all)s. They are in no mean."),
    gettext_noop(
        "People could not say more often of some conditions than of others, most often of %(names)s (%(n)s of "
        "%(all)s): the numbers that are missing may be missing for a reason."
    ),
    gettext_noop("Trials without a number on one side, which do not enter the primary contrast: %(n)s of %(all)s."),
    gettext_noop("People who gave one and the same number every time, at least %(least)s times: %(n)s of %(all)s."),
    gettext_noop(
        "Without one participant the worths would be separated; for that participant the jackknife uses one "
        "Newton step."
    ),
)


@lru_cache(maxsize=1)
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    return [
        (
            re.compile(re.sub(r"%\\?\((\w+)\\?\)s", r"(?P<\1>.+?)", re.escape(sentence)).replace("%%", "%")),
            sentence,
        )
        for sentence in (*_SENTENCES, *notes.SENTENCES)
    ]


def translated(warnings: Sequence[str], labels: Mapping[str, str] | None = None) -> list[str]:
    """The warnings in the current language; keys of conditions are replaced by their `labels`."""
    return [_one(text, labels or {}) for text in warnings]


def _one(text: str, labels: Mapping[str, str]) -> str:
    for pattern, sentence in _patterns():
        if found := pattern.fullmatch(text):
            values = found.groupdict()
            if "names" in values:
                keys = values["names"].split(", ")
                values["names"] = ", ".join(f"“{labels[key]}”" if key in labels else key for key in keys)
            return _(sentence) % values if values else _(sentence)
    return text
