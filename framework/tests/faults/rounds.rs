//! Many faults in a row, drawn from a seed: nothing adds up over time, neither mistakes nor tasks.

use crate::proxy::{End, Fault};
use crate::stage::{Missing, Stage, alive, until, within};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use std::time::Duration;

/// How many connections suffer.
const ROUNDS: usize = 60;

/// `FAULTS_SEED` replays another one.
const SEED: u64 = 11;

#[tokio::test]
async fn sixty_faults_in_a_row_lose_double_and_reorder_nothing_and_leave_no_task() {
    let seed = std::env::var("FAULTS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(SEED);
    eprintln!("FAULTS_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut stage = Stage::set_with([], |builder| builder.connect_timeout(Duration::from_secs(1))).await;
    stage.opened(1).await;
    stage.send(1, 0).await;
    within(stage.arrive()).await;
    let at_rest = alive();
    for round in 0..ROUNDS {
        let end = *[End::Reset, End::Close].choose(&mut random).expect("two");
        let fault = match random.random_range(0..7) {
            0 => Fault::ResetAtOnce,
            1 => Fault::CloseAtOnce,
            2 => Fault::CutUp(random.random_range(0..3_000), end),
            3 => Fault::CutDown(random.random_range(0..60), end),
            4 => Fault::Inject(vec![0xff; random.random_range(1..20)]),
            5 => Fault::Jitter(random.random(), Duration::from_millis(3)),
            _ => Fault::Crumbs,
        };
        stage.proxy.script([fault]);
        stage.send(random.random_range(0..60), random.random_range(0..300)).await;
        // The fault of the round before may come first.
        let closed = stage.books.borrow().closes.len();
        until("a connection was cut", || {
            stage.proxy.cut(end);
            stage.books.borrow().closes.len() > closed
        })
        .await;
        stage.send(random.random_range(1..60), random.random_range(0..300)).await;
        // One in three goes on at once, the others when everything has arrived.
        if round % 3 > 0 {
            within(stage.arrive()).await;
            within(stage.client.ready()).await.expect("nothing ends the trying");
            until("as many tasks as at rest", || alive() <= at_rest).await;
        }
    }
    stage.strike(Missing::OnTheWay).await;
}
