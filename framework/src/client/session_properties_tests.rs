//! What holds of every sequence of events: thousands of random ones, each failure reduced to its shortest form.

use super::super::ConnectError;
use super::super::backoff::{LONGEST, Pace};
use super::super::policy::Judgement;
use super::world::World;
use super::*;
use crate::message::{Close, Initiator};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use proptest::collection::vec;
use proptest::prelude::*;
use std::time::SystemTime;

/// Something that happens, before it is known what the policy makes of it.
#[derive(Debug, Clone)]
enum Happening {
    Start {
        keep_trying: bool,
    },
    Reconnect,
    Close,
    Opened,
    /// The server answered with this status and perhaps this `Retry-After`.
    Refused(u16, Option<u64>),
    Unreachable,
    OpenFailed,
    Ended {
        asked: bool,
        seconds: u64,
        code: u16,
    },
    Elapsed,
}

fn happening() -> impl Strategy<Value = Happening> {
    let status = prop_oneof![Just(401), Just(403), Just(410), Just(429), Just(503), 300_u16..=599];
    let code = prop_oneof![Just(1006), Just(1008), Just(1012), 1000_u16..=1015, 3000_u16..=4999];
    prop_oneof![
        2 => any::<bool>().prop_map(|keep_trying| Happening::Start { keep_trying }),
        2 => Just(Happening::Reconnect),
        1 => Just(Happening::Close),
        6 => Just(Happening::Opened),
        2 => (status, proptest::option::of(0_u64..10_000)).prop_map(|(status, wait)| Happening::Refused(status, wait)),
        3 => Just(Happening::Unreachable),
        1 => Just(Happening::OpenFailed),
        6 => (proptest::bool::weighted(0.1), 0_u64..120, code)
            .prop_map(|(asked, seconds, code)| Happening::Ended { asked, seconds, code }),
        6 => Just(Happening::Elapsed),
    ]
}

fn policy() -> impl Strategy<Value = Option<Reconnect>> {
    let durations = (any::<u32>(), any::<u32>(), 0_u64..100).prop_map(|(min, max, reset)| {
        let (min, max) = (Duration::from_millis(min.into()), Duration::from_millis(max.into()));
        Reconnect { min, max, reset_after: Duration::from_secs(reset), ..Reconnect::default() }
    });
    let limited = (durations, proptest::option::weighted(0.3, 0_u32..5));
    let policy = prop_oneof![
        2 => Just(Reconnect::default()),
        1 => limited.prop_map(|(policy, max_attempts)| Reconnect { max_attempts, ..policy }),
    ];
    proptest::option::weighted(0.9, policy)
}

/// What the supervisor would tell the session.
fn event(happening: &Happening, policy: Option<&Reconnect>, ever_open: bool) -> Event {
    let policy = policy.cloned().unwrap_or_default();
    let failed = |error: &ConnectError| Event::Failed(policy.after_failure(error, ever_open, SystemTime::UNIX_EPOCH));
    match *happening {
        Happening::Start { keep_trying } => Event::Start { keep_trying },
        Happening::Reconnect => Event::Reconnect,
        Happening::Close => Event::Close,
        Happening::Opened => Event::Opened,
        Happening::Refused(status, wait) => failed(&refused(status, wait.map(|seconds| seconds.to_string()))),
        Happening::Unreachable => failed(&ConnectError::Timeout(Duration::ZERO)),
        Happening::OpenFailed => Event::OpenFailed,
        Happening::Ended { asked, seconds, code } => {
            let then = policy.after_close(&Close::new(Initiator::Remote, code, ""));
            Event::Ended { asked, lasted: Duration::from_secs(seconds), then }
        }
        Happening::Elapsed => Event::Elapsed,
    }
}

fn refused(status: u16, retry_after: Option<String>) -> ConnectError {
    let mut headers = HeaderMap::new();
    if let Some(value) = retry_after.and_then(|text| text.parse().ok()) {
        headers.insert(header::RETRY_AFTER, value);
    }
    let status = StatusCode::from_u16(status).expect("100 to 999");
    ConnectError::Status { status, headers: Box::new(headers), body: Bytes::new() }
}

/// Enough for every run; more by `PROPTEST_CASES`.
fn cases() -> ProptestConfig {
    let config = ProptestConfig::default();
    ProptestConfig { cases: config.cases.max(1024), ..config }
}

proptest! {
    #![proptest_config(cases())]

    /// A client with two connections, with an attempt after `close`, with a call that is never answered, or one that
    /// gives up though nobody told it to: each would be found here.
    #[test]
    fn no_sequence_of_events_breaks_a_promise(
        policy in policy(),
        happenings in vec((happening(), 0.0..=1.0_f64), 1..60),
    ) {
        let mut world = World::new(policy.clone());
        for (happening, random) in &happenings {
            let event = event(happening, policy.as_ref(), world.session.ever_open());
            if world.is_possible(event) {
                world.step(event, *random)?;
            }
        }
    }

    /// What comes too late from an attempt or a wait that was given up must not begin anything.
    #[test]
    fn what_reports_too_late_changes_nothing(
        policy in policy(),
        happenings in vec((happening(), 0.0..=1.0_f64), 1..30),
        late in prop_oneof![Just(Event::Opened), Just(Event::OpenFailed), Just(Event::Elapsed)],
    ) {
        let mut world = World::new(policy.clone());
        for (happening, random) in &happenings {
            let event = event(happening, policy.as_ref(), world.session.ever_open());
            if world.is_possible(event) {
                world.step(event, *random)?;
            }
        }
        if !world.is_possible(late) {
            let before = world.session.phase();
            prop_assert_eq!(world.session.step(late, 0.5), vec![]);
            prop_assert_eq!(world.session.phase(), before);
        }
    }

    /// Once a connection was open no answer of a server ends a client: a token that is renewed elsewhere would be too late.
    #[test]
    fn after_the_first_success_no_answer_ends_the_trying(
        happenings in vec((happening(), 0.0..=1.0_f64), 1..60),
    ) {
        let mut world = World::new(Some(Reconnect::default()));
        world.step(Event::Start { keep_trying: false }, 0.0)?;
        world.step(Event::Opened, 0.0)?;
        for (happening, random) in &happenings {
            let ours = matches!(happening, Happening::Close | Happening::Ended { asked: true, .. });
            let event = event(happening, Some(&Reconnect::default()), true);
            if !ours && world.is_possible(event) {
                world.step(event, *random)?;
            }
            prop_assert_ne!(world.session.phase(), Phase::Closed);
        }
    }

    /// A wait that overflows would end the client, one that is too short would be a flood.
    #[test]
    fn a_wait_is_within_its_bounds_whatever_the_policy_says(
        times in proptest::array::uniform4(prop_oneof![Just(Duration::MAX), any::<Duration>(), Just(Duration::ZERO)]),
        failures in any::<u32>(),
        slow in any::<bool>(),
        random in 0.0..=1.0_f64,
    ) {
        let [min, max, slow_min, slow_max] = times;
        let policy = Reconnect { min, max, slow_min, slow_max, ..Reconnect::default() };
        let pace = if slow { Pace::Slow } else { Pace::Normal };
        let (least, most) = if slow { (slow_min.min(slow_max), slow_max) } else { (FLOOR, max) };
        let delay = policy.delay(failures, pace, random);
        // Half a second for what a float cannot tell of a wait of centuries.
        let near = |limit: Duration| limit.mul_f64(1e-12).saturating_add(Duration::from_millis(1));
        prop_assert!(delay >= FLOOR);
        prop_assert!(delay.saturating_add(near(least.min(LONGEST))) >= least.min(LONGEST), "{delay:?} is below {least:?}");
        prop_assert!(delay <= most.min(LONGEST).max(FLOOR).saturating_add(near(most.min(LONGEST))), "{delay:?} is over {most:?}");
    }

    /// A busy server that says when to come back is not asked before, and one that says nonsense is asked all the same.
    #[test]
    fn retry_after_is_kept_within_an_hour_whatever_it_says(
        text in prop_oneof!["[0-9]{1,30}", "[ -~]{0,40}", "(Mon|Sun), [0-9]{2} (Jan|Nov) [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT"],
        status in prop_oneof![Just(429_u16), Just(503)],
    ) {
        let error = refused(status, Some(text.clone()));
        let Judgement { after, retry, .. } = Reconnect::default().after_failure(&error, false, SystemTime::UNIX_EPOCH);
        prop_assert!(retry);
        prop_assert!(after.is_none_or(|wait| wait <= Duration::from_secs(3600)));
        if text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() {
            let asked = text.parse().unwrap_or(u64::MAX).min(3600);
            prop_assert_eq!(after, Some(Duration::from_secs(asked)), "`{}` is a number of seconds", text);
        }
    }
}
