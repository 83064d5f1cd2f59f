//! Draws: a code for each use, without a template.

use super::Host;
pub use super::claim::Uses;
use super::claim::{Claimed, claim, give_back};
use super::step::Outcome;
use crate::code::Texts;
use crate::error::{Code, Error, Result};
use crate::limits::DRAW_MANY;
use crate::pool::document::{Kind, OnEmpty, PoolDocument};
use crate::pool::keys::{check_key_text, check_slot};

/// What a use got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// A code of its own (or the fixed pool's).
    Drawn = 0,
    /// The pool's fallback.
    Fallback = 1,
    /// Nothing: the pool is empty.
    Empty = 2,
    /// Nothing: the contact's code has expired and is not replaced.
    Expired = 3,
}

/// What all uses got, in columns.
#[derive(Debug, Default)]
pub struct Drawn {
    /// What each use got.
    pub status: Vec<Status>,
    /// Its code, empty without one.
    pub codes: Texts,
    /// When the code stops being valid.
    pub expires_at: Vec<Option<i64>>,
    /// Whether this very use had been answered before.
    pub repeat: Vec<bool>,
    /// The draw's number, 0 where nothing is stored.
    pub numbers: Vec<u64>,
    /// What a use that came away empty means here: an error under `stop`.
    pub when_empty: Option<Error>,
    /// The same for a contact whose code has expired.
    pub when_expired: Option<Error>,
}

/// Draws a code of the pool for each use. Uses that are the same share one.
pub async fn draw_many(host: Host, handle: String, mut uses: Uses) -> Result<Drawn> {
    if uses.len() > DRAW_MANY {
        return Err(Error::new(
            Code::InvalidArgument,
            format!("{} uses in one call; at most {DRAW_MANY}, use renderMany or several calls", uses.len()),
        )
        .with("option", "uses"));
    }
    for index in 0..uses.len() {
        check_key_text("message", uses.messages.get(index))?;
        check_key_text("contact", uses.contacts.get(index))?;
        check_slot(uses.slots.get(index))?;
    }
    uses.falls_back.clear();
    let claimed = claim(&host, &handle, &uses).await?;
    if let Some(error) = claimed.failed.clone() {
        give_back(&host, &handle, &claimed.new_draws()).await;
        return Err(error);
    }
    Ok(results(&claimed, uses.len()))
}

fn results(claimed: &Claimed, count: usize) -> Drawn {
    let pool = &claimed.pool;
    let mut drawn = Drawn::default();
    let mut seen = vec![false; claimed.keys.len()];
    for index in 0..count {
        let Some((outcome, code, _)) = claimed.get(index) else { continue };
        let first = !std::mem::replace(&mut seen[claimed.unique(index)], true);
        let fallback = match &pool.on_empty {
            OnEmpty::Fallback(fallback) => Some(fallback.as_str()),
            OnEmpty::Stop | OnEmpty::Omit => None,
        };
        let (status, text, expires_at, repeat, number) = match outcome {
            Outcome::Code { number, expires_at, repeat, .. } => {
                let repeat = repeat || (!first && pool.kind != Kind::Fixed);
                (Status::Drawn, code, pool.effective_expiry(expires_at), repeat, number)
            }
            Outcome::Empty | Outcome::Expired if fallback.is_some() => {
                (Status::Fallback, fallback.unwrap_or(""), None, false, 0)
            }
            Outcome::Empty => (Status::Empty, "", None, false, 0),
            Outcome::Expired => (Status::Expired, "", None, false, 0),
        };
        drawn.status.push(status);
        drawn.codes.push(text);
        drawn.expires_at.push(expires_at);
        drawn.repeat.push(repeat);
        drawn.numbers.push(number);
    }
    if pool.on_empty == OnEmpty::Stop {
        drawn.when_empty = Some(out_of_codes(pool, Outcome::Empty, claimed.top_up));
        drawn.when_expired = Some(out_of_codes(pool, Outcome::Expired, None));
    }
    drawn
}

/// The error of a mail that a `stop` pool leaves without a code; `cause` is why a dynamic pool was not filled.
pub(super) fn out_of_codes(pool: &PoolDocument, outcome: Outcome, cause: Option<u32>) -> Error {
    let (reason, message) = match outcome {
        Outcome::Expired if pool.kind == Kind::Fixed => ("expired", "the code of the pool has expired"),
        Outcome::Expired => {
            ("expired", "this contact's code has expired, and the pool gives each contact one code only")
        }
        _ => ("empty", "no code is left in the pool"),
    };
    let help = match pool.kind {
        Kind::Dynamic => "its shop gave none in time; keep a larger buffer",
        _ => "upload more codes",
    };
    let error =
        Error::new(Code::OutOfCodes, format!("{message} \"{}\": {help}, or choose another onEmpty", pool.handle))
            .with("pool", pool.handle.as_str())
            .with("reason", reason);
    match cause {
        Some(failure) => error.caused_by(failure),
        None => error,
    }
}
