//! Deliveries, on virtual time: every code arrives, whatever is lost on the way, and nothing is spent in vain.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod shops;

use std::collections::{BTreeMap, BTreeSet};

use coupon_pools::code::Texts;
use coupon_pools::record::Value;
use coupon_pools::shop::delivery::{Delivery, Next, Target};
use coupon_pools::shop::withdrawal::Withdrawal;
use coupon_pools::shop::{Call, Fault, Heard, Kind, Request, Response};
use shops::magento::Magento;
use shops::shopify::Shopify;

/// How long a call takes on the way there and back, at least and at most.
const WAY_MS: (i64, i64) = (30, 150);

/// A shop at the end of a line that loses requests and answers, and takes its time.
struct Line<Shop> {
    shop: Shop,
    answer: fn(&mut Shop, &Request, i64) -> Response,
    /// How many of a thousand calls are lost, half of them before they arrive.
    lost: u64,
    chance: u64,
    now: i64,
    under_way: Vec<(i64, u32, Heard)>,
    calls: u64,
    losses: u64,
}

impl<Shop> Line<Shop> {
    fn new(shop: Shop, answer: fn(&mut Shop, &Request, i64) -> Response, lost: u64) -> Self {
        Line { shop, answer, lost, chance: 7, now: 0, under_way: Vec::new(), calls: 0, losses: 0 }
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.chance = self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.chance >> 33) % bound
    }

    fn send(&mut self, ticket: u32, call: Call) {
        let Call::Http(request) = call else { panic!("{call:?}") };
        let (there, back) = (WAY_MS.0 + self.below((WAY_MS.1 - WAY_MS.0) as u64) as i64, WAY_MS.0);
        self.calls += 1;
        let fate = self.below(1_000);
        let heard = if fate < self.lost / 2 {
            Heard::Lost(0)
        } else {
            // The shop is told in the order in which calls are sent; only answers overtake each other.
            let response = (self.answer)(&mut self.shop, &request, self.now);
            if fate < self.lost { Heard::Lost(0) } else { Heard::Response(response) }
        };
        self.losses += u64::from(matches!(heard, Heard::Lost(_)));
        let patience = if matches!(heard, Heard::Lost(_)) { 2_000 } else { 0 };
        self.under_way.push((self.now + there + back + patience, ticket, heard));
    }

    /// Drives a delivery of pieces to its end; answers what settled, with what was somebody else's.
    fn deliver(&mut self, target: Target, pieces: &[Texts]) -> (BTreeMap<u32, Vec<u32>>, Option<Fault>) {
        let mut delivery = Delivery::new(target);
        let (mut settled, mut next) = (BTreeMap::new(), 0);
        loop {
            while next < pieces.len() && delivery.has_room() {
                delivery.push(next as u32, pieces[next].clone());
                next += 1;
            }
            match delivery.next(self.now) {
                Next::Send(ticket, call) => self.send(ticket, call),
                Next::Wait(until) => {
                    let first = self.under_way.iter().map(|(at, ..)| *at).min();
                    let wake = [until, first].into_iter().flatten().min().expect("nothing is waited for");
                    assert!(wake >= self.now, "waits for the past");
                    self.now = wake;
                    if let Some(at) = self.under_way.iter().position(|(at, ..)| *at <= self.now) {
                        let (_, ticket, heard) = self.under_way.swap_remove(at);
                        delivery.heard(ticket, heard, self.now);
                    }
                }
                Next::Idle if delivery.fault().is_some() || next == pieces.len() => {
                    return (settled, delivery.fault().cloned());
                }
                Next::Idle => panic!("idle with pieces left"),
            }
            while let Some(piece) = delivery.settled() {
                assert!(settled.insert(piece.number, piece.foreign).is_none(), "piece {} settles twice", piece.number);
            }
        }
    }
}

fn pieces(count: usize, size: usize) -> Vec<Texts> {
    (0..count)
        .map(|piece| (0..size).map(|at| format!("CODE-{piece}-{at}")).collect::<Vec<_>>())
        .map(|codes| codes.iter().map(String::as_str).collect())
        .collect()
}

fn shopify(lost: u64) -> Line<Shopify> {
    Line::new(Shopify::new(100.0, 0), Shopify::answer, lost)
}

fn to_shopify() -> Target {
    Target::of(Kind::Shopify, "", "1", Value::Null).unwrap()
}

/// Whether the shop has every code of pieces that settled and was not somebody else's, where it should be.
fn has_all(shop: &Shopify, pieces: &[Texts], settled: &BTreeMap<u32, Vec<u32>>) -> bool {
    settled.iter().all(|(number, foreign)| {
        pieces[*number as usize].iter().enumerate().all(|(at, code)| {
            let ours = shop.codes.get(code).is_some_and(|discount| discount.ends_with("/1"));
            ours != foreign.contains(&(at as u32))
        })
    })
}

/// Pieces of 250 codes; `DELIVERY_PIECES=4000 cargo test --test delivery -- --nocapture` sends a million codes.
fn how_many() -> usize {
    std::env::var("DELIVERY_PIECES").ok().map_or(1_000, |count| count.parse().unwrap())
}

/// Seconds that so many points take at 100 a second, with a full bucket at the start.
fn seconds(points: f64) -> f64 {
    (points - 2_000.0) / 100.0
}

#[test]
fn codes_take_hardly_longer_than_the_throttle_makes_them() {
    let (mut line, all) = (shopify(0), pieces(how_many(), 250));
    let (settled, fault) = line.deliver(to_shopify(), &all);
    assert_eq!((settled.len(), fault, line.shop.codes.len()), (all.len(), None, all.len() * 250));
    assert_eq!(line.shop.throttled, 0, "a steady pace is never turned away");
    // A mutation and one look for each call.
    let necessary = all.len() as f64 * 11.0;
    let (took, least) = (line.now as f64 / 1_000.0, seconds(necessary));
    println!(
        "{} codes: {took:.0} s, {:.0} points spent; necessary {least:.0} s, {necessary:.0} points",
        all.len() * 250,
        line.shop.spent
    );
    assert!(took <= 1.1 * least, "{took} s, necessary {least} s");
}

#[test]
fn lost_answers_cost_repeats_and_look_ups_and_nothing_else() {
    let (mut line, all) = (shopify(50), pieces(how_many(), 250));
    let (settled, fault) = line.deliver(to_shopify(), &all);
    assert_eq!((settled.len(), fault, line.shop.codes.len()), (all.len(), None, all.len() * 250));
    assert!(has_all(&line.shop, &all, &settled));
    // What exactness needs: each mutation that was lost once more; where its first arrived, a look-up of its codes.
    let adds = line.shop.answered["CouponPoolsAddCodes"] as f64;
    let lookups = line.shop.answered["CouponPoolsLookup"] as f64;
    let necessary = adds * 11.0 + lookups * 250.0;
    let (took, least) = (line.now as f64 / 1_000.0, seconds(necessary));
    println!(
        "{} codes, 5 % of answers lost: {took:.0} s, {:.0} points spent; necessary {least:.0} s, {necessary:.0} points",
        all.len() * 250,
        line.shop.spent
    );
    let pieces = all.len() as f64;
    assert!((adds - pieces) / pieces < 0.07, "{adds} mutations of {pieces} pieces");
    assert!(lookups / pieces < 0.05, "{lookups} look-ups of {pieces} pieces");
    assert!(took <= 1.1 * least, "{took} s, necessary {least} s");
}

#[test]
fn a_faster_plan_is_used_too() {
    for rate in [200.0, 1_000.0] {
        let mut line = Line::new(Shopify::new(rate, 0), Shopify::answer, 0);
        let all = pieces(2_000, 250);
        let (settled, fault) = line.deliver(to_shopify(), &all);
        assert_eq!((settled.len(), fault, line.shop.throttled), (2_000, None, 0));
        // Of a bucket that was full at the start and filled all the time.
        let share = line.shop.spent / (rate * 20.0 + rate * line.now as f64 / 1_000.0);
        println!("{rate} points a second: {:.0} % of them used", share * 100.0);
        assert!(share > if rate > 500.0 { 0.4 } else { 0.9 }, "{share} of {rate} points a second");
    }
}

#[test]
fn nobody_else_s_code_is_taken_for_ours() {
    for lost in [0, 100] {
        let (mut line, all) = (shopify(lost), pieces(40, 250));
        for code in ["CODE-3-17", "CODE-3-249", "CODE-20-0"] {
            line.shop.codes.insert(code.to_owned(), "gid://shopify/DiscountCodeNode/99".to_owned());
        }
        let (settled, fault) = line.deliver(to_shopify(), &all);
        assert_eq!((settled.len(), fault), (40, None));
        assert!(has_all(&line.shop, &all, &settled));
        assert_eq!((settled[&3].as_slice(), settled[&20].as_slice()), (&[17, 249][..], &[0][..]));
    }
}

#[test]
fn a_shop_that_refuses_is_heard_in_its_own_words() {
    let mut line = shopify(0);
    line.shop.refuses = Some("is too long (maximum is 255 characters)".to_owned());
    let (settled, fault) = line.deliver(to_shopify(), &pieces(3, 10));
    assert_eq!((settled.len(), fault), (0, Some(Fault::Refused("is too long (maximum is 255 characters)".to_owned()))));
    assert!(line.shop.answered["CouponPoolsAddCodes"] <= 6, "and not asked for ever");
}

#[test]
fn a_rule_that_is_gone_or_has_ended_is_told() {
    let gone = Target::of(Kind::Shopify, "", "gid://shopify/DiscountCodeNode/404", Value::Null).unwrap();
    let (_, fault) = shopify(0).deliver(gone, &pieces(1, 1));
    assert!(matches!(fault, Some(Fault::Rule(words)) if words.contains("no such discount")));
    let mut line = shopify(0);
    line.shop.discounts.values_mut().for_each(|discount| discount.ended = true);
    assert!(
        matches!(line.deliver(to_shopify(), &pieces(1, 1)).1, Some(Fault::Rule(words)) if words.contains("has ended"))
    );
}

#[test]
fn a_line_that_is_dead_ends_the_delivery_and_a_bad_one_does_not() {
    let (settled, fault) = shopify(1_000).deliver(to_shopify(), &pieces(4, 10));
    assert_eq!((settled.len(), fault), (0, Some(Fault::Lost(Some(0)))));
    let mut line = shopify(300);
    let all = pieces(30, 250);
    let (settled, fault) = line.deliver(to_shopify(), &all);
    assert_eq!((settled.len(), fault), (30, None));
    assert!(has_all(&line.shop, &all, &settled));
}

#[test]
fn magento_takes_codes_of_ours_one_by_one_and_a_repeat_adds_none() {
    for lost in [0, 100] {
        let mut line = Line::new(Magento::new(), |shop: &mut Magento, request, _| shop.answer(request), lost);
        line.shop.busy = 5;
        line.shop.codes.insert("CODE-4-0".to_owned(), 9);
        let all = pieces(300, 1);
        let target = Target::of(Kind::Magento, "", "7", Value::Null).unwrap();
        let (settled, fault) = line.deliver(target, &all);
        assert_eq!((settled.len(), fault, line.shop.codes.len()), (300, None, 300));
        let foreign: BTreeSet<u32> =
            settled.iter().filter(|(_, foreign)| !foreign.is_empty()).map(|(number, _)| *number).collect();
        assert_eq!(foreign, [4].into());
        assert!(line.shop.codes.iter().all(|(code, rule)| (*rule == 7) != (code == "CODE-4-0")));
    }
}

#[test]
fn magento_s_placeholders_are_filled_in() {
    let mut line = Line::new(Magento::new(), |shop: &mut Magento, request, _| shop.answer(request), 0);
    line.shop.auto_generation = false;
    let target = || Target::of(Kind::Magento, "", "7", Value::Null).unwrap();
    assert!(
        matches!(line.deliver(target(), &pieces(1, 1)).1, Some(Fault::Rule(words)) if words.contains("auto generation"))
    );
    let response = line.shop.answer(&coupon_pools::shop::magento::add(7, "A"));
    let words = "Error occurred when saving coupon: Specified rule does not allow auto generated coupons".to_owned();
    assert_eq!(coupon_pools::shop::magento::added(&response), Err(Fault::Rule(words)));
}

/// `tests/shops/shopify-queries.txt` holds what is sent, for tests that know Shopify's schema.
#[test]
fn the_queries_on_file_are_those_that_are_sent() {
    use coupon_pools::shop::shopify::queries::{self, jobs, lookup};
    let whole = [queries::ADD_CODES, queries::FAILURES, queries::RULE, queries::DELETE_CODES, queries::DELETION];
    let mut texts = whole.map(str::to_owned).to_vec();
    texts.extend([jobs(2), lookup(2), queries::code_ids(2)]);
    let sent = texts.join("\n") + "\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/shops/shopify-queries.txt");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &sent).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(written == sent, "{path} is old: run UPDATE_DOCS=1 cargo test --test delivery");
}

#[test]
fn rules_are_taken_as_users_find_them() {
    for rule in ["1234", " gid://shopify/DiscountCodeNode/1234 ", "https://admin.shopify.com/store/x/discounts/1234"] {
        assert!(
            matches!(Target::of(Kind::Shopify, "", rule, Value::Null), Some(Target::Shopify(id)) if id.ends_with("Node/1234"))
        );
    }
    for rule in ["", "spring", "12x"] {
        assert!(Target::of(Kind::Shopify, "", rule, Value::Null).is_none(), "{rule}");
        assert!(Target::of(Kind::Magento, "", rule, Value::Null).is_none(), "{rule}");
    }
}

/// Withdraws codes of Magento's rule 7, where there are these, each with its rule; answers what was deleted. Searches do
/// not keep to the rule, and give the merchant's own code whatever they are for.
fn withdrawn(asked: &[&str], items: &[(&str, f64)]) -> (Vec<String>, Option<Fault>) {
    let named = |entries: Vec<(&str, Value)>| {
        Value::Map(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    };
    let target = Target::of(Kind::Magento, "", "7", Value::Null).unwrap();
    let mut withdrawal = Withdrawal::new(target, &asked.iter().copied().collect()).unwrap();
    let (mut deleted, mut now) = (Vec::new(), 0);
    loop {
        match withdrawal.next(now) {
            Next::Send(ticket, Call::Http(request)) => {
                let body = if request.method == "GET" {
                    let found = |code: &str| request.path.contains(&code.to_uppercase()) || code == "MERCHANTS-OWN";
                    let left = items.iter().filter(|(code, _)| found(code) && !deleted.contains(&(*code).to_owned()));
                    let item = |(code, rule): &(&str, f64)| {
                        named(vec![("code", Value::Text((*code).to_owned())), ("rule_id", Value::Number(*rule))])
                    };
                    named(vec![("items", Value::List(left.map(item).collect()))])
                } else {
                    assert_eq!(request.path, "V1/coupons/deleteByCodes");
                    let Value::List(codes) = request.body.clone().take("codes") else { panic!("{request:?}") };
                    deleted.extend(codes.iter().filter_map(Value::as_text).map(str::to_owned));
                    named(vec![("failed_items", Value::List(Vec::new()))])
                };
                withdrawal.heard(ticket, &Heard::Response(Response { status: 200, retry_after: None, body }), now);
            }
            Next::Wait(until) => now = until.expect("nothing is waited for"),
            Next::Idle => return (deleted, withdrawal.fault().cloned()),
            Next::Send(_, call) => panic!("{call:?}"),
        }
    }
}

#[test]
fn magento_is_told_to_delete_only_what_was_asked_for_and_found_on_the_rule() {
    let ours = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
    assert_eq!(withdrawn(&["A1", "B2", "C3"], &[("a1", 7.0), ("C3", 7.0)]), (ours(&["a1", "C3"]), None));
    // Somebody else made the same code, on a rule of theirs.
    assert_eq!(withdrawn(&["A1", "B2"], &[("A1", 9.0), ("B2", 7.0)]), (ours(&["B2"]), None));
    // A search that answers something else tells neither what is there nor what is gone.
    let (deleted, fault) = withdrawn(&["A1", "B2"], &[("MERCHANTS-OWN", 7.0), ("A1", 7.0)]);
    assert_eq!(deleted, ours(&[]));
    assert!(matches!(fault, Some(Fault::Refused(words)) if words.contains("MERCHANTS-OWN")));
}
