"""The deposit in the formats of others: each module has one short writer from a `Deposit` to text.

A new format is a module here and its line in `WRITERS`.
"""

from collections.abc import Callable

from config.deposits.description import Deposit

# The file's name in the deposit, and what writes it.
WRITERS: dict[str, Callable[[Deposit], str]] = {}
