"""The page “Publish”, and what workers do for it."""
