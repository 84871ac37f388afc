"""A database of another version of Earsight: its changes are missing, or are not known to this process."""

from django.utils.translation import gettext_noop

from config.service_faults.fault import Fault

OTHER_VERSION = Fault(
    "The database is of another version",
    15,
    gettext_noop(
        "The database belongs to another version of Earsight. Run manage.py migrate with the new version, then restart "
        "the web server and the workers."
    ),
    reason=gettext_noop("Earsight is being updated here. This takes some minutes at most."),
)
