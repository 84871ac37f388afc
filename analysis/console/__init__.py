"""The researchers' pages about results, reporting, power and early stop, with their forms and their entries in the
console's navigation. Pages call `analysis.study_results`; nothing imports this room but `analysis.urls` and `apps`."""
