"""A study's images as participants get them: WebP, one encoder setting, few sizes, one length for each size.

`versions` is the door: it makes the files ahead, reads them, and knows what a study shows. `encoding` uses no database.
"""
