"""Several studies side by side: what they share, which may stand together, and their effects combined.

Door: `compare` (comparing.py), with the sources of `study_sources.py` and `files.py`. Only `study_sources.py` reads the
database: the rest runs in a bounded process too, which reads what others made (`bounded.py`).
"""
