"""The buttons that add, move and remove the rows of a question that is built, without a script."""

import re

from django.http import QueryDict

from study.console.forms.questions import MOST_ANSWERS

_BUTTON = re.compile(r"(add|up|down|remove)-(option|row|scale)(?:-(\d{1,3}))?")


def rearranged(data: QueryDict, button: str) -> tuple[QueryDict, str]:
    """What was typed, with its rows as a button wants them, and the id of the field to go on in.

    Args:
        button: `add-option`, `up-option-2`, `down-row-0`, `remove-scale-1`; anything else changes nothing.
    """
    match = _BUTTON.fullmatch(button)
    if match is None:
        return data, ""
    verb, prefix, number = match[1], match[2], int(match[3] or 0)
    total = data.get(f"{prefix}-TOTAL_FORMS", "")
    count = int(total) if re.fullmatch("[0-9]{1,3}", total) else 0
    if count > MOST_ANSWERS:
        return data, ""
    rows: list[dict[str, list[str]]] = [{} for _at in range(count)]
    for name, values in data.lists():
        of_row = re.fullmatch(rf"{prefix}-(\d{{1,3}})-(.+)", name)
        if of_row and int(of_row[1]) < count:
            rows[int(of_row[1])][of_row[2]] = values
    to = number
    if verb == "add" and count < MOST_ANSWERS:
        rows.append({})
        to = count
    elif verb != "add" and number < count:
        row = rows.pop(number)
        if verb != "remove":
            to = min(max(0, number + (1 if verb == "down" else -1)), count - 1)
            rows.insert(to, row)
    changed = data.copy()
    for name in [name for name in changed if re.match(rf"{prefix}-\d+-", name)]:
        del changed[name]
    for at, row in enumerate(rows):
        for name, values in row.items():
            changed.setlist(f"{prefix}-{at}-{name}", values)
    changed[f"{prefix}-TOTAL_FORMS"] = str(len(rows))
    return changed, f"{prefix}-{min(to, len(rows) - 1)}" if rows else ""
