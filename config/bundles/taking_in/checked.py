"""Check a bundle before anything of it is taken in."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from config.bundles.check import check_bundle
from config.bundles.reading import MAX_FILES, Bundle, Unreadable
from config.bundles.taking_in.errors import BundleRefused
from config.bundles.whole import ANALYSIS, CLIPS, CLOSED, DRAFT, FORMAT, PEOPLE, STUDY, VERSION
from study.models import Study

_TIMES_AN_UPLOAD = 10


def checked_format(bundle: Bundle) -> dict[str, Any]:
    """Make all checks of `verify_export`, and return what `whole/format.json` says.

    Raises:
        BundleRefused: something is wrong in the bundle, or it does not hold a whole study.
    """
    if len(bundle.archive.infolist()) > MAX_FILES:
        raise BundleRefused(_("There are more than %(n)d files in this zip: it is no export.") % {"n": MAX_FILES})
    _refuse_too_large(bundle)
    check_bundle(bundle)
    if bundle.faults:
        raise BundleRefused(
            _("This export is damaged or was changed, so nothing of it was taken in. Ask for it again."), bundle.faults
        )
    if FORMAT not in bundle.members:
        raise BundleRefused(_why_not_whole(bundle))
    found = bundle.json(FORMAT)
    if found.get("version") != VERSION:
        raise BundleRefused(_("This export was made by a newer Earsight. Update this installation, then try again."))
    state, status = found.get("state"), bundle.study.get("status")
    if state not in (CLOSED, DRAFT) or state != status or (state == CLOSED and bundle.is_sealed):
        raise Unreadable(f"{FORMAT} is not what an export holds there.")
    needed = (STUDY, CLIPS) if state == DRAFT else (STUDY, CLIPS, PEOPLE)
    if missing := [name for name in needed if name not in bundle.members]:
        raise Unreadable(f"{', '.join(missing)}: missing, although {FORMAT} is there.")
    if ("analysis.json" in bundle.members) != (ANALYSIS in bundle.members):
        raise Unreadable(f"{ANALYSIS} and analysis.json belong together, and one is missing.")
    return found


def _refuse_too_large(bundle: Bundle) -> None:
    """Refuse what would keep a worker busy for hours: all files together may be ten times the largest upload."""
    most = _TIMES_AN_UPLOAD * settings.MAX_UPLOAD_BYTES
    if sum(info.file_size for info in bundle.archive.infolist()) > most:
        raise BundleRefused(
            _(
                "Unpacked, this export has more than %(n)d MB. If it is one that you trust, ask the operator to raise "
                "EARSIGHT_UPLOAD_MB, of which this is ten times as much."
            )
            % {"n": most // 1_000_000}
        )


def _why_not_whole(bundle: Bundle) -> str:
    status = bundle.study.get("status")
    if status in (Study.Status.OPEN, Study.Status.PAUSED) or (bundle.is_sealed and status != Study.Status.DRAFT):
        return _(
            "This export was made while the study was sealed, without images and conditions: no study can be made "
            "from it. Export it again once it is closed and its results are open."
        )
    if not any(name.startswith("images/") for name in bundle.members):
        return _("This export was made without its images. Export the study again, with them.")
    return _(
        "This export was made by an earlier Earsight, which left out what is needed. Update that installation and "
        "export the study again."
    )
