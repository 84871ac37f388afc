"""A study as one self-contained zip: `export_study` writes it, `verify_export` checks it, `verify_diff` compares two.

May import study and analysis, and generation's sequence of seeds.
"""

from config.bundles.check import verify_export
from config.bundles.diff import verify_diff
from config.bundles.write import export_study

__all__ = ["export_study", "verify_diff", "verify_export"]
