from django.apps import AppConfig
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.core.checks import register
from django.db.models.signals import pre_save


class EarsightConfig(AppConfig):
    """Commands and pages that need study, generation and analysis together."""

    name = "config"
    label = "earsight"
    verbose_name = "Earsight"

    def ready(self) -> None:
        from config.accounts import account_log, attempts, sessions
        from config.backups.unfinished import check_restore
        from config.demo import responsible  # noqa: F401  (registers what a copy of a demo keeps)
        from config.deposits.console import navigation as publishing  # noqa: F401  (registers page, jobs, plan)
        from config.health import study_work
        from config.installation.checks import register_checks
        from config.rehearsals import navigation  # noqa: F401  (registers the page)
        from study import jobs
        from study.management.command import EVERY_COMMAND
        from study.models import NoticeKind
        from study.notices import finding

        register(check_restore, EVERY_COMMAND)
        finding.register(NoticeKind.WORK, study_work.studies_that_wait)
        jobs.expect("bundle", "config.bundles.job")
        jobs.expect("rehearsal", "config.rehearsals.work")
        pre_save.connect(
            attempts.forget_what_was_sent, sender="axes.AccessAttempt", dispatch_uid="earsight.failed-sign-in"
        )
        user_logged_in.connect(sessions.begin, dispatch_uid="earsight.sign-in-began")
        account_log.connect()
        register_checks()
        if settings.SENTRY_DSN:
            from config.logs import sentry

            sentry.start(settings.SENTRY_DSN)
