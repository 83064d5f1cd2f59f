//! Expiries as callers write them, resolved in a pool's time zone.

use super::Host;
use super::step::Instants;
use crate::error::{Code, Error, Result};
use crate::import::LocalTime;
use crate::import::dates::{Expiry, parse_iso};
use crate::pool::settings::ExpiryInput;

/// Farthest instant that JavaScript's `Date` holds (ECMA-262, "Time Values and Time Range").
const FARTHEST: f64 = 8.64e15;

/// The instant that a caller means.
pub(super) async fn resolve(host: &Host, input: &ExpiryInput, zone: &str) -> Result<i64> {
    let wrong = || {
        let message =
            "expiresAt is a date such as 2027-03-31, a time such as 2027-03-31T18:00:00Z, or milliseconds since 1970";
        Error::new(Code::InvalidArgument, message).with("option", "expiresAt")
    };
    match input {
        ExpiryInput::Instant(at) if at.is_finite() && at.abs() <= FARTHEST => Ok(*at as i64),
        ExpiryInput::Instant(_) => Err(wrong()),
        ExpiryInput::Text(text) => match parse_iso(text).ok_or_else(wrong)? {
            Expiry::Instant(at) => Ok(at),
            Expiry::Local(time) => local(host, zone, vec![time]).await?.first().copied().flatten().ok_or_else(wrong),
        },
    }
}

/// Wall-clock times of a zone as instants; without times, whether there is such a zone.
pub(super) async fn local(host: &Host, zone: &str, times: Vec<LocalTime>) -> Result<Vec<Option<i64>>> {
    host.instants(Instants { time_zone: zone.to_owned(), times }).await?.ok_or_else(|| {
        Error::new(
            Code::InvalidArgument,
            format!("there is no time zone {zone:?}: use an IANA name such as Europe/Berlin"),
        )
        .with("option", "timeZone")
    })
}
