"""The one reader and judge of audio files: for uploads, commands and data sets. Doors: `judge`, `notes`.

Light on purpose (NumPy and soundfile): the web process checks uploads with it.
"""
