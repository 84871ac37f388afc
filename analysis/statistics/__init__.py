"""Every statistic, as functions from arrays to frozen dataclasses; imports NumPy and SciPy, and nothing else of
Earsight. The door is `analysis.analyse`, from `ballots.Ballots` and `plan_and_result.AnalysisPlan` to
`plan_and_result.AnalysisResult`."""
