"""Make the analysis of a deposit again, from the deposit alone, and compare."""
