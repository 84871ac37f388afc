"""What can point to a person: identifiers, names, small groups, times, and what files carry beside their content.

The door is `config/deposits/persons.py`. Each module here finds one kind of thing in plain values and knows nothing
of a study.
"""
