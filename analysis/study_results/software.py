"""Which software computes the numbers; a module of its own, as those that compute are slow to load."""

from importlib.metadata import PackageNotFoundError, version


def software_versions() -> dict[str, str]:
    """Name and version of the software that computed the numbers."""
    names = ("earsight", "numpy", "scipy", "django")
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
