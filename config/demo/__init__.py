"""The demo that `manage.py demo` builds and serves: music made by code, a study of it, and the processes that serve it.

Its doors are `study` (what is built) and `processes` (what is started). It may import study, generation and analysis.
"""
