"""One module for each kind of check. A check takes nothing and returns a `Finding`; its errors count as faults."""
