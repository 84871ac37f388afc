"""A closed study as a data deposit: what others need to check and use it, and nothing that points to a person."""
