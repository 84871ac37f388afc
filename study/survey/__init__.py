"""The participants' pages."""
