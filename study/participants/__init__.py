"""Participants from enrolment to withdrawal, each verb in the module that names it.

Entering: `links`, `tokens`, `recruiting`, `enrolment`. Taking part: `stages`, `consent_and_questions`, `questions`,
`events`, `completion`. Afterwards: `quality`, `exclusion`, `withdrawal`, `monitoring`.
May import the ballots, the design and the models.
"""
