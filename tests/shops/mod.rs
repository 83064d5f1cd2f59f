//! Shops that answer as the real ones do (DESIGN's facts about them), on virtual time and in memory.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::panic)]

pub mod magento;
pub mod shopify;

use coupon_pools::record::Value;

/// An object.
pub fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Map(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

pub fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// An entry of an object, `Null` if it is not there.
pub fn entry(value: &Value, name: &str) -> Value {
    match value {
        Value::Map(entries) => {
            entries.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap_or_default()
        }
        _ => Value::Null,
    }
}

pub fn text_of(value: &Value, name: &str) -> String {
    entry(value, name).as_text().unwrap_or_default().to_owned()
}
