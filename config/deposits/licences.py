"""What the archives call the licences that data are given under."""

from __future__ import annotations

from dataclasses import dataclass


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


def known_licence(name: str) -> Licence | None:
    """Return the licence of this SPDX name, however its letters are written; None of any other text."""
    return next((licence for licence in _KNOWN if licence.spdx.lower() == name.strip().lower()), None)
