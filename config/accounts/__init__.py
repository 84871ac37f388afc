"""Researchers' accounts: passwords, how long a sign-in lasts, and the page on which people look after theirs."""
