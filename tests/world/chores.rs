//! What the hosts of a world ask for next, and how a world begins and ends.

use std::rc::Rc;

use coupon_pools::flow::export::What;
use coupon_pools::flow::find::FindWhat;
use coupon_pools::pool::document::{Kind, OnEmpty, Reuse, Rung};
use coupon_pools::pool::settings::{ExpiryInput, Settings};
use coupon_pools::record::Value;

use crate::chance::Chance;
use crate::clock::{DAY, HOUR, MINUTE, START};
use crate::files::File;
use crate::mails::Mail;
use crate::orders::{Order, Showing};
use crate::schedule::{Kept, World};
use crate::shopping::{RULE, SHOP};

/// The pools of every world; the last one gives everybody the same code.
pub(crate) const POOLS: [&str; 5] = ["alpha", "beta", "gamma", "delta", "zeta"];
/// The pool that a shop fills, in every world.
pub(crate) const DYNAMIC: &str = "omega";
/// All of them, as mails name them.
const ALL: [&str; 6] = ["alpha", "beta", "gamma", "delta", "zeta", DYNAMIC];
/// The code of fixed pools.
pub(crate) const FIXED: &str = "FIXED-10";

impl World {
    /// Makes the pools.
    pub(crate) fn begin(&mut self) -> Kept {
        for (index, pool) in POOLS.iter().enumerate() {
            let chance = &mut self.chance;
            let mut settings = patch(chance);
            settings.reuse =
                Some(chance.pick(&[Reuse::PerMessage, Reuse::PerMessage, Reuse::PerContact, Reuse::UntilExpired]));
            settings.on_empty = Some(on_empty(chance));
            (settings.kind, settings.fixed_code, settings.archived) = (Some(Kind::Static), None, None);
            if index == POOLS.len() - 1 {
                let fixed_code = Some(FIXED.to_owned());
                settings = Settings { kind: Some(Kind::Fixed), fixed_code, ..Settings::default() };
            }
            self.alone(Order::Create { pool: (*pool).to_owned(), settings })?;
            // The last finite pool begins without codes.
            if index < POOLS.len() - 2 {
                let file = File::random(&mut self.chance, pool, 30);
                self.alone(Order::Upload {
                    pool: (*pool).to_owned(),
                    file,
                    cancelled: None,
                    dry_run: false,
                    take_over: false,
                })?;
            }
        }
        let chance = &mut self.chance;
        let settings = Settings {
            kind: Some(Kind::Dynamic),
            reuse: Some(chance.pick(&[Reuse::PerMessage, Reuse::PerMessage, Reuse::PerContact])),
            on_empty: Some(on_empty(chance)),
            low_stock: Some(vec![Rung::Count(3)]),
            ..generating(RULE, chance.pick(&[0, 5, 25]))
        };
        self.alone(Order::Create { pool: DYNAMIC.to_owned(), settings })?;
        Ok(())
    }

    /// What somebody asks for next.
    pub(crate) fn order(&mut self) -> Order {
        let told = self.promises.told_by_chance(&mut self.chance);
        let chance = &mut self.chance;
        let pool = chance.pick(&POOLS[..4]).to_owned();
        match chance.below(100) {
            0..35 => {
                let pool = match chance.below(100) {
                    0..3 => "zeta".to_owned(),
                    3..25 => DYNAMIC.to_owned(),
                    _ => pool,
                };
                let uses = (0..=chance.below(5)).map(|_| showing(chance)).collect();
                Order::Draw { pool, uses }
            }
            35..65 => {
                let one = Rc::new(Mail::random(chance, &ALL));
                let mail = |chance: &mut Chance| match chance.percent(20) {
                    true => Rc::new(Mail::random(chance, &ALL)),
                    false => one.clone(),
                };
                let count = 1 + chance.below(4);
                let mails = (0..count).map(|_| (mail(chance), showing(chance))).collect::<Vec<_>>();
                Order::Render(mails.into_iter().map(|(mail, to)| (mail, to.message, to.contact)).collect())
            }
            65..73 => {
                let cancelled = chance.percent(10).then(|| chance.below(4));
                let dry_run = chance.percent(10);
                let take_over = chance.percent(30);
                Order::Upload { file: File::random(chance, &pool, 25), pool, cancelled, dry_run, take_over }
            }
            73..80 => match told {
                Some((pool, showing, number, _)) => {
                    let number = if chance.percent(10) { number + 1 } else { number };
                    Order::Release { pool, showing, number }
                }
                None => Order::Release { pool, showing: showing(chance), number: 1 },
            },
            80..84 => {
                // Also what a top-up brought.
                let pool = if chance.percent(25) { DYNAMIC.to_owned() } else { pool };
                let batches = self.store.pools.get(&pool).map(|pool| pool.batches.as_slice()).unwrap_or_default();
                let batch = batches.get(chance.below(batches.len() + 1)).map(|batch| batch.id.clone());
                Order::Undo { pool, batch: batch.unwrap_or_else(|| "unknown".to_owned()) }
            }
            84..87 => Order::Edit { pool, patch: patch(chance) },
            87 => {
                // Somebody names a rule that the shop does not have, or the right one again.
                let rule = chance.pick(&[RULE, RULE, "404"]);
                let mut patch = generating(rule, chance.pick(&[0, 5, 25]));
                // Or puts the pool away, or opens it again.
                patch.archived = chance.percent(60).then(|| chance.percent(50));
                Order::Edit { pool: DYNAMIC.to_owned(), patch }
            }
            88..91 => Order::Maintain,
            91 => {
                // The shop goes away, or comes back.
                self.shop.is_down = !self.shop.is_down && !self.calm;
                Order::Prepare { pool: DYNAMIC.to_owned(), count: chance.below(30) as u64 }
            }
            92 => Order::Preview(Rc::new(Mail::random(chance, &POOLS))),
            93 => Order::Forget { contact: showing(chance).contact },
            94 => match told {
                Some((pool, _, _, code)) => Order::Redeemed { pool, code },
                None => Order::Maintain,
            },
            95 => Order::Export { pool, what: chance.pick(&[What::Draws, What::Remaining]) },
            96 => Order::Look { pool },
            97 => match told {
                Some((pool, _, _, code)) => Order::Find { pool, what: FindWhat::Code(code.to_lowercase()) },
                None => Order::Find { pool, what: FindWhat::Message(showing(chance).message) },
            },
            98 => Order::Find { pool, what: FindWhat::Contact(showing(chance).contact) },
            _ => {
                // A shop deletes a code: nobody's flow, but the books must still be right.
                if let Some(known) = self.store.pools.get_mut(&pool) {
                    known.void(chance.below(known.codes.len() + 1));
                }
                Order::Look { pool }
            }
        }
    }

    /// Faults end, every process starts anew, and `maintain` runs until nothing is left to do.
    pub(crate) fn end(&mut self) -> Kept {
        self.calm_down()?;
        self.shop.is_down = false;
        for pool in &POOLS[..4] {
            let patch = Settings { archived: Some(false), ..Settings::default() };
            self.alone(Order::Edit { pool: (*pool).to_owned(), patch })?;
        }
        let patch = Settings { archived: Some(false), ..generating(RULE, 25) };
        self.alone(Order::Edit { pool: DYNAMIC.to_owned(), patch })?;
        for _ in 0..3 {
            self.clock += 2 * MINUTE;
            self.alone(Order::Maintain)?;
        }
        self.promises.at_rest(&self.store, self.clock)?;
        crate::promises::shop::at_rest(&self.store, &self.shop, self.clock)?;
        for (pool, file) in self.promises.unfinished_uploads() {
            self.alone(Order::Upload {
                pool: pool.clone(),
                file: file.clone(),
                cancelled: None,
                dry_run: false,
                take_over: false,
            })?;
            self.promises.taken(&self.store, &pool, &file)?;
        }
        // Long after everything has expired, a retry is still the same draw; the promise is looked at as it is told.
        self.clock += 400 * DAY;
        for (pool, uses) in self.promises.all_told() {
            self.alone(Order::Draw { pool, uses })?;
        }
        Ok(())
    }
}

/// What the dynamic pool generates.
pub(crate) fn generating(rule: &str, buffer: u32) -> Settings {
    let map = |entries: Vec<(&str, Value)>| {
        Value::Map(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    };
    let dynamic = map(vec![
        ("shop", Value::Text(SHOP.to_owned())),
        ("rule", Value::Text(rule.to_owned())),
        ("pattern", map(vec![("length", Value::Number(12.0)), ("prefix", Value::Text("om".to_owned()))])),
        ("buffer", Value::Number(f64::from(buffer))),
    ]);
    Settings { dynamic: Some(dynamic), ..Settings::default() }
}

fn showing(chance: &mut Chance) -> Showing {
    let slot = if chance.percent(15) { "second" } else { "" };
    Showing {
        message: format!("mail-{}", chance.below(5)),
        contact: format!("contact-{}", chance.below(8)),
        slot: slot.to_owned(),
    }
}

fn on_empty(chance: &mut Chance) -> OnEmpty {
    chance.pick(&[OnEmpty::Stop, OnEmpty::Stop, OnEmpty::Omit, OnEmpty::Fallback("SORRY5".to_owned())])
}

/// A change of settings.
fn patch(chance: &mut Chance) -> Settings {
    let mut patch = Settings::default();
    match chance.below(9) {
        0 => patch.name = Some(format!("Name {}", chance.below(10))),
        1 => patch.on_empty = Some(on_empty(chance)),
        2 => patch.min_validity = Some(chance.pick(&[0, HOUR, DAY]) as f64),
        3 => patch.expires_at = Some(None),
        4 => {
            let at = START + chance.below(10 * 24) as i64 * HOUR;
            patch.expires_at = Some(Some(ExpiryInput::Instant(at as f64)));
        }
        5 => patch.archived = Some(true),
        6 => patch.archived = Some(false),
        7 => {
            let rungs = [Rung::Count(3), Rung::Count(10), Rung::Share(5_000)];
            patch.low_stock = Some(rungs.into_iter().filter(|_| chance.percent(60)).collect());
        }
        // Refused once the pool has had an upload or a draw.
        _ if chance.percent(50) => patch.reuse = Some(chance.pick(&[Reuse::PerMessage, Reuse::PerContact])),
        _ => (patch.kind, patch.fixed_code) = (Some(Kind::Fixed), Some(FIXED.to_owned())),
    }
    patch
}
