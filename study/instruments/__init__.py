"""The questions that a study asks in each trial: their shapes, presets, and the check of what is answered.

Door: `instrument_of(study)`. Nothing here reads the database.
"""
