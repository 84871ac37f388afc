"""Uploads and images in Django's default storage, a folder or S3: what to do where a storage elsewhere differs.

`unavailable` has the error of a storage that does not answer, `deleting` deletes files in bulk and later if it must,
`copies` keeps small files that participants ask for on this machine, `whole` writes one
whole or not at all.
"""
