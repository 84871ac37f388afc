"""The words of tags, and of how images are made from them."""

from django.utils.translation import gettext_lazy as _

from study.console.glossary_words.word import GENERATE, RESULTS, REVIEW, SETTINGS, TAGS, Word

WORDS = (
    Word(
        "original-tags",
        _("original tags"),
        _("The tags of a clip as they were found: imported, or predicted from the sound."),
        _("They are one of the two tag sets that the study compares."),
        (TAGS, REVIEW),
    ),
    Word(
        "redefined",
        _("corrected tags"),
        _(
            "The original tags after the rules have corrected them: one word for one thing, no contradictions, words "
            "that say nothing about the music removed."
        ),
        _("Whether images made from them fit the music better is what the study asks."),
        (GENERATE, REVIEW, RESULTS),
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
        (SETTINGS, TAGS),
        _("the usual one: curated"),
    ),
    Word(
        "doubtful-tag",
        _("doubtful tag"),
        _("A tag that contradicts another tag of its clip, or what a detector heard. You listen and decide."),
        _("Until you decide, the rules keep it or leave it out, and the images follow the rules."),
        (GENERATE, REVIEW),
        _("contested tag"),
    ),
    Word(
        "unknown-tag",
        _("unknown tag"),
        _("A tag that the rule set does not know. It is kept as it is unless you map or drop it."),
        _("The rules cannot correct what they do not know."),
        (TAGS,),
    ),
    Word(
        "tagger",
        _("tagger"),
        _("A model that predicts tags from the sound, each with a probability."),
        _("It gives tags to clips that have none, and says of doubtful tags what it hears."),
        (SETTINGS, REVIEW),
    ),
    Word(
        "tag-floor",
        _("least probability of a predicted tag"),
        _("Predicted tags that are less probable than this are left out."),
        _("Set low, prompts hold tags that may be wrong; set high, they hold few tags."),
        (SETTINGS,),
        _("tag floor"),
    ),
    Word(
        "voice-detector",
        _("voice detector"),
        _("A model that says for each moment of a clip how probable a voice is."),
        _("Whether somebody sings is what tags of music are wrong about most often, and images show it."),
        (SETTINGS, REVIEW),
    ),
    Word(
        "prompt",
        _("prompt"),
        _("The text an image is made from: the tags themselves, or a sentence written from them."),
        _("The study also asks which of the two forms gives better images."),
        (GENERATE, REVIEW),
        _("in two forms: tags, sentence"),
    ),
    Word(
        "sketch",
        _("sketch"),
        _("An image that the built-in painter draws by rules, without an image model."),
        _("Sketches are for trying Earsight out: findings about them say nothing about image models."),
        (GENERATE, REVIEW),
    ),
    Word(
        "provenance",
        _("how an image was made"),
        _("Everything that is needed to make an image again: tags, prompt, model, seed, settings, versions."),
        _("Others can check the images, and make them anew."),
        (REVIEW, RESULTS),
        _("provenance"),
    ),
)
