"""What `tests/without.py` takes off for which test, and what stands in its place."""

import re
from datetime import timedelta
from typing import Any

from django.db.models import Q


class Never(Exception):
    """Raised by nobody: whoever catches it instead of an error catches nothing."""


def nothing(*_arguments: Any, **_more: Any) -> None:
    return None


def gives(value: Any) -> Any:
    return lambda *_arguments, **_more: value


def every_step(lease: Any) -> Any:
    from generation.models import ClipStep

    return ClipStep.objects.filter(pk=lease.step_id)


def every_study(_user: Any, *_right: Any) -> Any:
    from django.db.models import Value

    from study.models import Study

    return Study.objects.annotate(member_role=Value("editor"))


def any_state(row: Any) -> Any:
    return type(row).objects.filter(pk=row.pk)


def chain_unreported(study: Any, _found: Any, look: Any = iter) -> int:
    from study.verification.chain import check_chain
    from study.verification.findings import Findings

    return check_chain(study, Findings(), look)


def all_mine(*_arguments: Any, **_more: Any) -> Any:
    from study.console.forms.versions import Settled

    return Settled([], [])


def the_text(value: Any, *_more: Any) -> Any:
    return value


# file → test → what is taken off, and what stands in its place
TAKEN_OFF: dict[str, dict[str, tuple[str, Any]]] = {
    "config/bundles/test_taking_in.py": {
        "test_what_was_forged_is_refused_and_named_and_nothing_stays": (
            "config.bundles.taking_in.study_from_bundle._ensure_same",
            nothing,
        ),
    },
    "config/bundles/test_strangers.py": {
        "test_settings_that_no_page_could_show_are_refused_and_named": (
            "config.bundles.taking_in.study_rows.check_settings",
            nothing,
        ),
        "test_entries_of_another_server_decide_nothing_here": (
            "study.published_heads.publishing.WRITTEN_HERE",
            Q(),
        ),
        "test_a_small_upload_that_unpacks_to_much_is_refused_before_it_is_read": (
            "config.bundles.taking_in.checked._refuse_too_large",
            nothing,
        ),
    },
    "config/test_kept_forms.py": {
        "test_what_two_people_change_of_one_field_is_asked_and_of_two_fields_is_merged": (
            "study.console.forms.versions.settle",
            all_mine,
        ),
        "test_an_answer_holds_for_the_values_that_were_shown_and_for_no_later_ones": (
            "study.console.forms.versions.settle",
            all_mine,
        ),
    },
    "generation/console/test_unknown_tags.py": {
        "test_a_choice_that_somebody_else_made_meanwhile_is_asked": (
            "generation.console.unknown_tags_page.settle",
            all_mine,
        ),
    },
    "study/console/test_questions.py": {
        "test_what_a_quota_group_or_rule_needs_is_not_removed": (
            "study.setup.question_editing._refuse_faults",
            nothing,
        ),
    },
    "config/metrics/test_metrics.py": {
        "test_only_who_shows_the_token_reads_it": ("config.metrics.middleware.constant_time_compare", gives(True)),
    },
    "config/logs/test_request_ids.py": {
        "test_an_id_is_taken_from_a_trusted_proxy_only_and_if_well_formed": (
            "config.logs.request_ids._WELL_FORMED",
            re.compile("[^!]*"),
        ),
    },
    "config/health/test_waiting_work.py": {
        "test_the_pages_of_the_console_tell_researchers_since_when_and_what_to_do": (
            "config.health.console.silent_queues",
            gives([]),
        ),
    },
    "study/jobs/test_jobs.py": {
        "test_what_is_cancelled_stops_at_its_next_report_and_stores_nothing": (
            "study.background_work.rows.still_ours",
            any_state,
        ),
        "test_a_job_that_fails_says_why": ("study.jobs.work._storage_fault", gives("")),
    },
    "study/console/test_job_pages.py": {
        "test_files_are_erased_at_once_when_somebody_withdraws": ("study.jobs.files.erase_results", nothing),
    },
    "analysis/study_results/test_prepared.py": {
        "test_a_report_asked_for_while_the_broker_is_away_is_made_when_it_is_back": (
            "study.background_work.rows.lost",
            gives([]),
        ),
    },
    "generation/runs/test_leases.py": {
        "test_a_step_that_kills_its_worker_three_times_fails_with_a_message": (
            "generation.runs.leases.parent_is_alive",
            gives(False),
        ),
        "test_an_expired_lease_passes_on_and_the_first_holder_can_neither_renew_nor_save": (
            "generation.runs.leases.Lease.held",
            every_step,
        ),
        "test_a_lost_message_is_sent_again_when_a_worker_starts": (
            "generation.runs.worker.send_waiting_steps",
            nothing,
        ),
    },
    "analysis/study_results/test_analyses.py": {
        "test_an_analysis_left_by_a_dead_worker_is_taken_three_times_and_then_fails": (
            "study.background_work.rows.ATTEMPTS",
            99,
        ),
        "test_a_worker_that_lost_its_analysis_stores_nothing_and_asks_for_no_report": (
            "study.background_work.rows.still_ours",
            any_state,
        ),
    },
    "study/background_work/test_lookout.py": {
        "test_an_audit_whose_worker_was_killed_begins_again_three_times_at_most": (
            "study.blinding_audit.queueing._begin_again",
            gives(0),
        ),
        "test_a_killed_analysis_is_computed_by_another_worker_and_one_that_fails_says_so": (
            "study.background_work.rows.STALE_AFTER",
            timedelta(days=1),
        ),
        "test_an_analysis_asked_while_the_broker_is_away_is_found_and_computed": (
            "study.background_work.messages.OperationalError",
            Never,
        ),
        "test_a_broker_that_is_away_is_asked_once_for_many_messages": (
            "study.background_work.messages.PAUSE",
            0.0,
        ),
    },
    "generation/library/test_passes.py": {
        "test_a_pass_whose_messages_are_lost_is_found_again": (
            "generation.library.tasks._send_all",
            nothing,
        ),
    },
    "config/test_service_faults.py": {
        "test_the_script_learns_that_it_should_send_the_answer_again": (
            "config.service_faults.responses.response_to",
            nothing,
        ),
        "test_a_full_disk_keeps_the_answer_with_the_script": (
            "config.service_faults.responses.response_to",
            nothing,
        ),
    },
    "config/test_disk_faults.py": {
        "test_a_participant_whose_sound_cannot_be_read_is_told_to_come_again_without_the_operators_affairs": (
            "config.service_faults.responses.response_to",
            nothing,
        ),
    },
    "generation/runs/test_faults.py": {
        "test_a_full_disk_stops_the_run_with_one_message_and_leaves_no_half_picture": (
            "generation.runs.execution.DISK_FULL",
            (),
        ),
        "test_a_locked_database_lets_a_step_be_tried_again": (
            "generation.runs.execution.OperationalError",
            Never,
        ),
    },
    "study/ballots/test_casting.py": {
        "test_any_order_of_arrival_gives_the_latest_answer": (
            "study.ballots.casting._is_later",
            gives(True),
        ),
    },
    "study/ballots/test_hostile_ballots.py": {
        "test_a_replay_after_the_end_changes_nothing_and_says_saved": (
            "study.ballots.casting._is_replay",
            gives(False),
        ),
        "test_events_are_limited_whatever_is_sent": (
            "study.participants.events.MAX_PER_REQUEST",
            10**9,
        ),
        "test_a_huge_body_is_refused_before_it_is_read": (
            "config.requests.protection._too_large",
            nothing,
        ),
    },
    "study/ballots/test_answers_in_order.py": {
        "test_an_answer_given_before_the_end_is_saved_beside_the_ballots_however_late_it_arrives": (
            "study.ballots.casting._keep_late",
            nothing,
        ),
    },
    "study/survey/test_pages.py": {
        "test_somebody_in_the_middle_may_finish_within_the_grace_period": (
            "study.models.Study.results_open_at",
            None,
        ),
    },
    "study/participants/test_erasure.py": {
        "test_all_that_a_person_gave_is_gone_and_others_stay": (
            "study.participants.withdrawal.erase_visit",
            nothing,
        ),
    },
    "analysis/console/test_shared_reports.py": {
        "test_the_owner_makes_lists_and_ends_links_and_others_do_not": (
            "study.access.Access.require",
            nothing,
        ),
    },
    "analysis/console/test_gallery.py": {
        "test_it_is_off_until_the_owner_switches_it_on_and_off_at_once": (
            "study.access.Access.require",
            nothing,
        ),
    },
    "analysis/console/test_result_pages.py": {
        "test_after_a_withdrawal_nothing_of_the_analysis_is_given_out_until_it_is_made_anew": (
            "analysis.study_results.analyses.holds_erased",
            gives(False),
        ),
    },
    "config/accounts/test_account.py": {
        "test_a_sign_in_ends_unused_and_at_last_used": (
            "config.accounts.sessions._keep_or_end",
            nothing,
        ),
    },
    "config/accounts/test_own_work.py": {
        "test_who_has_just_passed_a_study_on_gives_no_role_in_it_any_more": (
            "study.access.Access.require",
            nothing,
        ),
    },
    "config/accounts/test_second_factor.py": {
        "test_after_the_password_alone_nobody_is_signed_in": (
            "config.accounts.second_factor.devices.is_on",
            gives(False),
        ),
        "test_wrong_codes_wait_longer_each_time_and_lock_the_name": (
            "django_otp.models.ThrottlingMixin.verify_is_allowed",
            gives((True, None)),
        ),
        "test_it_is_changed_by_who_knows_the_password_only": (
            "config.accounts.forms.check_password",
            gives("any"),
        ),
        "test_where_it_is_required_it_comes_before_anything_else": (
            "config.accounts.second_factor.required.is_required",
            gives(False),
        ),
    },
    "config/test_access.py": {
        "test_a_study_of_others_looks_like_one_that_does_not_exist": (
            "study.access.studies_of",
            every_study,
        ),
        "test_forms_from_another_site_are_refused": (
            "django.middleware.csrf.CsrfViewMiddleware._reject",
            nothing,
        ),
    },
    "config/test_roles.py": {
        "test_each_role_may_do_at_each_url_what_the_table_says_and_nothing_else": (
            "study.access.Access.require",
            nothing,
        ),
    },
    "study/api/test_tokens.py": {
        "test_each_address_needs_the_right_of_its_page": (
            "study.access.Access.require",
            nothing,
        ),
    },
    "config/requests/test_edge.py": {
        "test_a_charset_that_is_no_texts_breaks_no_request": (
            "config.requests.edge.ReadableRequest._set_content_type_params",
            None,  # Django's own, set below
        ),
    },
    "config/test_sign_in.py": {
        "test_wrong_passwords_are_limited_by_name_not_by_address": (
            "axes.handlers.proxy.AxesProxyHandler.is_allowed",
            gives(True),
        ),
        "test_signing_in_redirects_to_no_other_site": (
            "django.contrib.auth.views.url_has_allowed_host_and_scheme",
            gives(True),
        ),
        "test_tokens_are_masked_in_the_log": (
            "study.participants.log_masking.mask",
            the_text,
        ),
    },
    "config/test_hashing.py": {
        "test_an_unknown_name_costs_one_hash_as_a_known_one": (
            "django.contrib.auth.models.User.set_password",
            nothing,
        ),
    },
    "study/setup/test_scheduled_opening.py": {
        "test_a_time_does_not_outlive_the_rights_of_who_set_it": ("study.setup.schedule._has_right", gives(True)),
    },
    "study/setup/test_schedule.py": {
        "test_a_closing_of_somebody_who_no_longer_owns_the_study_is_cancelled_and_the_owner_is_told": (
            "study.setup.schedule._has_right",
            gives(True),
        ),
    },
    "study/tables/test_spreadsheet.py": {
        "test_no_cell_of_a_table_is_a_formula_and_the_analysis_goes_on": (
            "study.tables.spreadsheet.escape_formula",
            the_text,
        ),
    },
    "config/requests/test_response_headers.py": {
        "test_what_a_visitor_sends_cannot_forge_a_line_of_the_log": (
            "study.participants.log_masking.one_line",
            the_text,
        ),
    },
    "config/bundles/test_tampering.py": {
        "test_a_changed_byte_in_any_file_is_found_by_its_sum": (
            "config.bundles.check._check_sums",
            nothing,
        ),
    },
    "config/bundles/test_selection.py": {
        "test_a_forged_table_is_found_though_the_analysis_agrees_with_it": (
            "config.bundles.check.check_selection",
            nothing,
        ),
    },
    "config/bundles/test_export.py": {
        "test_an_altered_ballot_is_found_despite_new_sums": (
            "config.bundles.check._check_digests",
            nothing,
        ),
    },
    "study/verification/test_forgeries.py": {
        "test_rewritten_ballots_are_found_though_their_digests_agree": (
            "study.verification.people._commitment_faults",
            gives([]),
        ),
        "test_commitments_computed_again_break_the_log": (
            "study.verification.verify.check_chain",
            chain_unreported,
        ),
        "test_whoever_is_added_after_answers_ended_is_named": (
            "study.verification.people._report_end",
            nothing,
        ),
        "test_each_forgery_is_named": (
            "study.verification.verify.check_people",
            gives([]),
        ),
    },
    "study/published_heads/test_publishing.py": {
        "test_verify_finds_by_a_published_head_that_the_end_of_a_log_was_cut_off": (
            "study.verification.heads.head_faults",
            gives([]),
        ),
        "test_a_place_that_is_away_is_told_once_and_tried_until_it_takes_the_head": (
            "study.published_heads.publishing.NotDelivered",
            Never,
        ),
    },
    "generation/ready_made/test_reading.py": {
        "test_a_decompression_bomb_is_refused_by_its_ratio": (
            "generation.ready_made.sources.MAX_RATIO",
            10**9,
        ),
    },
    "generation/painting/test_picture_files.py": {
        "test_a_picture_that_expands_like_a_bomb_is_refused_before_it_is_decoded": (
            "generation.painting.picture_files.MAX_EXPANSION",
            10**9,
        ),
    },
    "study/audio_files/test_judge.py": {
        "test_a_file_that_decodes_to_too_much_is_refused": (
            "study.audio_files.judge.MAXIMUM_EXPANSION",
            10**9,
        ),
    },
    "study/participants/test_quality.py": {
        "test_the_same_position_always_and_haste_are_flagged_and_nobody_is_excluded": (
            "study.participants.quality.FLAG_FROM",
            {},
        ),
    },
}

# Methods that stand over one of their base class, which is put in their place.
ORIGINALS = {
    "config/requests/test_edge.py::test_a_charset_that_is_no_texts_breaks_no_request",
}
