"""English texts that others than templates hold, and that pages show translated: here only so that they are collected.

Options say what they are in their own descriptions, rules in their YAML files. tests/test_translations.py compares.
"""

from django.utils.translation import gettext_noop as _

OPTIONS = (
    _("Tagger"),
    _("Writer"),
    _("Painter"),
    _("Tag source"),
    _(
        "Where the original tags come from: what people said, what the tagger hears, or people for clips "
        "that have tags and the tagger for the others."
    ),
    _("Tag limit"),
    _("The most tags in a prompt; both tag sets are cut at the same length."),
    _("Tag floor"),
    _(
        "Predicted tags below this probability are left out (three always stay); a tagger with tuned "
        "thresholds uses those."
    ),
    _("Rules"),
    _("The rule set that redefines tags: 'curated', or 'seed' as the first study had."),
    _("Lowest share of the clip with voice for the verdict “voice”."),
    _("Highest share of the clip with voice for the verdict “none”."),
    _("Lowest probability of its voice tags for a verdict of the tagger."),
    _("Encoder"),
    _("Checkpoint file of the encoder, in CLMR's published formats or ours."),
    _("Head"),
    _("Checkpoint file of the head that turns representations into tags."),
    _("Tags"),
    _(
        "Text file with the head's tags in the order of its outputs, one per line. Not needed for a head "
        "trained here, which stores its tags."
    ),
    _("Thresholds"),
    _("File that evaluate_tagger wrote: from which probability on each tag counts as heard."),
    _(
        "File that evaluate_tagger wrote: from which probability on each tag counts as heard; without it "
        "those that the head stores."
    ),
    _("Runtime"),
    _("What computes: OpenVINO where it is installed, else torch."),
    _("Precision"),
    _(
        "Arithmetic of the encoder; bfloat16 is faster where the processor computes in it, and moves "
        "probabilities by about 1e-3."
    ),
    _("Model"),
    _("The model's name as the service knows it; a dated one stays the same."),
    _("Address of the service up to /v1 (Ollama, vLLM, llama.cpp); empty is the official one."),
    _("Prompt template"),
    _("The versioned template of the request: 'default-v1' or the first study's 'seed-v1'."),
    _("Temperature"),
    _("How freely the model chooses its words; empty for models that take none."),
    _("Max answer tokens"),
    _("The most tokens that one answer may have, thinking included."),
    _("Rewrites"),
    _("How often a sentence that is too long is asked for again."),
    _("Attempts"),
    _("How often a call is tried when the service is busy or failing."),
    _("Timeout seconds"),
    _("How long one call may take."),
    _("Longest wait seconds"),
    _("The longest wait between two attempts; a service that asks for more is given up."),
    _("Price per million input tokens"),
    _("Price in the currency of the cap, for the estimate; 0 for a server of one's own."),
    _("Price per million output tokens"),
    _("Spending cap"),
    _("The run stops before a call that could pass this sum; empty for no cap."),
    _("Token cap"),
    _("The run stops before a call that could pass this many tokens; empty for no cap."),
    _("Size"),
    _("Width and height of the pictures, in pixels."),
    _("Name on the model hub ('owner/name'), or a folder (it starts with '/', './' or '~')."),
    _("Revision"),
    _("The model's commit on the hub, 40 digits, so that it stays the same; none for a folder."),
    _("Variant"),
    _("Which of the model's weight files, for instance 'fp16'; usually empty."),
    _("Scheduler"),
    _("The sampler; 'model' takes the one that the model comes with."),
    _("Steps"),
    _("Denoising steps; turbo and LCM kinds want 1 to 8."),
    _("Guidance"),
    _("How strictly the picture follows the prompt; 0 for turbo kinds."),
    _("Width and height in pixels: 512 for SD 1.5, 1024 for XL."),
    _("Negative prompt"),
    _("What the picture should not show, the same for all conditions; empty for none."),
    _("Dtype"),
    _("Number format; 'auto' is float16 on a GPU and float32 on a processor."),
    _("Device"),
    _("Where to paint; 'auto' takes a GPU if any."),
    _("Safety checker"),
    _("Whether the model's own safety checker looks at each picture, if it has one."),
    _("musicnn (Pons & Serra 2019), trained on MagnaTagATune's 50 usual tags: the embedded default."),
    _("CLMR's SampleCNN (Spijkervet & Burgoyne 2021) with a head, both from checkpoint files."),
    _("The built-in writer: a grammar that writes one English sentence, without any model or download."),
    _("A language model behind the OpenAI protocol: the official service, or a server of one's own."),
    _("The built-in painter: flat illustrations drawn by rules, without any model or download."),
    _("A text-to-image diffusion model: Stable Diffusion 1.5, XL, turbo and LCM kinds, Flux and others."),
)

STATES = (_("left out"), _("Redefinition changes nothing: both tag sets give the same prompts."))

CHANGES = (
    _("removed"),
    _("added"),
    _("merged"),
    _("kept"),
)

REASONS = (
    _("the usual word, not the general one"),
    _("a compound says both"),
    _("instrumental music is music without a voice"),
    _("people name a singer's gender only where they hear a singer"),
    _("opera is sung"),
    _("a choir sings"),
    _("a soprano sings"),
    _("rap is spoken or sung"),
    _("a chant is sung"),
    _("the monks of a recording are heard chanting"),
    _("talking is a voice"),
    _("it is singing without instruments"),
    _("it is a voice"),
    _("it is done with the voice"),
    _("nine of ten duets in MagnaTagATune have another voice word"),
    _("who names an instrument has heard it"),
    _("who names a beat has heard it"),
    _("a genre named by people stands"),
    _("a language named by people stands"),
    _("together they say nothing about the tempo"),
    _("together they say nothing of the loudness"),
    _("what people heard stands"),
    _("a string instrument is named already"),
    _("a wind instrument is named already"),
    _("a keyboard instrument is named already"),
    _("a percussion instrument is named already"),
    _('an image model paints what a prompt names, also after "no"'),
    _("says nothing about the music"),
    _('the original study gave "no vocal" to every clip in doubt'),
    _("the original study removed them"),
    _("another word for the same thing"),
    _("the detector found a voice"),
    _('the original study gave "no vocal" to every clip in doubt, also beside a word for a voice'),
    _("people heard a voice, the detectors found none; what people said stands"),
    _("people heard no voice, the detectors found one; what people said stands"),
    _("people said nothing of a voice; the voice detector found one"),
    _("people said nothing of a voice; the voice detector found none"),
)
