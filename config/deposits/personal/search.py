"""Search texts for what points to a person, by who wrote them."""

from collections.abc import Iterable

from config.deposits.personal.disclosures import disclosures_in, search_of_names
from config.deposits.personal.identifiers import Identifier, identifiers_in


class Search:
    """What is searched for, beside all that can be told by its form.

    Args:
        known_names: names of colleagues and accounts, which no text should hold.
        own: what the researchers publish of themselves, which is no finding.
    """

    def __init__(self, known_names: Iterable[str] = (), own: Iterable[str] = ()) -> None:
        self._own = {text.strip().lower() for text in own}
        self._names = search_of_names(name for name in known_names if name.strip().lower() not in self._own)

    def words(self, text: str) -> list[Identifier]:
        """What points to a person in a text that a person wrote."""
        return self._others([*self._names(text), *identifiers_in(text), *disclosures_in(text)])

    def tags(self, text: str) -> list[Identifier]:
        """What points to a person in a tag of a file: credits and their web addresses are public."""
        return self._others([*self._names(text), *identifiers_in(text, by_machine=True)])

    def made(self, text: str) -> list[Identifier]:
        """What points to a person in a name, a prompt or a number, which nobody wrote as a text."""
        return self._others(identifiers_in(text, by_machine=True))

    def _others(self, found: Iterable[Identifier]) -> list[Identifier]:
        return [one for one in found if one.value.lower() not in self._own]
