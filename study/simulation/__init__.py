"""Simulated participants, who answer a study through its real pages.

May import participants, ballots, the design and the models. Doors: `people.simulate_participants` with
`preferences.PreferenceModel`, `walking.walk` and `transports`.
"""
