"""mlcroissant, as the tests may import it."""

import sys

import mlcroissant
from absl import logging

__all__ = ["mlcroissant"]

# absl's handler keeps the stderr of its import, which is pytest's own file, and closes it as soon as somebody sets up
# logging anew: the whole run would end there, without a word. It never closes Python's own stream.
logging.get_absl_handler().python_handler.stream = sys.__stderr__
