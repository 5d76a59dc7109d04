//! One suite, two databases: whatever the store promises, both keep it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a case that cannot go on has failed")]

#[path = "store/accounts.rs"]
mod accounts;
#[path = "store/calendar.rs"]
mod calendar;
#[path = "support/database.rs"]
mod database;
#[path = "store/guards.rs"]
mod guards;
#[path = "store/inbox.rs"]
mod inbox;
#[path = "store/inquiries.rs"]
mod inquiries;
#[path = "store/intake.rs"]
mod intake;
#[path = "store/leases.rs"]
mod leases;
#[path = "store/model.rs"]
mod model;
#[path = "store/order.rs"]
mod order;
#[path = "store/outbox.rs"]
mod outbox;
#[path = "store/pauses.rs"]
mod pauses;
#[path = "store/pools.rs"]
mod pools;
#[path = "store/progress.rs"]
mod progress;
#[path = "store/quota.rs"]
mod quota;
#[path = "store/races.rs"]
mod races;
#[path = "store/schema.rs"]
mod schema;
#[path = "store/steps.rs"]
mod steps;
#[path = "store/turns.rs"]
mod turns;
#[path = "store/upgrade.rs"]
mod upgrade;
#[path = "store/views.rs"]
mod views;

/// Each case becomes two tests: `case::sqlite` and `case::postgres`.
macro_rules! cases {
    ($($from:ident: $($case:ident),+ $(,)?;)+) => { $($(
        mod $case {
            use crate::database::{Database, Kind, with};

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                with(Database::migrated(Kind::Sqlite).await, crate::$from::$case).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                with(Database::migrated(Kind::Postgres).await, crate::$from::$case).await;
            }
        }
    )+)+ };
}

cases! {
    intake:
        every_field_comes_back,
        the_same_id_is_a_duplicate_or_a_conflict,
        a_sealed_job_is_known_after_a_rotation,
        the_same_id_twice_in_one_call,
        a_duplicate_of_a_finished_job_sends_its_outcome_again,
        rejections_are_written_once,
        warnings_are_told_with_the_job_and_once,
        texts_that_a_database_may_not_like,
        an_empty_intake_is_nothing;
    order:
        jobs_on_one_object_run_one_at_a_time,
        objects_of_different_accounts_are_different,
        a_cancelled_job_hands_its_place_on,
        a_whole_tail_is_cancelled_at_once,
        a_dependency_is_awaited,
        a_dependency_that_arrives_later_is_awaited,
        a_dependency_that_has_failed_already_dooms,
        a_dependency_that_fails_dooms,
        a_doomed_job_keeps_its_place_in_the_objects_order,
        a_job_cannot_wait_for_itself,
        a_cycle_is_refused_wherever_it_closes,
        a_late_arrival_passes_those_that_wait_for_it,
        what_jobs_name_goes_before_the_order_of_arrival,
        what_stood_together_in_a_message_stays_in_its_order,
        what_stood_together_in_a_stored_message_stays_in_its_order,
        what_a_job_waits_for_is_said,
        lost_releases_are_repaired;
    guards:
        due_jobs_come_by_class_then_time_then_arrival,
        a_job_starts_once,
        a_request_known_only_after_a_question_gets_its_intent,
        only_what_is_waiting_and_free_starts,
        a_late_finisher_changes_nothing,
        a_replaced_owner_changes_nothing,
        abandoned_jobs_are_found_and_rescued,
        every_move_writes_what_it_says,
        attempts_tell_how_they_ended,
        two_moves_of_one_job_in_one_call,
        overdue_jobs_are_found,
        what_waits_for_another_is_nobodys_concern_yet;
    inquiries:
        what_was_asked_is_kept_with_what_it_led_to,
        a_move_that_is_not_made_leaves_no_inquiry,
        questions_that_settle_nothing_do_not_pile_up;
    leases:
        one_owner_at_a_time_each_with_a_higher_fence,
        a_lease_that_ran_out_is_taken_over,
        a_lease_given_back_is_gone;
    accounts:
        send_blocks_are_kept_until_they_no_longer_count,
        a_replaced_owner_reserves_nothing,
        a_suspension_lasts_until_it_is_lifted,
        a_cool_down_is_never_shortened;
    outbox:
        events_leave_in_order_and_once,
        postponed_events_come_back,
        fresh_and_postponed_events_share,
        large_events_come_fewer_at_once,
        a_follower_misses_nothing,
        a_move_and_its_event_are_one;
    inbox:
        a_message_is_stored_once_with_its_event_and_what_it_ends,
        a_message_whose_job_has_moved_is_not_stored,
        a_replaced_owner_receives_and_removes_nothing,
        removals_are_counted_and_noted,
        messages_by_filter,
        pending_orders_are_asked_about_when_they_are_due;
    calendar:
        words_come_with_the_move_they_were_heard_in,
        a_page_is_written_whole,
        a_replaced_keeper_writes_nothing,
        entries_by_what_is_asked_for,
        open_entries_are_counted_by_how_far_they_are_away,
        known_domains_are_those_of_jobs_that_succeeded_and_of_the_calendar;
    views:
        a_job_in_detail,
        jobs_by_filter,
        batches_and_counts,
        ages_tell_what_is_late_and_not_what_waits_by_plan,
        unreadable_rows_name_the_job_and_not_its_content;
    turns:
        batches_of_one_publisher_take_turns,
        publishers_and_classes_have_turns_of_their_own,
        what_had_its_turn_comes_back_to_the_front,
        what_was_never_ripe_stands_behind,
        what_is_too_late_or_gone_has_no_turn,
        lines_that_are_as_good_as_new_are_forgotten,
        many_ripen_at_once,
        what_was_last_done_to_an_object_is_known,
        random_turns_agree_with_the_model,
        jobs_step_aside_and_ripen_again,
        the_last_work_on_an_object_is_known;
    pools:
        a_claim_binds_a_job_of_a_pool,
        a_put_back_job_goes_back_to_its_pool,
        a_doubt_keeps_a_job_with_its_account,
        a_pool_and_its_accounts_are_one_lane,
        what_a_pool_waits_for_is_due_for_its_accounts,
        a_job_that_waits_in_a_pool_is_nobodys,
        two_accounts_of_a_pool_share_its_jobs;
    pauses:
        pauses_are_kept_with_their_events,
        held_jobs_are_out_of_the_way_until_let_go,
        no_claim_overtakes_a_pause,
        who_is_held_by_no_pause_is_let_go,
        a_resumed_batch_takes_turns_at_once,
        a_resumed_batch_is_released;
    quota:
        points_are_charged_and_given_back,
        what_the_registry_says_only_raises,
        a_replaced_owner_charges_nothing,
        budgets_are_counted_by_the_minute,
        everybody_sees_who_is_at_work,
        trouble_has_a_beginning_and_a_latest_reason;
    progress:
        batches_count_what_is_new_and_what_ends,
        flows_tell_who_waits_and_ahead_who_is_before,
        what_is_paused_is_not_late;
    races:
        many_start_one_job,
        intake_against_finish,
        cancel_against_finish,
        intakes_of_one_object,
        opposite_dependencies_at_once,
        cut_connections_leave_nothing_half_done;
    schema:
        an_older_schema_is_refused,
        a_newer_schema_is_refused,
        migrating_again_changes_nothing,
        many_migrate_at_once;
    upgrade:
        what_an_earlier_release_took_in_goes_on;
    model:
        random_lives_agree_with_the_model;
}
