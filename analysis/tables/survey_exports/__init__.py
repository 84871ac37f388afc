"""Downloads of survey tools as ballots, by a mapping: who is the person, which questions are clips, which answers are
which image."""
