"""What scripts read of a study as JSON, with a token of one person: the same rights and the same seal as the pages.

Door: `api_page` for the addresses, `contents` for what they and the commands give out.
"""
