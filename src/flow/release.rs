//! Release: one use is taken back whose mail was never handed to the provider.

use super::Host;
use super::step::{Release, ReleaseItem, Reply};
use crate::error::{Code, Error, Result};
use crate::pool::keys::{Key, check_key_text, check_slot};
use crate::record::{ToValue, Value};

/// How a release ended, as callers see it.
#[derive(Clone, Debug)]
pub struct Released {
    released: bool,
    reason: Option<String>,
}

impl ToValue for Released {
    fn to_value(&self) -> Value {
        let mut entries = vec![("released".to_owned(), self.released.to_value())];
        entries.extend(self.reason.as_ref().map(|reason| ("reason".to_owned(), reason.to_value())));
        Value::Map(entries)
    }
}

/// Takes one use back, on the host's word that its mail was never handed to the provider.
pub async fn release(
    host: Host,
    handle: String,
    message: String,
    contact: String,
    slot: String,
    number: f64,
) -> Result<Released> {
    check_key_text("message", &message)?;
    check_key_text("contact", &contact)?;
    check_slot(&slot)?;
    if !(number >= 1.0 && number.fract() == 0.0 && number < 9e15) {
        return Err(Error::new(
            Code::InvalidArgument,
            "number is missing: a release names the number that the draw was answered with",
        )
        .with("option", "number"));
    }
    host.document(&handle).await?;
    let key = Key::of_use(&message, &contact, &slot).to_string();
    let items = vec![ReleaseItem { key, number: number as u64, answers: None }];
    let outcomes = host.release(Release { pool: handle, items, now: host.now() }).await?;
    let outcome = outcomes.into_iter().next().ok_or_else(|| Reply::wrong("release"))?;
    Ok(Released { released: outcome.released, reason: outcome.reason })
}
