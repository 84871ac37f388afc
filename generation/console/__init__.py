"""The researcher's pages of generation: the run, the review of images, uploads, media and forms.

May import every other room of generation; doors: `urls` at the wing's root, and `path_steps`.
"""
