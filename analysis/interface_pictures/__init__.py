"""Pictures of the participants' pages of a study, for papers: taken by a headless Chromium, or the researcher's own."""
