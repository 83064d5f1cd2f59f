//! Settings: what callers of `create` and `edit` give, checked and turned into a document.

use super::document::{Kind, OnEmpty, PoolDocument, Reuse, Rung};
use crate::code;
use crate::error::{Code, Error, Result};
use crate::limits::{HANDLE_CHARS, LADDER_RUNGS, NAME_CHARS};
use crate::record::{FromValue, Value, expected};

/// An expiry as callers write it.
#[derive(Clone, Debug, PartialEq)]
pub enum ExpiryInput {
    /// Milliseconds since 1970, exclusive.
    Instant(f64),
    /// A date or a time in ISO form; a date alone means the end of that day in the pool's time zone.
    Text(String),
}

/// What `create` and `edit` take. A field that is absent keeps its value (or its default); `null` clears it.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// See [`PoolDocument::name`].
    pub name: Option<String>,
    /// See [`PoolDocument::kind`].
    pub kind: Option<Kind>,
    /// See [`PoolDocument::reuse`].
    pub reuse: Option<Reuse>,
    /// See [`PoolDocument::on_empty`].
    pub on_empty: Option<OnEmpty>,
    /// See [`PoolDocument::low_stock`].
    pub low_stock: Option<Vec<Rung>>,
    /// See [`PoolDocument::expires_at`].
    pub expires_at: Option<Option<ExpiryInput>>,
    /// See [`PoolDocument::min_validity`].
    pub min_validity: Option<f64>,
    /// See [`PoolDocument::time_zone`].
    pub time_zone: Option<String>,
    /// See [`PoolDocument::case_sensitive`].
    pub case_sensitive: Option<bool>,
    /// See [`PoolDocument::fixed_code`].
    pub fixed_code: Option<String>,
    /// See [`PoolDocument::dynamic`].
    pub dynamic: Option<Value>,
    /// See [`PoolDocument::archived`].
    pub archived: Option<bool>,
}

impl FromValue for ExpiryInput {
    fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::Number(at) => Ok(ExpiryInput::Instant(at)),
            Value::Text(text) => Ok(ExpiryInput::Text(text)),
            _ => Err(expected("milliseconds since 1970 or a date such as 2027-03-31")),
        }
    }
}

impl FromValue for Settings {
    fn from_value(mut value: Value) -> Result<Self> {
        let Value::Map(entries) = &value else { return Err(expected("an object")) };
        let mentions_expiry = entries.iter().any(|(name, _)| name == "expiresAt");
        Ok(Settings {
            name: value.read("name")?,
            kind: value.read("kind")?,
            reuse: value.read("reuse")?,
            on_empty: value.read("on_empty")?,
            low_stock: value.read("low_stock")?,
            expires_at: if mentions_expiry { Some(value.read("expires_at")?) } else { None },
            min_validity: value.read("min_validity")?,
            time_zone: value.read("time_zone")?,
            case_sensitive: value.read("case_sensitive")?,
            fixed_code: value.read("fixed_code")?,
            dynamic: value.read("dynamic")?,
            archived: value.read("archived")?,
        })
    }
}

/// Checks a handle: lower-case letters, digits, `-` and `_`, starting with a letter or digit.
pub fn check_handle(handle: &str) -> Result<()> {
    let ok = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    if handle.is_empty()
        || handle.len() > HANDLE_CHARS
        || !handle.bytes().next().is_some_and(ok)
        || !handle.bytes().all(|byte| ok(byte) || byte == b'-' || byte == b'_')
    {
        return Err(invalid(
            "handle",
            format!(
                "a handle is 1 to {HANDLE_CHARS} lower-case letters, digits, \"-\" or \"_\", as it stands in tags: \
                 \"{}\" is not",
                excerpt(handle)
            ),
        ));
    }
    Ok(())
}

impl PoolDocument {
    /// The document of a new pool. `expires_at` is the caller's, resolved.
    pub fn create(handle: &str, settings: &Settings, expires_at: Option<i64>, now: i64) -> Result<Self> {
        check_handle(handle)?;
        let kind = settings.kind.ok_or_else(|| {
            invalid(
                "kind",
                "a pool needs a kind: \"static\" for uploaded codes, \"dynamic\" for a shop's or \"fixed\" for one code for everybody",
            )
        })?;
        let empty = PoolDocument {
            format: 1,
            handle: handle.to_owned(),
            name: handle.to_owned(),
            kind,
            reuse: Reuse::default(),
            on_empty: OnEmpty::default(),
            low_stock: Vec::new(),
            expires_at: None,
            min_validity: 0,
            time_zone: "UTC".to_owned(),
            case_sensitive: false,
            fixed_code: None,
            dynamic: Value::Null,
            sample: None,
            archived: false,
            revision: 0,
            version: 0,
            created_at: now,
            updated_at: now,
        };
        empty.edited(settings, Some(expires_at), now)
    }

    /// The document after an edit: the next revision, and the next version if anything changed that a draw depends on.
    /// `expires_at` is the caller's, resolved, if it is to change.
    pub fn edited(&self, settings: &Settings, expires_at: Option<Option<i64>>, now: i64) -> Result<Self> {
        let mut next = self.clone();
        if let Some(name) = &settings.name {
            next.name = name.trim().to_owned();
        }
        set(&mut next.kind, &settings.kind);
        set(&mut next.reuse, &settings.reuse);
        set(&mut next.on_empty, &settings.on_empty);
        set(&mut next.low_stock, &settings.low_stock);
        set(&mut next.time_zone, &settings.time_zone);
        set(&mut next.case_sensitive, &settings.case_sensitive);
        set(&mut next.archived, &settings.archived);
        set(&mut next.dynamic, &settings.dynamic);
        set(&mut next.expires_at, &expires_at);
        if let Some(min_validity) = settings.min_validity {
            if !(0.0..=3.2e12).contains(&min_validity) {
                return Err(invalid("minValidity", "minValidity is a duration in milliseconds, from 0 to a century"));
            }
            next.min_validity = min_validity as i64;
        }
        if settings.fixed_code.is_some() {
            next.fixed_code.clone_from(&settings.fixed_code);
        } else if self.kind == Kind::Fixed && next.kind != Kind::Fixed {
            next.fixed_code = None;
        }
        if self.kind == Kind::Dynamic && next.kind != Kind::Dynamic && settings.dynamic.is_none() {
            next.dynamic = Value::Null;
        }
        next.check()?;
        #[cfg(feature = "manage")]
        next.check_dynamic()?;
        if next.draw_settings() != self.draw_settings() || self.version == 0 {
            next.version += 1;
        }
        next.revision += 1;
        next.updated_at = now;
        Ok(next)
    }

    /// Whether `next` changes what is fixed once the pool has had an upload or a draw.
    pub fn changes_foundation(&self, next: &PoolDocument) -> bool {
        (self.kind, self.reuse, self.case_sensitive) != (next.kind, next.reuse, next.case_sensitive)
    }

    fn draw_settings(&self) -> impl PartialEq + use<'_> {
        let own = (self.kind, self.reuse, &self.on_empty, self.expires_at, self.min_validity);
        (own, &self.time_zone, self.case_sensitive, &self.fixed_code, self.archived, &self.low_stock)
    }

    fn check(&self) -> Result<()> {
        if self.name.is_empty() || self.name.chars().count() > NAME_CHARS {
            return Err(invalid("name", format!("a pool's name is 1 to {NAME_CHARS} characters")));
        }
        if self.low_stock.len() > LADDER_RUNGS {
            return Err(invalid("lowStock", format!("lowStock has at most {LADDER_RUNGS} rungs")));
        }
        if let OnEmpty::Fallback(fallback) = &self.on_empty {
            check_code("onEmpty", fallback)?;
        }
        match (&self.fixed_code, self.kind) {
            (Some(fixed), Kind::Fixed) => check_code("fixedCode", fixed),
            (None, Kind::Fixed) => Err(invalid("fixedCode", "a fixed pool needs its code: fixedCode: \"HELLO10\"")),
            (Some(_), _) => Err(invalid("fixedCode", "only a pool of kind \"fixed\" has a fixedCode")),
            (None, _) => Ok(()),
        }
    }
}

/// Takes over what the caller gave.
fn set<T: Clone>(field: &mut T, given: &Option<T>) {
    if let Some(value) = given {
        field.clone_from(value);
    }
}

fn check_code(option: &'static str, text: &str) -> Result<()> {
    code::check(text)
        .map_err(|fault| invalid(option, format!("{option} is not a code ({}): {:?}", fault.as_str(), excerpt(text))))
}

fn excerpt(text: &str) -> String {
    text.chars().take(40).collect()
}

fn invalid(option: &'static str, message: impl Into<String>) -> Error {
    Error::new(Code::InvalidArgument, message).with("option", option)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(change: impl FnOnce(&mut Settings)) -> Settings {
        let mut settings = Settings { kind: Some(Kind::Static), ..Settings::default() };
        change(&mut settings);
        settings
    }

    #[test]
    fn a_rename_changes_the_revision_but_not_the_version() {
        let pool = PoolDocument::create("spring", &settings(|_| ()), None, 1).unwrap();
        assert_eq!((pool.revision, pool.version, pool.name.as_str()), (1, 1, "spring"));
        let renamed = pool.edited(&settings(|s| s.name = Some("Spring sale".into())), None, 2).unwrap();
        assert_eq!((renamed.revision, renamed.version), (2, 1));
        let omitting = renamed.edited(&settings(|s| s.on_empty = Some(OnEmpty::Omit)), None, 3).unwrap();
        assert_eq!((omitting.revision, omitting.version), (3, 2));
        assert!(!renamed.changes_foundation(&omitting));
    }

    #[test]
    fn what_cannot_be_right_is_refused_with_the_option() {
        let option = |handle: &str, change: fn(&mut Settings)| {
            let error = PoolDocument::create(handle, &settings(change), None, 1).unwrap_err();
            match error.details().first() {
                Some((_, crate::error::Detail::Text(option))) => option.clone(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(option("Spring Sale", |_| ()), "handle");
        assert_eq!(option("", |_| ()), "handle");
        assert_eq!(option("-a", |_| ()), "handle");
        assert_eq!(option("a", |s| s.kind = None), "kind");
        assert_eq!(option("a", |s| s.kind = Some(Kind::Dynamic)), "dynamic");
        assert_eq!(option("a", |s| s.kind = Some(Kind::Fixed)), "fixedCode");
        assert_eq!(option("a", |s| s.fixed_code = Some("X".into())), "fixedCode");
        assert_eq!(option("a", |s| s.name = Some("  ".into())), "name");
        assert_eq!(option("a", |s| s.min_validity = Some(-1.0)), "minValidity");
        assert_eq!(option("a", |s| s.on_empty = Some(OnEmpty::Fallback("a\nb".into()))), "onEmpty");
        assert_eq!(option("a", |s| s.low_stock = Some(vec![Rung::Count(1); 11])), "lowStock");
    }
}
