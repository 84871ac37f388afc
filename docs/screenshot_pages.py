"""Which pages docs/screenshots.md shows, the names of their screenshots, and its text: plain values, no Django."""

from typing import Any, Literal

SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
DRAFT = "draft-for-screenshots"
RATED = f"{DRAFT}-rating"
# Parts of an address that are known once the pages are there: the draft's first clip, and who took the survey last.
# "{answered rating}" is the rehearsal of the draft of that step.
FIRST_CLIP, SURVEYED = "{first clip}", "{surveyed}"
# The survey's pages by size, language and colours of the browser; then the pages that are shown on a phone alone.
KINDS: tuple[tuple[str, str, Literal["light", "dark"]], ...] = (
    ("phone", "en", "light"),
    ("desktop", "en", "light"),
    ("phone", "ko", "dark"),
)
STEPS = ("welcome", "consent", "sound", "instructions", "trial", "enlarged", "answered", "thanks")
ENDS = ("unknown-link", "closed")
# Trials that ask something else than a first and a second choice: their headings by step. Each has a draft of its own.
ASKED = {
    "rating": "Ratings of each image",
    "pair": "A pair of images",
    "feeling": "Valence and arousal",
    "chosen": "A choice, then ratings of what was chosen",
    "several": "Several questions, of the music and of each image",
}
# What the draft of "several" asks, as no preset does.
SEVERAL: dict[str, Any] = {
    "version": 1,
    "questions": [
        {
            "kind": "pick",
            "key": "mood",
            "text": {"en": "What does the music express?", "ko": "음악이 무엇을 표현하나요?"},
            "options": [
                {"key": "joy", "text": {"en": "joy", "ko": "기쁨"}},
                {"key": "calm", "text": {"en": "calm", "ko": "평온함"}},
                {"key": "sorrow", "text": {"en": "sorrow", "ko": "슬픔"}},
                {"key": "anger", "text": {"en": "anger", "ko": "분노"}},
            ],
        },
        {
            "kind": "rate",
            "key": "colours",
            "text": {"en": "How do the colours fit the music?", "ko": "색이 음악과 얼마나 어울리나요?"},
            "scales": [
                {
                    "key": "fit",
                    "text": {"en": "Colours", "ko": "색"},
                    "steps": "slider",
                    "low": {"en": "not at all", "ko": "전혀 어울리지 않음"},
                    "high": {"en": "perfectly", "ko": "완벽하게 어울림"},
                    "cannot_say": True,
                }
            ],
        },
        {"kind": "text", "key": "why", "text": {"en": "What made the difference?", "ko": "무엇이 달랐나요?"}},
        {"kind": "confidence", "key": "sure", "text": {}},
    ],
}
# Pages with an address of their own, beside those of the console: (name, heading).
SIGN_IN, SHARED_REPORT = ("sign-in", "Sign in"), ("shared-report", "A report that is shared by a link")
COMPARE = ("compare", "One effect in several studies")
GALLERY = ("gallery", "A public gallery, to link from a paper")
GALLERY_CHOICES = ("gallery-choices", "What a gallery shows, before it is public")
# (name, heading, URL name, arguments of the URL)
CONSOLE: list[tuple[str, str, str, tuple[str | int, ...]]] = [
    ("studies", "All studies", "study_list", ()),
    ("create", "A new study", "study_create", ()),
    ("bring-in", "Bringing in a study from another installation", "study_import", ()),
    ("deleted-studies", "Drafts that were deleted within a day", "deleted_studies", ()),
    ("account", "Your account: password and sign-ins", "account", ()),
    ("second-factor", "The second factor", "second_factor", ()),
    ("words", "The words of the console", "glossary", ()),
    ("form-answers", "Answers from another survey tool", "form_answers", ()),
    ("overview", "A study's overview", "study_overview", ("demo",)),
    ("describe", "Describe: what participants read", "study_describe", (DRAFT,)),
    ("clips", "Clips: upload and listen", "study_clips", (DRAFT,)),
    ("clip-edit", "Clips: rename and trim", "clip_edit", (DRAFT, FIRST_CLIP)),
    ("tags", "Tags: import and edit", "study_tags", (DRAFT,)),
    (
        "generate",
        "Generate: progress, what changed in the tags, what needs a decision",
        "generation_run",
        (DRAFT,),
    ),
    ("tags-compared", "Generate: tags before and after", "generation_tags", (DRAFT,)),
    ("decide", "Generate: doubtful tags with their evidence", "generation_decide", (DRAFT,)),
    ("settings", "Generate: who tags, writes and paints", "generation_settings", (DRAFT,)),
    ("review-draft", "Review: the images of each clip", "generation_review", (DRAFT,)),
    ("clip", "Review: everything about one clip", "generation_clip", (DRAFT, 6)),
    ("large", "Review: one image beside the others", "generation_large", (DRAFT, 6, 1)),
    ("upload", "Images made elsewhere", "generation_upload", (DRAFT,)),
    ("plan", "Plan: fixed before opening", "study_plan", (DRAFT,)),
    (
        "trial-questions",
        "Questions in each trial: here ratings of each image",
        "study_instrument",
        (RATED,),
    ),
    (
        "trial-question",
        "A question of each trial, as participants see it",
        "instrument_edit",
        (RATED, "rating"),
    ),
    ("questions", "Questions about the person", "study_questions", (DRAFT,)),
    ("question", "A question being built", "question_add", (DRAFT, "before", "choice")),
    ("power", "Power: how many people and clips are needed", "study_power", (DRAFT,)),
    ("analysis-rules", "Analysis rules: early stop and smallest difference", "study_analysis_rules", (DRAFT,)),
    ("reporting", "Reporting: what the checklists ask", "study_reporting", (DRAFT,)),
    ("preregister", "Preregister: the text for a registry", "study_preregister", (DRAFT,)),
    ("preview", "Preview", "study_preview", (DRAFT,)),
    ("rehearse", "Rehearse: simulated people answer a copy", "study_rehearse", (DRAFT,)),
    ("open-draft", "Open: problems to fix first", "study_open", (DRAFT,)),
    ("open", "Open: pause and close", "study_open", ("demo",)),
    ("schedule", "Open and close at a set time", "study_schedule", (DRAFT,)),
    ("monitor", "Monitor", "study_monitor", ("demo-simulated",)),
    (
        "participants",
        "Participants: who is flagged, who is left out",
        "study_participants",
        ("demo-simulated",),
    ),
    ("replay", "The way of one participant", "participant_replay", ("demo", SURVEYED)),
    ("links", "Links", "study_links", ("demo",)),
    ("recruit", "Texts to paste into a recruiting platform", "study_recruit", (DRAFT,)),
    ("stages", "Stages: pilot, main and follow-up", "study_stages", ("demo",)),
    ("versions", "Versions: what was changed while it runs", "study_versions", ("demo",)),
    ("sealed", "Results while sealed", "study_results", ("demo",)),
    ("results", "Results", "study_results", ("demo-simulated",)),
    ("report", "The report", "study_report", ("demo-simulated",)),
    ("figures", "The report's figures", "study_figures", ("demo-simulated",)),
    ("report-rating", "The report of a study with ratings", "study_report", ("{answered rating}",)),
    ("report-pair", "The report of a study with pairs", "study_report", ("{answered pair}",)),
    ("interface", "Pictures of the interface, for the report and the paper", "study_interface", (f"{DRAFT}-pair",)),
    ("payment", "Payment", "study_payment", ("demo",)),
    ("share", "Sharing the report by a link", "study_share", ("demo-simulated",)),
    ("publish", "Publish: a deposit for a repository", "study_publish", ("demo-simulated",)),
    ("jobs", "Prepared files and uploads", "study_jobs", ("demo-simulated",)),
    ("log", "The log", "study_log", ("demo",)),
    ("colleagues", "Colleagues", "study_members", ("demo",)),
    ("mails", "Mails about a study", "study_mails", ("demo",)),
    ("scripts", "Scripts: tokens for a notebook or a program", "study_scripts", ("demo",)),
    ("delete", "Deleting a draft", "study_delete", (DRAFT,)),
]


def survey_name(step: str, size: str, language: str) -> str:
    return f"survey-{step}-{size}-korean-dark" if language == "ko" else f"survey-{step}-{size}"


def shown_in_both_sizes() -> list[tuple[str, str]]:
    """Name and heading of each page that is no page of the survey, in their order."""
    return [
        SIGN_IN,
        *((name, what) for name, what, _url, _address in CONSOLE),
        COMPARE,
        SHARED_REPORT,
        GALLERY_CHOICES,
        GALLERY,
    ]


def all_names() -> set[str]:
    """The names of all screenshots, without the suffix."""
    survey = {survey_name(step, size, language) for step in STEPS for size, language, _scheme in KINDS}
    asked = {survey_name(step, size, language) for step in ASKED for size, language, _scheme in KINDS}
    ends = {survey_name(end, "phone", "en") for end in ENDS}
    return survey | asked | ends | {f"{name}-{size}" for name, _what in shown_in_both_sizes() for size in SIZES}


def page_of_screenshots() -> str:
    """The text of docs/screenshots.md."""
    lines = ["# Every page", "", "Taken by `make screenshots` from the demo study.", "", "## The survey", ""]
    for step in (*STEPS, *ASKED, *ENDS):
        pictures = sorted(f"{name}.webp" for name in all_names() if name.startswith(f"survey-{step}-"))
        words = ASKED.get(step, step.replace("-", " ").capitalize())
        lines += [
            f"### {words}",
            "",
            " ".join(
                f'<img src="screenshots/{name}" width="{360 if "desktop" in name else 200}" alt="{words}">'
                for name in pictures
            ),
            "",
        ]
    lines += ["## The console", ""]
    for name, what in shown_in_both_sizes():
        lines += [
            f"### {what}",
            "",
            f'<img src="screenshots/{name}-desktop.webp" width="560" alt="{what}">\n'
            f'<img src="screenshots/{name}-phone.webp" width="180" alt="{what} on a phone">',
            "",
        ]
    return "\n".join(lines)
