"""Take a study in from an export of another installation: whole, or not at all.

A bundle comes from strangers. Everything is checked before a row is written (`checked`), files and rows are made from
what was checked (`stored`, `study_rows`, `people_rows`), and before the commit the tables of the new study are written
once more and compared with the bundle's, byte for byte (`sameness`).
"""

from config.bundles.taking_in.errors import BundleRefused
from config.bundles.taking_in.study_from_bundle import TakenIn, take_in

__all__ = ["BundleRefused", "TakenIn", "take_in"]
