"""Listening: decode a clip, check the audio, detect voice.

May import nothing of ours but the errors; doors: `audio`, `voice`.
"""
