"""The results of a study that runs here: its analyses, report files, checklists, deviations from the plan, power and
early stop. May import all rooms of the analysis but the console, and `study`; modules with SciPy or Arrow are imported
inside functions, because the web process imports this room."""
