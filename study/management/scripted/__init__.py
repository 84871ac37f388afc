"""What commands share that do as somebody what a page of the console does.

Doors: `ScriptedCommand`, `Verb`, `forms`, `clips`.
"""
