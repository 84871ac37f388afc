"""From ballots to a report. Layers, each importing only those below it: console, study_results, report, tables,
statistics. Of other wings the analysis imports `study` only, and `statistics` imports nothing of ours."""
