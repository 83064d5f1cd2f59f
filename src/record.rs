//! Records: documents, steps and reports as plain JSON values, in both directions.
//!
//! Everything that crosses the boundary at send time goes through one [`Value`]; serde's machinery, compiled once for
//! each type, would make the part of the core that runs there twice as large.

use crate::error::{Code, Error, Result};

/// A JSON value.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `null`, and what is not there.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// An object, its entries in order.
    Map(Vec<(String, Value)>),
}

/// What can be written as a value.
pub trait ToValue {
    /// The value.
    fn to_value(&self) -> Value;
}

/// What can be read from a value.
pub trait FromValue: Sized {
    /// Reads a value; the error says what was expected.
    fn from_value(value: Value) -> Result<Self>;
}

/// The error for a value of the wrong kind.
#[cold]
pub fn expected(what: &str) -> Error {
    Error::new(Code::InvalidArgument, ["expected ", what].concat())
}

impl Value {
    /// Takes an entry of an object out, `Null` if it is not there. Names in the core are snake_case, outside camelCase.
    pub fn take(&mut self, name: &str) -> Value {
        match self {
            Value::Map(entries) => {
                let entry = entries.iter_mut().find(|(key, _)| is_camel_of(key, name));
                entry.map(|(_, value)| std::mem::take(value)).unwrap_or_default()
            }
            _ => Value::Null,
        }
    }

    /// Takes an entry of somebody else's object out, whose names are as they are; `Null` if it is not there.
    #[cfg(feature = "manage")]
    pub fn take_foreign(&mut self, name: &str) -> Value {
        match self {
            Value::Map(entries) => {
                let entry = entries.iter_mut().find(|(key, _)| key == name);
                entry.map(|(_, value)| std::mem::take(value)).unwrap_or_default()
            }
            _ => Value::Null,
        }
    }

    /// Takes an entry out and reads it; the error names it.
    pub fn read<T: FromValue>(&mut self, name: &str) -> Result<T> {
        T::from_value(self.take(name)).map_err(|error| {
            let name = camel(name);
            Error::new(error.code(), [&name, ": ", error.message()].concat()).with("option", name)
        })
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// `expires_at` as `expiresAt`.
pub fn camel(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    let mut upper = false;
    for character in name.chars() {
        match character {
            '_' => upper = true,
            _ if upper => {
                text.push(character.to_ascii_uppercase());
                upper = false;
            }
            _ => text.push(character),
        }
    }
    text
}

fn is_camel_of(camel: &str, name: &str) -> bool {
    let mut rest = name.bytes();
    camel.bytes().all(|byte| match rest.next() {
        Some(b'_') => rest.next().is_some_and(|next| next.to_ascii_uppercase() == byte),
        Some(next) => next == byte,
        None => false,
    }) && rest.next().is_none()
}

/// Makes a struct a record: its fields, by their names, in both directions, or with `to` in one.
macro_rules! record {
    (to $name:ident { $($field:ident),* $(,)? }) => {
        impl $crate::record::ToValue for $name {
            fn to_value(&self) -> $crate::record::Value {
                $crate::record::Value::Map(vec![
                    $(($crate::record::camel(stringify!($field)), $crate::record::ToValue::to_value(&self.$field)),)*
                ])
            }
        }
    };
    ($name:ident { $($field:ident),* $(,)? }) => {
        $crate::record::record!(to $name { $($field),* });

        impl $crate::record::FromValue for $name {
            fn from_value(mut value: $crate::record::Value) -> $crate::error::Result<Self> {
                if !matches!(value, $crate::record::Value::Map(_)) {
                    return Err($crate::record::expected("an object"));
                }
                Ok($name { $($field: value.read(stringify!($field))?,)* })
            }
        }
    };
}

/// Makes an enum of words a value: each variant by its word.
macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal),* $(,)? }) => {
        impl $crate::record::ToValue for $name {
            fn to_value(&self) -> $crate::record::Value {
                $crate::record::Value::Text(match self { $($name::$variant => $word,)* }.to_owned())
            }
        }

        impl $crate::record::FromValue for $name {
            fn from_value(value: $crate::record::Value) -> $crate::error::Result<Self> {
                match value.as_text() {
                    $(Some($word) => Ok($name::$variant),)*
                    _ => Err($crate::record::expected(concat!("one of", $(" \"", $word, "\""),*))),
                }
            }
        }
    };
}

pub(crate) use {record, words};

impl ToValue for Value {
    fn to_value(&self) -> Value {
        self.clone()
    }
}

impl FromValue for Value {
    fn from_value(value: Value) -> Result<Self> {
        Ok(value)
    }
}

impl ToValue for bool {
    fn to_value(&self) -> Value {
        Value::Bool(*self)
    }
}

impl FromValue for bool {
    fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::Bool(is) => Ok(is),
            _ => Err(expected("true or false")),
        }
    }
}

impl ToValue for f64 {
    fn to_value(&self) -> Value {
        Value::Number(*self)
    }
}

impl FromValue for f64 {
    fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::Number(number) => Ok(number),
            _ => Err(expected("a number")),
        }
    }
}

/// Whole numbers, as far as JavaScript's are exact.
macro_rules! whole {
    ($($number:ty),*) => { $(
        impl ToValue for $number {
            fn to_value(&self) -> Value {
                Value::Number(*self as f64)
            }
        }

        impl FromValue for $number {
            fn from_value(value: Value) -> Result<Self> {
                let number = f64::from_value(value)?;
                let whole = number as $number;
                if whole as f64 == number && number.abs() <= 9_007_199_254_740_991.0 {
                    Ok(whole)
                } else {
                    Err(expected("a whole number"))
                }
            }
        }
    )* };
}

whole!(u8, u16, u32, u64, i64, usize);

impl ToValue for str {
    fn to_value(&self) -> Value {
        Value::Text(self.to_owned())
    }
}

impl ToValue for String {
    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }
}

impl FromValue for String {
    fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::Text(text) => Ok(text),
            _ => Err(expected("a text")),
        }
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_value)
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::Null => Ok(None),
            value => T::from_value(value).map(Some),
        }
    }
}

impl<T: ToValue> ToValue for Vec<T> {
    fn to_value(&self) -> Value {
        Value::List(self.iter().map(T::to_value).collect())
    }
}

impl<T: FromValue> FromValue for Vec<T> {
    fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::List(values) => values.into_iter().map(T::from_value).collect(),
            // A list that is left out is empty.
            Value::Null => Ok(Vec::new()),
            _ => Err(expected("a list")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Pool {
        handle: String,
        expires_at: Option<i64>,
        rungs: Vec<u32>,
    }
    record!(Pool { handle, expires_at, rungs });

    #[test]
    fn records_are_objects_with_names_in_camel_case() {
        let pool = Pool { handle: "spring".to_owned(), expires_at: Some(5), rungs: vec![1, 2] };
        let mut value = pool.to_value();
        assert_eq!(Pool::from_value(value.clone()), Ok(pool));
        assert_eq!(value.take("expires_at"), Value::Number(5.0));
        let Value::Map(entries) = &value else { panic!("{value:?}") };
        assert_eq!(entries[1].0, "expiresAt");
    }

    #[test]
    fn a_wrong_value_is_named() {
        let value = Value::Map(vec![("handle".to_owned(), Value::Number(1.5))]);
        let error = Pool::from_value(value).unwrap_err();
        assert_eq!(error.message(), "handle: expected a text");
        assert_eq!(u32::from_value(Value::Number(1.5)), Err(expected("a whole number")));
        assert_eq!(u32::from_value(Value::Number(-1.0)), Err(expected("a whole number")));
    }

    #[test]
    fn names_are_the_same_only_as_a_whole() {
        assert!(is_camel_of("expiresAt", "expires_at"));
        assert!(!is_camel_of("expiresA", "expires_at"));
        assert!(!is_camel_of("expiresAtt", "expires_at"));
        assert!(!is_camel_of("expires_at", "expires_at"));
    }
}
