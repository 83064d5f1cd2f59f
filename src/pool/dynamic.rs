//! Dynamic pools: what they generate, where, and how much of it is kept in stock.

use super::document::{Kind, PoolDocument};
use crate::error::{Code, Error, Result};
use crate::generate::pattern::Pattern;
use crate::limits::{BUFFER, GUESS_FLOOR_BITS, GUESS_WARNING_BITS, PLANNED_CODES};
use crate::record::{FromValue, ToValue, Value, expected, record};

/// Most codes that can be kept in stock or generated: what a Shopify shop holds.
const MOST_CODES: u64 = 20_000_000;

/// What a dynamic pool generates.
#[derive(Clone, Debug, PartialEq)]
pub struct Dynamic {
    /// The shop's name among the host's `shops`.
    pub shop: String,
    /// The rule at the shop, as users find it.
    pub rule: String,
    /// How the codes look.
    pub pattern: Pattern,
    /// Codes kept in stock; default [`BUFFER`].
    pub buffer: u64,
    /// Most codes ever generated; none for as many as are needed.
    pub limit: Option<u64>,
    /// Bits of guess resistance under which the pattern is refused; default [`GUESS_FLOOR_BITS`].
    pub guess_floor: f64,
    /// Bits of guess resistance under which the pattern is warned of; default [`GUESS_WARNING_BITS`].
    pub guess_warning: f64,
}

record!(to Dynamic { shop, rule, pattern, buffer, limit, guess_floor, guess_warning });

impl FromValue for Dynamic {
    fn from_value(mut value: Value) -> Result<Self> {
        if !matches!(value, Value::Map(_)) {
            return Err(expected("an object such as { shop, rule, pattern: { length: 10 } }"));
        }
        if value.take("expires_after_days") != Value::Null {
            let message = "expiresAfterDays cannot be kept yet in this version: give the shop's rule an end date, which its codes take over";
            return Err(Error::new(Code::InvalidArgument, message));
        }
        Ok(Dynamic {
            shop: value.read("shop")?,
            // A number is how a user of JavaScript writes a rule's id.
            rule: match value.take("rule") {
                Value::Number(number) if number >= 0.0 => format!("{}", number as u64),
                rule => String::from_value(rule).map_err(|_| expected("rule: the rule's id at the shop"))?,
            },
            pattern: value.read("pattern")?,
            buffer: value.read::<Option<u64>>("buffer")?.unwrap_or(BUFFER),
            limit: value.read("limit")?,
            guess_floor: value.read::<Option<f64>>("guess_floor")?.unwrap_or(GUESS_FLOOR_BITS),
            guess_warning: value.read::<Option<f64>>("guess_warning")?.unwrap_or(GUESS_WARNING_BITS),
        })
    }
}

impl Dynamic {
    /// Codes that the pool is planned for: guess resistance is about so many in use.
    pub fn planned(&self) -> u64 {
        self.limit.unwrap_or_else(|| self.buffer.max(PLANNED_CODES))
    }

    /// What a person should know about the pattern.
    pub fn warnings(&self) -> Vec<String> {
        let add = self.pattern.short_of(self.planned(), self.guess_warning);
        if add == 0 {
            return Vec::new();
        }
        let (planned, bits) = (self.planned(), self.pattern.guess_resistance(self.planned()).max(0.0) as u64);
        vec![format!(
            "with {planned} codes in use, one guess in 2^{bits} hits one: {add} more character{} would put them out of reach",
            if add == 1 { "" } else { "s" }
        )]
    }

    fn check(&self, case_sensitive: bool) -> Result<()> {
        if self.shop.is_empty() || self.rule.trim().is_empty() {
            return Err(Error::new(Code::InvalidArgument, "a dynamic pool names its shop and the rule there"));
        }
        if self.buffer > MOST_CODES || self.limit.is_some_and(|limit| limit == 0 || limit > MOST_CODES) {
            return Err(Error::new(Code::InvalidArgument, format!("buffer and limit are at most {MOST_CODES} codes")));
        }
        self.pattern.check(case_sensitive)?;
        self.pattern.check_strength(self.planned(), self.guess_floor)
    }
}

impl PoolDocument {
    /// What a dynamic pool generates; none for other pools. Errors: a document of another version of the module.
    pub fn dynamic(&self) -> Result<Option<Dynamic>> {
        if self.kind != Kind::Dynamic {
            return Ok(None);
        }
        Dynamic::from_value(self.dynamic.clone()).map(Some)
    }

    /// Checks what a pool generates, and writes its defaults down.
    pub(super) fn check_dynamic(&mut self) -> Result<()> {
        let about = |error: Error| {
            let mut named = Error::new(error.code(), ["dynamic: ", error.message()].concat()).with("option", "dynamic");
            for (name, detail) in error.details().iter().filter(|(name, _)| *name != "option") {
                named = named.with(name, detail.clone());
            }
            named
        };
        if self.kind != Kind::Dynamic {
            return match self.dynamic {
                Value::Null => Ok(()),
                _ => Err(about(Error::new(Code::InvalidArgument, "only a pool of kind \"dynamic\" generates codes"))),
            };
        }
        let dynamic = Dynamic::from_value(self.dynamic.clone()).map_err(about)?;
        dynamic.check(self.case_sensitive).map_err(about)?;
        self.dynamic = dynamic.to_value();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::settings::Settings;

    fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
        Value::Map(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    fn pool(length: f64, more: &[(&str, Value)]) -> Result<PoolDocument> {
        let pattern = map([("length", Value::Number(length))]);
        let mut dynamic = map([("shop", "mine".to_value()), ("rule", Value::Number(77.0)), ("pattern", pattern)]);
        if let Value::Map(entries) = &mut dynamic {
            entries.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        }
        let settings = Settings { kind: Some(Kind::Dynamic), dynamic: Some(dynamic), ..Settings::default() };
        PoolDocument::create("spring", &settings, None, 0)
    }

    #[test]
    fn defaults_are_written_down_and_read_again() {
        let document = pool(10.0, &[]).unwrap();
        let dynamic = document.dynamic().unwrap().unwrap();
        assert_eq!((dynamic.rule.as_str(), dynamic.buffer, dynamic.limit), ("77", BUFFER, None));
        assert_eq!(PoolDocument::from_value(document.to_value()).unwrap().dynamic().unwrap(), Some(dynamic));
    }

    #[test]
    fn what_can_be_guessed_is_refused_or_warned_of() {
        let error = pool(8.0, &[]).unwrap_err();
        assert_eq!(error.code(), Code::PatternTooSmall);
        assert!(error.details().iter().any(|detail| *detail == ("add", 2_u64.into())), "{error:?}");
        let warnings = |pool: PoolDocument| pool.dynamic().unwrap().unwrap().warnings();
        assert!(warnings(pool(10.0, &[]).unwrap())[0].contains("2 more characters"));
        assert!(warnings(pool(12.0, &[]).unwrap()).is_empty());
        assert!(pool(8.0, &[("limit", Value::Number(10_000.0))]).is_ok(), "a limit says how many are planned");
        assert!(pool(8.0, &[("guessFloor", Value::Number(8.0))]).is_ok());
    }

    #[test]
    fn what_a_pool_cannot_keep_is_refused() {
        let error = pool(10.0, &[("expiresAfterDays", Value::Number(30.0))]).unwrap_err();
        assert!(error.message().contains("expiresAfterDays"));
        assert!(pool(10.0, &[("limit", Value::Number(0.0))]).is_err());
        let settings = Settings { kind: Some(Kind::Static), dynamic: Some(map([])), ..Settings::default() };
        assert!(PoolDocument::create("spring", &settings, None, 0).is_err());
    }
}
