"""The participants' pages, from the link to the thanks page; door: `urls`.

By page: `entry` (open link, invite links, own link), `views` (consent, questions, sound check, instructions, review,
thanks), `trials`, `media` and `side_pages`; by concern: `next_page`, `cookies`, `decorators`, `visit_ends`.
May import every room of the study but the setup and the console.
"""
