from django.core.files.storage import default_storage


def stored_files() -> set[str]:
    """The stored files of jobs. Those of other tests, whose rows were rolled back, may lie there too."""
    return set(default_storage.listdir("jobs")[1]) if default_storage.exists("jobs") else set()
