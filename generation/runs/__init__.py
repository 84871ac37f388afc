"""Generation runs: plan a run, do its steps under leases, wake workers, and report the progress.

May import the rooms that do the work (listening, tagging, redefinition, writing, painting); doors: `lifecycle`, `execution`.
"""
