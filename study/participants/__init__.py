"""Participants from enrolment to withdrawal, each verb in the module that names it.

Entering: `links`, `tokens`, `recruiting`, `enrolment`. Taking part: `consent_and_questions`, `questions`,
`headphones`, `events`, `completion`. Afterwards: `answers_table`, `quality`, `exclusion`, `withdrawal`, `monitoring`.
May import the ballots, the design and the models.
"""
