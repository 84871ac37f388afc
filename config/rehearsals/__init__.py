"""Rehearsals of a draft to its report: a marked copy is opened, answered by simulated people, closed and analysed.

Doors: `request.rehearse_study`; `work`, the job of the worker; `pages`. What ends a rehearsal is in
`study/setup/rehearsals.py`. `copies` makes copies that stay, for the demo and for `manage.py simulate --rehearse`.
"""
