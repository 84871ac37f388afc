"""Check and decode clips, make the participants' MP3, detect voice.

Imports no other room of generation. Doors: `audio`, `voice`.
"""
