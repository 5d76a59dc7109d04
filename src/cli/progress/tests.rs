use proptest::prelude::*;

use super::*;

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

#[test]
fn a_steady_rate_is_told_from_the_second_look_on() {
    let mut rate = Rate::default();
    assert_eq!((rate.per_second(), rate.takes(5)), (None, None));
    rate.saw(seconds(0.0), 100);
    assert_eq!(rate.per_second(), None);
    for look in 1..200u32 {
        rate.saw(seconds(f64::from(look) * 0.5), 100 + u64::from(look) * 10);
        assert!((rate.per_second().unwrap() - 20.0).abs() < 1e-9);
    }
    assert_eq!(rate.takes(400).map(|left| left.as_secs_f64().round()), Some(20.0));
}

#[test]
fn the_rate_follows_a_change_and_nothing_moving_has_no_end() {
    let mut rate = Rate::default();
    let mut over = 0;
    for second in 0..120 {
        over += 50;
        rate.saw(seconds(f64::from(second)), over);
    }
    for second in 120..240 {
        over += 10;
        rate.saw(seconds(f64::from(second)), over);
    }
    let now = rate.per_second().unwrap();
    assert!((10.0..11.0).contains(&now), "{now}");

    let mut still = Rate::default();
    still.saw(seconds(0.0), 7);
    still.saw(seconds(10.0), 7);
    assert_eq!((still.per_second(), still.takes(3)), (Some(0.0), None));
    // An operator sent some back to work.
    still.saw(seconds(20.0), 3);
    assert_eq!(still.per_second(), Some(0.0));
}

proptest! {
    /// Whatever the looks, the rate lies between the slowest and the fastest stretch, and nothing overflows.
    #[test]
    fn the_rate_lies_between_the_slowest_and_the_fastest(
        steps in proptest::collection::vec((1u32..10_000, 0u64..1_000_000), 1..40), rest: u64,
    ) {
        let (mut rate, mut at, mut over) = (Rate::default(), 0.0, 0);
        let (mut least, mut most) = (f64::MAX, 0.0f64);
        rate.saw(seconds(at), over);
        for (millis, jobs) in steps {
            let took = f64::from(millis) / 1000.0;
            at += took;
            over += jobs;
            rate.saw(seconds(at), over);
            least = least.min(jobs as f64 / took);
            most = most.max(jobs as f64 / took);
        }
        let now = rate.per_second().unwrap();
        prop_assert!(now >= least * 0.999 && now <= most * 1.001, "{} {} {}", least, now, most);
        let _ = rate.takes(rest);
    }

    #[test]
    fn numbers_are_grouped_by_three(number: u64) {
        let text = grouped(number);
        prop_assert_eq!(text.replace(',', ""), number.to_string());
        prop_assert!(text.split(',').skip(1).all(|group| group.len() == 3));
        prop_assert!(text.split(',').next().is_some_and(|first| (1..=3).contains(&first.len())));
    }
}

#[test]
fn spans_read_well() {
    for (length, text) in [
        (0.0, "0 s"),
        (0.2, "1 s"),
        (59.0, "59 s"),
        (61.0, "2 min"),
        (3540.0, "59 min"),
        (3541.0, "1 h 00 min"),
        (7500.0, "2 h 05 min"),
        (86_400.0, "1 d 0 h"),
        (273_600.0, "3 d 4 h"),
    ] {
        assert_eq!(span(seconds(length)), text, "{length}");
    }
}

#[test]
fn a_line_says_how_far_how_fast_and_what_went_wrong() {
    let progress = Progress {
        total: 40_000,
        ended: vec![
            (State::Succeeded, "done".into(), 1000),
            (State::Failed, "53300000001".into(), 8),
            (State::Cancelled, "predecessor_failed".into(), 8),
            (State::Failed, "53300000002".into(), 3),
            (State::Expired, String::new(), 2),
            (State::Failed, "a\u{1b}[2J".into(), 1),
        ],
        open: vec![(State::InDoubt, 1), (State::Running, 5)],
        ..Progress::default()
    };
    let tally = Tally::of(&progress, Some("brake".into()));
    assert_eq!((tally.over(), tally.failed(), tally.rest()), (1022, 22, 38_978));
    let mut rate = Rate::default();
    rate.saw(seconds(0.0), 0);
    rate.saw(seconds(100.0), 1022);
    let text = line(&tally, &rate);
    let expected = "1,022 of 40,000 over (2 %), 10.2/s, 1 h 04 min to go, 1 in doubt, \
        22 failed: 8 53300000001, 8 predecessor_failed, 3 53300000002, 3 others, STOPPED";
    assert_eq!(text, expected);
    assert_eq!(line(&Tally::default(), &Rate::default()), "0 of 0 over (100 %), …");
    assert_eq!([0.5, 0.001].map(speed), ["30.0/min", "3.6/h"]);
}
