//! A simulated world: random schedules of flows over a store whose network loses answers, repeats and delays them,
//! with processes that crash; the promises are looked at after every step.
//!
//! `WORLD_SEED=7 cargo test --test world -- --nocapture` plays one world and prints what happens in it;
//! `WORLD_STEPS=10000000 cargo test --test world` goes on for longer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod chance;
mod chores;
mod clock;
mod files;
mod mails;
mod orders;
mod process;
mod promises;
mod scenes;
mod schedule;
mod shopping;
#[path = "../shops/mod.rs"]
mod shops;
mod store;
mod trace;

use schedule::World;

/// Steps of one world, before it comes to rest.
const WORLD: u64 = 600;
/// Steps of a normal run, over all worlds.
const STEPS: u64 = 300_000;

#[test]
fn the_promises_hold_in_random_worlds() {
    if let Some(seed) = number("WORLD_SEED") {
        let (world, kept) = live(seed, true);
        eprint!("{}", world.trace.unwrap_or_default());
        kept.unwrap_or_else(|broken| panic!("world {seed}, step {}: {broken}", world.steps));
        return;
    }
    let wanted = number("WORLD_STEPS").unwrap_or(STEPS);
    let (mut steps, mut seed) = (0, 0);
    while steps < wanted {
        let (world, kept) = live(seed, false);
        steps += world.steps;
        kept.unwrap_or_else(|broken| {
            panic!(
                "world {seed}, step {}: {broken}\n\
                 replay it: WORLD_SEED={seed} cargo test --test world -- --nocapture",
                world.steps
            )
        });
        seed += 1;
    }
}

#[test]
fn a_seed_plays_the_same_world_again() {
    for seed in 0..4 {
        let (one, other) = (live(seed, true).0, live(seed, true).0);
        assert!(one.trace == other.trace, "world {seed} went another way the second time");
    }
}

/// One world from its beginning to its end.
fn live(seed: u64, traced: bool) -> (World, schedule::Kept) {
    let mut world = World::new(seed, traced);
    let kept = world
        .begin()
        .and_then(|()| {
            for _ in 0..WORLD {
                world.step()?;
            }
            Ok(())
        })
        .and_then(|()| world.end());
    (world, kept)
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}
