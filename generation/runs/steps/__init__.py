"""The four steps of a clip, a module each: what the step reads, its work, and how its result is saved.

`by_kind` calls them and is the door; `sequence` decides which steps a clip needs. May import `runs.orphan_files`,
`runs.spending` and `runs.conditions`, never the modules that plan and execute runs.
"""
