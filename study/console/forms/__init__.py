"""The forms of the researchers' pages, one module for each page: they validate; views hand valid data to a verb."""
