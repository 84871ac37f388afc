"""The console's pages about the study itself, one file for each object."""
