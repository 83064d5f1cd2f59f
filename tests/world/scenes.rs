//! Scenes: schedules that chance hardly ever plays, of top-ups and withdrawals that stop at the worst moment.

use std::collections::VecDeque;
use std::rc::Rc;

use coupon_pools::flow::step::{Reply, Send, Step};
use coupon_pools::flow::{HostTraits, Session};
use coupon_pools::pool::document::Kind;
use coupon_pools::pool::settings::Settings;
use coupon_pools::record::Value;
use coupon_pools::shop::delivery::Target;
use coupon_pools::shop::{Call, ShopTraits};

use crate::chores::{DYNAMIC, generating};
use crate::clock::{MINUTE, START};
use crate::files::normalize;
use crate::orders::{Order, Showing, Stage, Work};
use crate::promises::shop::look;
use crate::shopping::{RULE, Shop, traits_of};
use crate::store::{BatchState, Place, Store};

/// A store and a shop, and nothing that goes wrong by itself.
struct Scene {
    store: Store,
    shop: Shop,
    clock: i64,
    per_call: Option<u32>,
    /// Whether the answer to a call that adds codes, counted from 0, comes back.
    is_heard: fn(usize) -> bool,
    adds: usize,
    actors: u8,
    /// Nobody goes on after this time.
    until: i64,
}

/// A process with one flow.
struct Actor {
    work: Work,
    reply: Option<Reply>,
    /// What it asks for, if that was not done yet.
    asked: Option<Step>,
    heard: VecDeque<Reply>,
    settled: Option<Reply>,
}

impl Scene {
    /// A pool that a shop fills, empty yet.
    fn new(buffer: u32) -> Self {
        let mut scene = Scene {
            store: Store::default(),
            shop: Shop::new(START),
            clock: START,
            per_call: Some(4),
            is_heard: |_| true,
            adds: 0,
            actors: 0,
            until: i64::MAX,
        };
        let settings = Settings { kind: Some(Kind::Dynamic), ..generating(RULE, buffer) };
        scene.does(Order::Create { pool: DYNAMIC.to_owned(), settings });
        scene
    }

    fn actor(&mut self, order: &Order) -> Actor {
        self.actors += 1;
        let limits = HostTraits { claim_items: 50, block_codes: 50, sort_codes: 1_000, hears_alerts: true };
        let work = order.start(Rc::new(Session::default()), limits, [self.actors; 32]);
        Actor { work, reply: None, asked: None, heard: VecDeque::new(), settled: None }
    }

    /// Does something from its beginning to its end.
    fn does(&mut self, order: Order) {
        let mut actor = self.actor(&order);
        assert!(self.go(&mut actor, |_| false), "{order:?} does not end");
    }

    /// Somebody begins, and stops before this step, which is not performed.
    fn stops(&mut self, order: Order, before: fn(&Step) -> bool) -> Actor {
        let mut actor = self.actor(&order);
        assert!(!self.go(&mut actor, before), "{order:?} ends without it");
        actor
    }

    fn edit(&mut self, patch: Settings) {
        self.does(Order::Edit { pool: DYNAMIC.to_owned(), patch });
    }

    fn archive(&mut self, archived: bool) {
        self.edit(Settings { archived: Some(archived), ..Settings::default() });
    }

    fn undo(&mut self, batch: usize) {
        let batch = self.store.pools[DYNAMIC].batches[batch].id.clone();
        self.does(Order::Undo { pool: DYNAMIC.to_owned(), batch });
    }

    /// Goes on until the flow ends, which must be well, or until it asks for such a step: then false.
    fn go(&mut self, actor: &mut Actor, stop: impl Fn(&Step) -> bool) -> bool {
        while self.clock <= self.until {
            let step = match actor.asked.take() {
                Some(step) => step,
                None => match (actor.work)(actor.reply.take(), self.clock) {
                    Stage::Done(ending) => {
                        assert!(ending.error().is_none(), "{ending:?}");
                        return true;
                    }
                    Stage::Needs(step) if stop(&step) => {
                        actor.asked = Some(step);
                        return false;
                    }
                    Stage::Needs(step) => step,
                },
            };
            actor.reply = Some(match &step {
                Step::ShopOf(request) => Reply::ShopOf(
                    traits_of(&request.shop).map(|traits| ShopTraits { codes_per_call: self.per_call, ..traits }),
                ),
                Step::Send(request) => {
                    actor.heard.extend(self.call(request));
                    Reply::Send(())
                }
                Step::Receive(request) => actor.heard.pop_front().unwrap_or_else(|| {
                    self.clock = self.clock.saturating_add(request.wait);
                    Reply::Receive(None)
                }),
                Step::Pause(request) => {
                    self.clock += request.wait;
                    Reply::Pause(())
                }
                Step::Normalize(texts) => Reply::Normalize(texts.iter().map(normalize).collect()),
                Step::AddBlock(_) => {
                    actor.settled = Some(self.store.perform(&step));
                    Reply::AddBlock(())
                }
                Step::Settle(_) => actor.settled.take().unwrap(),
                Step::Emit(_) => Reply::Emit(()),
                Step::Notify(_) => Reply::Notify(()),
                step => self.store.perform(step),
            });
        }
        false
    }

    fn call(&mut self, request: &Send) -> Option<Reply> {
        let Call::Http(http) = &request.call else { panic!("{request:?}") };
        let response = self.shop.shopify.answer(http, self.clock);
        let heard = coupon_pools::shop::Heard::Response(response);
        let reply = Reply::Receive(Some(coupon_pools::flow::step::Received { ticket: request.ticket, heard }));
        if !format!("{:?}", http.body).contains("CouponPoolsAddCodes") {
            return Some(reply);
        }
        self.adds += 1;
        (self.is_heard)(self.adds - 1).then_some(reply)
    }

    /// How many codes stand at a place, as far as they count.
    fn at(&self, place: Place) -> usize {
        let pool = &self.store.pools[DYNAMIC];
        let counts = |batch: usize| matches!(pool.batches[batch].state, BatchState::Committed | BatchState::Undone);
        pool.codes.iter().filter(|code| counts(code.batch) && code.place == place).count()
    }

    /// To which place of their entry codes are written down as left over.
    fn left_over(&self) -> f64 {
        let journal = &self.store.pools[DYNAMIC].journal;
        let row = journal.values().find(|row| row.id.starts_with("withdraw-")).unwrap();
        match row.entry.clone().take("made").take("to") {
            Value::Number(to) => to,
            other => panic!("{other:?}"),
        }
    }

    /// Runs `maintain` until nothing is under way; then the pool has this many codes, all of them at the shop.
    fn rests_with(&mut self, free: usize) {
        for _ in 0..3 {
            self.clock += 2 * MINUTE;
            self.does(Order::Maintain);
        }
        self.shop.shopify.work(self.clock);
        look(&self.store, &self.shop).unwrap();
        let journal = &self.store.pools[DYNAMIC].journal;
        assert!(journal.is_empty(), "the journal still has {journal:?}");
        assert_eq!(self.at(Place::Free), free);
    }
}

fn is_end(step: &Step) -> bool {
    matches!(step, Step::SaveJournal(request) if request.id == "top-up" && request.entry == Value::Null)
}

#[test]
fn what_a_top_up_may_have_left_over_is_no_matter_while_somebody_goes_on_with_it() {
    let mut scene = Scene::new(20);
    scene.stops(Order::Maintain, |step| matches!(step, Step::BeginBatch(_)));
    scene.clock += 2 * MINUTE;
    scene.archive(true);
    // It is written down that the codes are left over; the process dies before the top-up's entry is out.
    scene.stops(Order::Maintain, is_end);
    scene.clock += 2 * MINUTE;
    scene.archive(false);
    let mut slow = scene.stops(Order::Maintain, |step| matches!(step, Step::BeginBatch(_)));
    scene.does(Order::Maintain);
    assert!(scene.go(&mut slow, |_| false));
    assert_eq!((scene.at(Place::Free), look(&scene.store, &scene.shop)), (20, Ok(())));
    scene.rests_with(20);
}

#[test]
fn a_top_up_that_is_given_up_again_is_withdrawn_as_far_as_it_came_by_then() {
    let mut scene = Scene::new(60_000);
    (scene.per_call, scene.is_heard, scene.until) = (None, |number| number > 0, START + 30 * MINUTE);
    let mut stuck = scene.actor(&Order::Maintain);
    assert!(!scene.go(&mut stuck, |_| false));
    (scene.is_heard, scene.until) = (|_| true, i64::MAX);
    scene.clock += 2 * MINUTE;
    scene.archive(true);
    scene.stops(Order::Maintain, is_end);
    assert_eq!(scene.left_over(), Target::MOST_AHEAD as f64);
    scene.clock += 2 * MINUTE;
    scene.archive(false);
    let stored = scene.stops(Order::Maintain, is_stored);
    scene.store.perform(stored.asked.as_ref().unwrap());
    scene.clock += 2 * MINUTE;
    scene.archive(true);
    scene.stops(Order::Maintain, is_end);
    let stored = scene.at(Place::Free) as u64;
    assert!(stored > 0);
    assert_eq!(scene.left_over(), (stored + Target::MOST_AHEAD).min(60_000) as f64);
}

/// The top-up's entry remembers that codes are in the pool.
fn is_stored(step: &Step) -> bool {
    let Step::SaveJournal(request) = step else { return false };
    request.id == "top-up" && matches!(request.entry.clone().take("stored"), Value::Number(stored) if stored > 0.0)
}

#[test]
fn a_process_that_wakes_up_late_brings_back_nothing_that_was_given_up() {
    let moments: [fn(&Step) -> bool; 2] =
        [|step| matches!(step, Step::BeginBatch(_)), |step| matches!(step, Step::CommitBatch(_))];
    for moment in moments {
        let mut scene = Scene::new(20);
        let mut late = scene.stops(Order::Maintain, moment);
        scene.clock += 2 * MINUTE;
        scene.archive(true);
        scene.does(Order::Maintain);
        scene.clock += 2 * MINUTE;
        scene.does(Order::Maintain);
        assert_eq!(scene.shop.ours().count(), 0, "what was left over is deleted");
        assert!(scene.go(&mut late, |_| false));
        scene.rests_with(0);
    }
}

#[test]
fn an_undo_takes_no_code_that_another_batch_brought() {
    let heard: [fn(usize) -> bool; 2] = [|_| true, |number| number < 2];
    for (is_heard, first) in heard.into_iter().zip([20, 8]) {
        let mut scene = Scene::new(20);
        scene.is_heard = is_heard;
        // The codes are committed, and nobody hears of it.
        let lost = scene.stops(Order::Maintain, |step| matches!(step, Step::CommitBatch(_)));
        scene.store.perform(lost.asked.as_ref().unwrap());
        assert_eq!(scene.at(Place::Free), first);
        scene.is_heard = |_| true;
        scene.clock += 2 * MINUTE;
        scene.does(Order::Maintain);
        assert_eq!(scene.at(Place::Free), 20);
        scene.edit(generating(RULE, 0));
        let again = 1..scene.store.pools[DYNAMIC].batches.len();
        again.for_each(|batch| {
            if scene.store.pools[DYNAMIC].batches[batch].state == BatchState::Committed {
                scene.undo(batch);
            }
        });
        scene.rests_with(first);
        assert_eq!(scene.at(Place::Void), 20 - first);
        scene.undo(0);
        scene.rests_with(0);
        assert_eq!((scene.at(Place::Void), scene.shop.ours().count()), (20, 0));
    }
}

#[test]
fn a_code_of_an_undone_top_up_that_is_released_leaves_the_pool() {
    let mut scene = Scene::new(6);
    scene.does(Order::Maintain);
    let pool = || DYNAMIC.to_owned();
    let showing = Showing { message: "mail".to_owned(), contact: "ada".to_owned(), slot: String::new() };
    scene.does(Order::Draw { pool: pool(), uses: vec![showing.clone()] });
    scene.edit(generating(RULE, 0));
    scene.undo(0);
    assert_eq!(scene.store.pools[DYNAMIC].batches[0].state, BatchState::Undone);
    // Undone again it is the same, and nobody loses a code.
    scene.undo(0);
    assert_eq!((scene.at(Place::Void), scene.at(Place::Held(1))), (5, 1));
    scene.does(Order::Release { pool: pool(), showing, number: 1 });
    assert_eq!((scene.at(Place::Returned), scene.at(Place::Gone)), (0, 1));
    scene.rests_with(0);
}

#[test]
fn a_piece_that_is_stuck_holds_the_others_back_before_nobody_could_clean_up_after_them() {
    let mut scene = Scene::new(60_000);
    (scene.per_call, scene.is_heard) = (None, |number| number > 0);
    scene.until = scene.clock + 600 * MINUTE;
    let mut stuck = scene.actor(&Order::Maintain);
    assert!(!scene.go(&mut stuck, |_| false));
    scene.shop.shopify.work(scene.clock);
    let sent = scene.shop.ours().count() as u64;
    assert_eq!((scene.at(Place::Free), sent), (0, Target::MOST_AHEAD));
}
