"""The words of the console: what each means, why it matters, and on which pages it stands.

The pages say the plain word. Exports, keys and the report's methods say the word of the field, which `term` holds.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Word:
    """A word of the glossary: its anchor, its plain name, what it means and why it matters.

    Attributes:
        where: titles of the pages where it is used.
        term: the word of the field, of exports and keys, where the pages say another.
    """

    key: str
    name: Any
    meaning: Any
    why: Any
    where: tuple[Any, ...]
    term: Any = ""


# Titles of pages, as their headings have them.
_DESCRIBE, _CLIPS, _TAGS, _GENERATE, _REVIEW = _("Describe"), _("Clips"), _("Tags"), _("Generate"), _("Review")
_PLAN, _QUESTIONS, _POWER, _RULES, _PREVIEW, _OPEN = (
    _("Plan"),
    _("Questions"),
    _("Power"),
    _("Analysis rules"),
    _("Preview"),
    _("Open"),
)
_MONITOR, _PEOPLE, _LINKS, _PAYMENT, _LOG = _("Monitor"), _("Participants"), _("Links"), _("Payment"), _("Log")
_SETTINGS, _RESULTS = _("Generation settings"), _("Report and exports")

_EXPERIMENT = (
    Word(
        "study",
        _("study"),
        _("One experiment with its music, images, participants, plan and results."),
        _("From its opening on, everything that participants see and everything that is counted stays the same."),
        (_("Studies"),),
    ),
    Word(
        "clip",
        _("clip"),
        _("One piece of music in the study. Everybody who hears it sees the same images of it."),
        _("Findings about music in general rest on how many clips there are, not only on how many people."),
        (_CLIPS, _POWER),
    ),
    Word(
        "condition",
        _("condition"),
        _("One way of making an image. Each clip has one image under each condition."),
        _("The study compares the conditions; everything else is the same for all of them."),
        (_DESCRIBE, _RESULTS),
    ),
    Word(
        "image",
        _("image"),
        _("The picture of one clip under one condition."),
        _("Participants compare the images of one clip with each other."),
        (_REVIEW, _RESULTS),
        _("stimulus"),
    ),
    Word(
        "factor",
        _("what distinguishes the conditions"),
        _(
            "A property in which the conditions differ, and its value for each: painter=one, painter=two. With it the "
            "analysis compares the values, not only single conditions."
        ),
        _("The first property with two values is the question that the study answers first."),
        (_DESCRIBE, _RULES),
        _("factor and its levels"),
    ),
    Word(
        "blinded",
        _("blinded"),
        _("Without knowledge of how an image was made. Participants always choose blinded."),
        _("Whoever knows how an image was made judges that, and not the image."),
        (_OPEN, _MONITOR),
    ),
    Word(
        "sealed",
        _("sealed"),
        _(
            "From the opening until the results open, researchers too see no results by condition, and conditions only "
            "under neutral labels."
        ),
        _("Nobody can end the study when the results look good."),
        (_OPEN, _RESULTS),
    ),
    Word(
        "grace-period",
        _("time to finish"),
        _("How long participants who have started may go on after the study is closed. Then the results open."),
        _("Nobody's half hour is lost because the study ended in the middle of it."),
        (_PLAN, _OPEN),
        _("grace period"),
    ),
    Word(
        "plan",
        _("plan"),
        _("What is fixed before the first answer: points, checks, who is left out, how much is asked of whom."),
        _("Nobody can choose the analysis that suits the results."),
        (_PLAN, _OPEN),
    ),
    Word(
        "fingerprint",
        _("fingerprint"),
        _(
            "A short code that is computed from a text or file. A text that differs in one letter has another "
            "fingerprint."
        ),
        _("A fingerprint that was noted earlier proves that nothing was changed since: the plan, the log, a file."),
        (_PLAN, _LOG),
        _("digest (SHA-256); of the log: head"),
    ),
    Word(
        "log",
        _("log"),
        _("Who did what to the study, when and why. Each entry holds the fingerprint of the one before it."),
        _("An entry that is changed or removed later breaks all entries after it."),
        (_LOG,),
        _("hash chain"),
    ),
    Word(
        "simulated",
        _("simulated study"),
        _("A copy of a study that made-up participants answer through the real pages."),
        _("It shows the whole way to the report before people are asked. Its results are no findings."),
        (_RESULTS,),
    ),
    Word(
        "seed",
        _("seed"),
        _("A number from which something random is drawn: the orders of a study, the images of a clip."),
        _("With it the same orders and images can be made again."),
        (_REVIEW, _RESULTS),
    ),
)

_MUSIC_AND_TAGS = (
    Word(
        "original-tags",
        _("original tags"),
        _("The tags of a clip as they were found: imported, or predicted from the sound."),
        _("They are one of the two tag sets that the study compares."),
        (_TAGS, _REVIEW),
    ),
    Word(
        "redefined",
        _("corrected tags"),
        _(
            "The original tags after the rules have corrected them: one word for one thing, no contradictions, words "
            "that say nothing about the music removed."
        ),
        _("Whether images made from them fit the music better is what the study asks."),
        (_GENERATE, _REVIEW, _RESULTS),
        _("redefined tags"),
    ),
    Word(
        "rule-set",
        _("rule set"),
        _(
            "The rules that correct tags. The usual one mends the known flaws of the first study's rules; others first "
            "translate the words of another collection."
        ),
        _("Another rule set gives other tags, prompts and images."),
        (_SETTINGS, _TAGS),
        _("the usual one: curated"),
    ),
    Word(
        "doubtful-tag",
        _("doubtful tag"),
        _("A tag that contradicts another tag of its clip, or what a detector heard. You listen and decide."),
        _("Until you decide, the rules keep it or leave it out, and the images follow the rules."),
        (_GENERATE, _REVIEW),
        _("contested tag"),
    ),
    Word(
        "unknown-tag",
        _("unknown tag"),
        _("A tag that the rule set does not know. It is kept as it is unless you map or drop it."),
        _("The rules cannot correct what they do not know."),
        (_TAGS,),
    ),
    Word(
        "tagger",
        _("tagger"),
        _("A model that predicts tags from the sound, each with a probability."),
        _("It gives tags to clips that have none, and says of doubtful tags what it hears."),
        (_SETTINGS, _REVIEW),
    ),
    Word(
        "tag-floor",
        _("least probability of a predicted tag"),
        _("Predicted tags that are less probable than this are left out."),
        _("Set low, prompts hold tags that may be wrong; set high, they hold few tags."),
        (_SETTINGS,),
        _("tag floor"),
    ),
    Word(
        "voice-detector",
        _("voice detector"),
        _("A model that says for each moment of a clip how probable a voice is."),
        _("Whether somebody sings is what tags of music are wrong about most often, and images show it."),
        (_SETTINGS, _REVIEW),
    ),
    Word(
        "prompt",
        _("prompt"),
        _("The text an image is made from: the tags themselves, or a sentence written from them."),
        _("The study also asks which of the two forms gives better images."),
        (_GENERATE, _REVIEW),
        _("in two forms: tags, sentence"),
    ),
    Word(
        "sketch",
        _("sketch"),
        _("An image that the built-in painter draws by rules, without an image model."),
        _("Sketches are for trying Earsight out: findings about them say nothing about image models."),
        (_GENERATE, _REVIEW),
    ),
    Word(
        "provenance",
        _("how an image was made"),
        _("Everything that is needed to make an image again: tags, prompt, model, seed, settings, versions."),
        _("Others can check the images, and make them anew."),
        (_REVIEW, _RESULTS),
        _("provenance"),
    ),
)

_SURVEY = (
    Word(
        "participant",
        _("participant"),
        _("A person who takes part in a study, known by a random number only."),
        _("Nobody learns from the data who somebody is."),
        (_MONITOR, _PEOPLE),
    ),
    Word(
        "trial",
        _("trial"),
        _("One clip shown to one person, with its images."),
        _("Each trial asks the same question, so that answers can be compared."),
        (_PLAN, _PREVIEW),
    ),
    Word(
        "position",
        _("place on the page"),
        _(
            "Where an image stands in a trial, by its letter (A, B, C …). The places are drawn anew for each person "
            "and clip."
        ),
        _("No condition gains because people like to choose the first image."),
        (_PREVIEW, _RESULTS),
        _("position, position order"),
    ),
    Word(
        "ballot",
        _("ballot"),
        _("The answer of a trial: the 1st and the 2nd choice."),
        _("All results are counted from the table of ballots."),
        (_MONITOR, _RESULTS),
    ),
    Word(
        "pilot",
        _("pilot"),
        _("Somebody who tries the survey before it opens, you for example. Answers of pilots are never counted."),
        _("What is wrong with texts, sounds and images shows best to somebody who takes part."),
        (_PREVIEW, _MONITOR),
    ),
    Word(
        "practice-trial",
        _("practice trial"),
        _("A first trial to get used to the page. Its answer is not counted."),
        _("People know the page before their answers count."),
        (_PLAN, _CLIPS),
    ),
    Word(
        "hidden-repeat",
        _("hidden repeat"),
        _("A clip that is shown a second time, unannounced."),
        _("It shows how consistently a person answers."),
        (_PLAN, _PEOPLE),
    ),
    Word(
        "match-control",
        _("trial with images of other clips"),
        _("A hidden check: two of the images belong to the clip that plays, two to another clip."),
        _("Who listens chooses the clip's own images more often than the others."),
        (_PLAN, _PEOPLE),
        _("match-control trial"),
    ),
    Word(
        "attention-trial",
        _("attention trial"),
        _("A trial that names the images to choose."),
        _("Who does not read chooses others."),
        (_PLAN, _PEOPLE),
    ),
    Word(
        "headphone-screening",
        _("headphone screening"),
        _("Six short sounds that are easy to tell apart on headphones and hard on loudspeakers."),
        _("It tells how people listened. Nobody is sent away."),
        (_PLAN, _MONITOR),
    ),
    Word(
        "screened-out",
        _("screened out"),
        _("Turned away before the first clip, by an answer to a question or because enough such people take part."),
        _("Their place is free for somebody else, and the report counts them."),
        (_QUESTIONS, _MONITOR),
    ),
    Word(
        "quota",
        _("quota"),
        _("The most people with one answer to one question."),
        _("It keeps groups of people equally large."),
        (_QUESTIONS,),
    ),
    Word(
        "flag",
        _("flag"),
        _("A sign that somebody's answers are worth a look, with what it rests on."),
        _("By itself it leaves nobody out."),
        (_MONITOR, _PEOPLE),
    ),
    Word(
        "left-out",
        _("left out"),
        _("Not counted in the results: by a rule of the plan, or by hand with a reason."),
        _("The report counts these people and gives the result with and without them."),
        (_PLAN, _PEOPLE),
        _("excluded; rule of exclusion"),
    ),
    Word(
        "receipt",
        _("receipt"),
        _("The code that a person gets at the end. It is bound to all their answers."),
        _("It proves that no answer was changed, and with it a person can have the answers erased."),
        (_PREVIEW, _PAYMENT),
    ),
    Word(
        "personal-link",
        _("personal link"),
        _("A link for people whom you invite one by one. Earsight keeps only its fingerprint."),
        _("Nobody can read it from the database, and it lets in as many people as you say, usually one."),
        (_LINKS,),
    ),
    Word(
        "support-code",
        _("support code"),
        _("A code that people from a recruiting platform see on the last page."),
        _("By it alone you find the platform's id of a person, when they ask for their payment."),
        (_PAYMENT,),
    ),
)

_RESULTS_AND_TESTS = (
    Word(
        "points",
        _("points"),
        _("What a 1st and a 2nd choice count. 3 and 1 are usual."),
        _("A result that changes with other points is a weak one; the report shows it."),
        (_PLAN, _RESULTS),
        _("weights"),
    ),
    Word(
        "alpha",
        _("share of false alarms"),
        _("Of studies without any difference, the share that would still find one. 0.05 is usual."),
        _("A smaller value makes findings surer, and small differences harder to find."),
        (_PLAN, _RULES),
        _("significance level, alpha"),
    ),
    Word(
        "primary-question",
        _("primary question"),
        _("The one comparison that the study is made for."),
        _("Among many comparisons one is always large by chance, so one is named before the first answer."),
        (_DESCRIBE, _RESULTS),
        _("primary contrast"),
    ),
    Word(
        "groups-of-people",
        _("groups of people"),
        _("People with the same answer to a question before the clips, such as their years of training."),
        _("The report tests whether the result is the same in these groups."),
        (_QUESTIONS, _RESULTS),
        _("moderator"),
    ),
    Word(
        "power",
        _("power"),
        _("The chance that a study finds a difference of the size that you assume."),
        _("A study with little power finds nothing, also where there is something."),
        (_POWER,),
    ),
    Word(
        "smallest-difference",
        _("smallest difference that matters"),
        _("The difference, in points an answer, below which you would not care which way is better."),
        _("With it the report can also say that there is no difference that matters."),
        (_RULES, _RESULTS),
        _("smallest difference worth having (smallest effect size of interest)"),
    ),
    Word(
        "early-stop",
        _("early stop"),
        _("A rule by which the study may end before its target, and by which looking often is no cheating."),
        _("People's time is not spent on a question that is answered."),
        (_RULES,),
        _("e-process"),
    ),
    Word(
        "interval",
        _("95 % interval"),
        _("The range of values that the answers do not speak against."),
        _("It shows how large the difference may be, and how small."),
        (_RESULTS,),
        _("confidence interval"),
    ),
    Word(
        "new-clips",
        _("these clips, new clips"),
        _(
            "A result for these clips asks what other people would answer to the same music; one for new clips, what "
            "people would answer to other music of its kind."
        ),
        _("Only a result for new clips is one about music."),
        (_POWER, _RESULTS),
    ),
    Word(
        "worth",
        _("strength of a condition"),
        _(
            "A number for each condition such that the chance of being chosen is its share of the sum. Its logarithm "
            "is the log-worth."
        ),
        _("It uses 1st and 2nd choices without any points."),
        (_RESULTS,),
        _("worth, log-worth (Plackett–Luce)"),
    ),
    Word(
        "quasi-se",
        _("spread for comparing any two"),
        _(
            "A standard error for each condition alone, chosen so that the uncertainty of any difference follows from "
            "two of them."
        ),
        _("Any two conditions can be compared from the table, not only each with the reference."),
        (_RESULTS,),
        _("quasi-standard error, quasi-SE"),
    ),
    Word(
        "codebook",
        _("codebook"),
        _("A table that explains each column of another table, with its values."),
        _("Others can read the data without asking you."),
        (_RESULTS,),
    ),
)

GROUPS: tuple[tuple[str, Any, tuple[Word, ...]], ...] = (
    ("experiment", _("The experiment"), _EXPERIMENT),
    ("music-and-tags", _("Music and tags"), _MUSIC_AND_TAGS),
    ("survey", _("The survey"), _SURVEY),
    ("results-and-tests", _("Results"), _RESULTS_AND_TESTS),
)
WORDS = {word.key: word for _key, _title, words in GROUPS for word in words}
