//! Shops: their protocols, as requests out and responses in.
//!
//! Nothing here performs a request. A [`delivery::Delivery`] says what to send and is told what came back; the host
//! carries the bytes, adds base URL and credentials, and tells nobody. So no secret enters the module, and the same
//! machines run under a simulated shop that loses answers, repeats them and throttles.

pub mod custom;
pub mod delivery;
pub mod magento;
mod pace;
mod piece;
pub mod shopify;
pub mod withdrawal;

use crate::code::Texts;
use crate::record::{Value, record, words};

/// Which protocol a shop speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Shopify's GraphQL Admin API.
    Shopify,
    /// Magento's REST API.
    Magento,
    /// One callback of the host.
    Custom,
}

words!(Kind { Shopify = "shopify", Magento = "magento", Custom = "custom" });

/// What the host says of one of its shops.
#[derive(Clone, Debug, PartialEq)]
pub struct ShopTraits {
    /// Its protocol.
    pub kind: Kind,
    /// Most codes in one call; none for the protocol's own.
    pub codes_per_call: Option<u32>,
    /// Whether a repeated call makes no second codes. Always so for Shopify and Magento, which are sent codes of ours.
    pub exact: bool,
}

record!(ShopTraits { kind, codes_per_call, exact });

/// A request, for the host to send: relative to the base of the shop's API.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Relative to the base, with its query: `graphql.json`, `V1/coupons`.
    pub path: String,
    /// What to send as JSON; nothing if `Null`.
    pub body: Value,
}

/// What came back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Response {
    /// The HTTP status.
    pub status: u32,
    /// The header `Retry-After`, as it came.
    pub retry_after: Option<String>,
    /// The body: JSON, or a text where it is none.
    pub body: Value,
}

record!(Response { status, retry_after, body });

/// What is asked of a shop's callback.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// The same in every repeat of this order.
    pub id: String,
    /// The rule, as in the pool's settings.
    pub rule: String,
    /// How many codes.
    pub count: u32,
    /// How they should look, as in the pool's settings.
    pub pattern: Value,
    /// Codes of that pattern that the shop may take over.
    pub suggested: Texts,
}

/// Something to be sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    /// To the shop's API.
    Http(Request),
    /// To the shop's callback.
    Order(Order),
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// The shop answered.
    Response(Response),
    /// The callback answered.
    Codes(Texts),
    /// Nobody knows whether it happened; the host keeps why under this number.
    Lost(u32),
}

/// Why a call came to nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// It may have happened or not.
    Lost(Option<u32>),
    /// It did not happen; the shop wants to be asked again after so many milliseconds.
    Later(i64),
    /// The rule is gone, has ended or does not allow codes, in the shop's words or ours.
    Rule(String),
    /// The shop refuses, in its own words.
    Refused(String),
}

/// What a shop says of a rule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rule {
    /// Its name at the shop.
    pub title: String,
    /// When it ends (exclusive, milliseconds since 1970), and with it its codes.
    pub ends_at: Option<i64>,
}

/// Longest excerpt of a shop's words, in characters: an alert has to fit on a screen.
const WORDS: usize = 300;
/// How long to wait where a shop says "too many requests" and not for how long.
const PAUSE_MS: i64 = 2_000;
/// Longest pause that a shop may ask for: an hour is over before the next `maintain` of most hosts.
const LONGEST_PAUSE_MS: i64 = 3_600_000;

impl Response {
    /// Faults that every HTTP API shares. `Ok` for what its own protocol has to say something about.
    fn check(&self, rule_gone: bool) -> Result<(), Fault> {
        match self.status {
            200..=299 => Ok(()),
            429 | 503 if self.retry_after.is_some() || self.status == 429 => Err(Fault::Later(self.pause())),
            404 if rule_gone => Err(Fault::Rule(self.words())),
            400..=499 if self.status != 408 => Err(Fault::Refused(self.words())),
            _ => Err(Fault::Lost(None)),
        }
    }

    /// How long the shop wants to be left alone: seconds, as both shops write them.
    fn pause(&self) -> i64 {
        let seconds = self.retry_after.as_deref().and_then(|text| text.trim().parse::<f64>().ok());
        let pause =
            seconds.filter(|seconds| *seconds >= 0.0).map_or(PAUSE_MS, |seconds| (seconds * 1_000.0).ceil() as i64);
        pause.min(LONGEST_PAUSE_MS)
    }

    /// What the shop said, cut short.
    fn words(&self) -> String {
        let said = match &self.body {
            Value::Text(text) => text.clone(),
            body => body.clone().take("message").as_text().map(str::to_owned).unwrap_or_default(),
        };
        excerpt(&[&format!("status {}: ", self.status), said.as_str()].concat())
    }
}

fn excerpt(text: &str) -> String {
    text.trim().trim_end_matches(':').chars().take(WORDS).collect()
}

fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Map(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
