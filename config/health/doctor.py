"""All checks of `manage.py doctor`, by name."""

from config.health.checks import broker, clock, database, files, security, services
from config.health.finding import Check, Finding, Level
from config.health.running import run_checks

CHECKS: dict[str, Check] = {
    "database": database.database_is_written,
    "migrations": database.migrations_are_applied,
    "sqlite-settings": database.sqlite_writes_ahead,
    "sqlite-version": database.sqlite_is_sound,
    "sqlite-disk": database.sqlite_is_local,
    "broker": broker.broker_is_reached,
    "workers": broker.workers_answer,
    "waiting-work": services.work_is_taken,
    "beat": services.beat_runs,
    "release": services.one_release_runs,
    "visibility-timeout": broker.visibility_outlasts_steps,
    "weights": files.weights_are_there,
    "static-files": files.static_files_are_collected,
    "translations": files.translations_are_compiled,
    "chromium": services.chromium_is_there,
    "media": files.media_are_written,
    "disk": files.room_is_left,
    "data-folder": files.data_are_private,
    "settings-file": files.settings_are_private,
    "secret-key": security.secret_is_random,
    "debug": security.debug_is_off,
    "settings": security.settings_are_known,
    "hosts": security.hosts_are_right,
    "second-factor": security.second_factors_are_set_up,
    "writer-hosts": security.writer_hosts_are_few,
    "clock": clock.clocks_agree,
    "clock-steps": clock.clock_has_not_gone_back,
    "mail": services.mails_are_sent,
    "heads-file": files.heads_file_is_written,
    "backup": services.backup_is_recent,
    "restore": services.restore_has_ended,
}


def examine(seconds: float) -> dict[str, Finding]:
    """Return the finding of every check; what has given no answer after `seconds` is a fault."""
    return run_checks(CHECKS, seconds)


def faults_of(findings: dict[str, Finding]) -> dict[str, Finding]:
    """Return the findings that are faults."""
    return {name: one for name, one in findings.items() if one.level is Level.FAULT}
