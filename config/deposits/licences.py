"""The licences that data are given under: what the archives call them, and what a deposit says of them."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.study_results.reporting_answers import LICENCES


@dataclass(frozen=True)
class Licence:
    """A licence by its SPDX name.

    Attributes:
        hub: its name in the metadata of the Hugging Face hub. Zenodo takes the SPDX name in small letters.
        is_open: whether anybody may use and change the data for any purpose.
    """

    spdx: str
    address: str
    hub: str
    is_open: bool = True


_CREATIVE_COMMONS = "https://creativecommons.org/licenses"
_KNOWN = (
    Licence("CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/", "cc0-1.0"),
    Licence("CC-BY-4.0", f"{_CREATIVE_COMMONS}/by/4.0/", "cc-by-4.0"),
    Licence("CC-BY-SA-4.0", f"{_CREATIVE_COMMONS}/by-sa/4.0/", "cc-by-sa-4.0"),
    Licence("CC-BY-NC-4.0", f"{_CREATIVE_COMMONS}/by-nc/4.0/", "cc-by-nc-4.0", is_open=False),
    Licence("CC-BY-NC-SA-4.0", f"{_CREATIVE_COMMONS}/by-nc-sa/4.0/", "cc-by-nc-sa-4.0", is_open=False),
    Licence("CC-BY-ND-4.0", f"{_CREATIVE_COMMONS}/by-nd/4.0/", "cc-by-nd-4.0", is_open=False),
    Licence("CC-BY-NC-ND-4.0", f"{_CREATIVE_COMMONS}/by-nc-nd/4.0/", "cc-by-nc-nd-4.0", is_open=False),
    Licence("ODbL-1.0", "https://opendatacommons.org/licenses/odbl/1-0/", "odbl"),
    Licence("ODC-By-1.0", "https://opendatacommons.org/licenses/by/1-0/", "odc-by"),
    Licence("PDDL-1.0", "https://opendatacommons.org/licenses/pddl/1-0/", "pddl"),
    Licence("MIT", "https://opensource.org/license/mit", "mit"),
    Licence("Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0", "apache-2.0"),
)
KNOWN = {licence.spdx: licence for licence in _KNOWN}
_GRANTS = {
    "CC-BY-4.0": "You may share and adapt the data, also commercially, if you name their creators, link to the licence "
    "and say what you changed.",
    "CC0-1.0": "The creators have waived all their rights to the data, as far as the law lets them. Cite them all the "
    "same: that is good scientific practice.",
    "CC-BY-NC-4.0": "You may share and adapt the data, not commercially, if you name their creators, link to the "
    "licence and say what you changed.",
}


def known_licence(name: str) -> Licence | None:
    """Return the licence of this SPDX name, however its letters are written; None of any other text."""
    return next((licence for licence in _KNOWN if licence.spdx.lower() == name.strip().lower()), None)


def licence_address(licence: str) -> str:
    """Where the text of a licence is; empty if it is not known. A licence may be given by its address."""
    if licence.startswith(("https://", "http://")):
        return licence
    known = known_licence(licence)
    return known.address if known is not None else ""


def licence_text(licence: str) -> str:
    """The file of a deposit that says under which licence its data may be used."""
    name, address = LICENCES.get(licence, licence), licence_address(licence)
    parts = [
        f"The data of this deposit are licensed under {name}.",
        _GRANTS.get(licence, ""),
        f"The text of the licence: {address}" if address and address != name else "",
        "Sounds have licences of their own, which the table of clips names: one that is not here may not be passed on.",
    ]
    return "\n\n".join(filter(None, parts)) + "\n"
