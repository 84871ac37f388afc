"""A study as one zip that stands on its own: `export_study` writes it, `verify_export` checks it.

May import study and analysis.
"""

from config.bundles.check import verify_export
from config.bundles.write import export_study

__all__ = ["export_study", "verify_export"]
