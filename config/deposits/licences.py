"""The licences of data that Earsight knows: their names, and where their texts are."""

from analysis.study_results.reporting_answers import LICENCES

_ADDRESSES = {
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "CC-BY-NC-4.0": "https://creativecommons.org/licenses/by-nc/4.0/",
    "CC-BY-SA-4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
    "CC-BY-NC-SA-4.0": "https://creativecommons.org/licenses/by-nc-sa/4.0/",
    "CC-BY-ND-4.0": "https://creativecommons.org/licenses/by-nd/4.0/",
    "CC-BY-NC-ND-4.0": "https://creativecommons.org/licenses/by-nc-nd/4.0/",
    "ODbL-1.0": "https://opendatacommons.org/licenses/odbl/1-0/",
    "ODC-By-1.0": "https://opendatacommons.org/licenses/by/1-0/",
    "PDDL-1.0": "https://opendatacommons.org/licenses/pddl/1-0/",
}
_GRANTS = {
    "CC-BY-4.0": "You may share and adapt the data, also commercially, if you name their creators, link to the licence "
    "and say what you changed.",
    "CC0-1.0": "The creators have waived all their rights to the data, as far as the law lets them. Cite them all the "
    "same: that is good scientific practice.",
    "CC-BY-NC-4.0": "You may share and adapt the data, not commercially, if you name their creators, link to the "
    "licence and say what you changed.",
}


def licence_address(licence: str) -> str:
    """Where the text of a licence is; empty if it is not known. A licence may be given by its address."""
    return licence if licence.startswith(("https://", "http://")) else _ADDRESSES.get(licence, "")


def licence_text(licence: str) -> str:
    """The file of a deposit that says under which licence its data may be used."""
    name, address = LICENCES.get(licence, licence), licence_address(licence)
    parts = [
        f"The data of this deposit are licensed under {name}.",
        _GRANTS.get(licence, ""),
        f"The text of the licence: {address}" if address and address != name else "",
        "Sounds have licences of their own, which data/clips.csv names: one that is not here may not be passed on.",
    ]
    return "\n\n".join(filter(None, parts)) + "\n"
