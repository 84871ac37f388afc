"""Participants from enrolment to withdrawal, each verb in the module that names it.

Entering: `links`, `tokens`, `recruiting`, `enrolment`. Taking part: `stages`, `consent_and_questions`, `questions`,
`headphones`, `listening`, `events`, `server_record`, `completion`. Afterwards: `answers_table`, `quality` with
`measures` and `position_patterns`, `exclusion_rules` with `answer_rules`, `flag_words`, `exclusion`, `withdrawal`,
`monitoring`.
May import the ballots, the design and the models.
"""
