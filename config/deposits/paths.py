"""Where the files of a deposit are."""

BALLOTS = "data/ballots.csv"
ANSWERS = "data/answers.csv"
PARTICIPANTS = "data/participants.csv"
CLIPS = "data/clips.csv"
STIMULI = "data/stimuli.csv"
MATCH_CONTROL = "data/match_control.csv"
PAINTINGS = "data/paintings.csv"
CLIPS_LEFT_OUT = "data/clips_left_out.csv"
CODEBOOK = "codebook.csv"
STUDY = "study.json"
PROVENANCE = "provenance.json"
PLAN = "plan.json"
ANALYSIS = "analysis.json"
VERSIONS = "versions.json"
LICENCE = "LICENCE.txt"
README = "README.md"
SUMS = "SHA256SUMS"
REPORT = "report/"
IMAGES = "images/"
SOUNDS = "sounds/"


def name_of(path: str) -> str:
    """The name of a table in keys of findings and of what is left out: "participants.csv"."""
    return path.rpartition("/")[2]
