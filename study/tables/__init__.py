"""The one reader of tables that come in: encoding, delimiter, headings, blank rows, invisible signs, missing values."""
