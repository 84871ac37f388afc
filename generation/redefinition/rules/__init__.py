"""Rule files: their fields, reading and checking them, and the rule set in the order of its application.

Imports the errors, the spelling and the vocabulary of redefinition. Doors: `rule_files` to load a rule set, `rule_set`
and `schema` for its types. The shipped rule sets are the YAML files beside this file.
"""
