"""Images made elsewhere: read a zip or a set of files, check them, and make them the stimuli of their clips.

May import runs and painting; door: `uploading.take_upload`.
"""
