"""mlcroissant and frictionless, as the tests may import them: both change, once imported, what others go by."""

import csv
import sys

_limit = csv.field_size_limit()
import frictionless.formats.csv  # noqa: E402  (otherwise loaded at the first table)
import mlcroissant  # noqa: E402
from absl import logging  # noqa: E402

__all__ = ["frictionless", "mlcroissant"]

# frictionless lifts the limit of every reader of the process, at which our tables are refused.
csv.field_size_limit(_limit)

# absl's handler, which mlcroissant loads, keeps the stderr of its import, which is pytest's own file, and closes it as
# soon as somebody sets up logging anew: the whole run would end there, without a word. It never closes Python's own.
logging.get_absl_handler().python_handler.stream = sys.__stderr__
