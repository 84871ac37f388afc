"""What an export holds beside its tables and its report, so that `import_study` can take the whole study in again.

It lies in the folder `whole/` of the bundle: `format.json` (its version), `study.json` (settings and conditions),
`clips.jsonl` (a clip a line, with its images and what they were made from), `people.jsonl` (a participant a line, with
their trials and ballots), `analysis.json`, and of a study with pictures of its interface `interface.json` with these.
Files of earlier versions are not changed by it. A sealed export has none.

Nothing here says more of a person than the tables do: times are given to the hour and durations to the second, and
receipts, tokens, platform ids, links and events stay behind.
"""

FORMAT = "whole/format.json"
STUDY = "whole/study.json"
CLIPS = "whole/clips.jsonl"
PEOPLE = "whole/people.jsonl"
ANALYSIS = "whole/analysis.json"
FILES = "whole/files/"
PREVIEWS = "whole/previews/"
LEFT_OUT = "whole/images/"
INTERFACE = "whole/interface.json"
INTERFACE_FILES = "whole/interface/"
SOUNDS = "sounds/"
VERSION = 1
# The columns of an analysis that `ANALYSIS` has.
ANALYSIS_FIELDS = ("plan", "versions", "flow", "result", "plan_digest", "ballots_digest")
CLOSED, DRAFT = "closed", "draft"
