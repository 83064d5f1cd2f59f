//! Other vendors' coupon tags, rewritten into ours.
//!
//! Only what a vendor documents, or shows in its documentation, is rewritten, and only where it must mean the same
//! here. Everything else stays byte for byte; what looks like a coupon and was left is told with line, column and what
//! to do. Each vendor's file names the pages that its syntax is from.
//!
//! A vendor's name of a pool becomes a handle by one rule: ASCII letters in lower case; every run of other characters
//! than letters, digits, `-` and `_` one `-`, none at the ends; cut to 64; `pool` if nothing is left; `-2`, `-3`, …
//! where another name became that handle already.

mod ampscript;
mod delimited;
mod handles;
mod program;

use std::ops::Range;

use crate::code;
use crate::error::{Code, Error, Result};
use crate::limits::TEMPLATE_BYTES;
use crate::record::record;

use super::Source;
use super::place::Cursor;
use handles::Handles;

/// Whose tags a template has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Vendor {
    /// `{% coupon_code 'Name' %}`.
    Klaviyo,
    /// `{% promotion('snippet') %}`.
    Braze,
    /// `$voucher$`, and tokens that the caller names.
    Emarsys,
    /// AMPscript: `ClaimRow` and `ClaimRowValue`.
    Salesforce,
}

/// A tag that was rewritten. `line` and `column` count from 1, in the template as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which part of the mail.
    pub part: String,
    /// The line.
    pub line: u32,
    /// The column, in characters.
    pub column: u32,
    /// What stood there.
    pub from: String,
    /// What stands there now; empty for a block that only claimed a code.
    pub to: String,
}

/// Something that was left as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Which part of the mail.
    pub part: String,
    /// The line.
    pub line: u32,
    /// The column, in characters.
    pub column: u32,
    /// What stands there.
    pub text: String,
    /// Why, and what to do.
    pub advice: String,
}

/// A pool that the rewritten tags draw from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolName {
    /// Its name at the vendor.
    pub name: String,
    /// Its handle in our tags.
    pub handle: String,
}

record!(to Change { part, line, column, from, to });
record!(to Left { part, line, column, text, advice });
record!(to PoolName { name, handle });

/// What became of a template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Migration {
    /// The texts, aligned with the sources.
    pub texts: Vec<String>,
    /// What was rewritten, in order.
    pub changes: Vec<Change>,
    /// What was left, in order.
    pub left: Vec<Left>,
    /// The pools, in the order of their first tag.
    pub pools: Vec<PoolName>,
}

/// One place that a vendor's reader found.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    span: Range<usize>,
    action: Action,
}

#[derive(Debug, PartialEq, Eq)]
enum Action {
    /// Shows a code of the pool of this name.
    Coupon { name: String, fallback: Option<String>, quote: char },
    /// Only claimed a code, which is drawn where it is shown now.
    Remove,
    /// Cannot be rewritten, for this reason.
    Leave(&'static str),
}

impl Vendor {
    /// The vendor of this name, as the public face has it.
    pub fn named(name: &str) -> Option<Vendor> {
        Some(match name {
            "klaviyo" => Vendor::Klaviyo,
            "braze" => Vendor::Braze,
            "emarsys" => Vendor::Emarsys,
            "salesforce" => Vendor::Salesforce,
            _ => return None,
        })
    }
}

/// Rewrites a vendor's coupon tags. `handles` says which handle a name of the vendor's is to get, where the rule's is
/// not wanted. Errors: `TEMPLATE_TOO_LARGE`, `INVALID_ARGUMENT` for a handle that is none. Cost: a few passes.
pub fn migrate(sources: &[Source<'_>], vendor: Vendor, handles: &[(String, String)]) -> Result<Migration> {
    let bytes: usize = sources.iter().map(|source| source.text.len()).sum();
    if bytes > TEMPLATE_BYTES {
        let text = format!("the template has {bytes} bytes; at most {TEMPLATE_BYTES} are read");
        return Err(Error::new(Code::TemplateTooLarge, text).with("bytes", bytes));
    }
    let mut handles = Handles::new(handles)?;
    let mut migration = Migration::default();
    for source in sources {
        let findings = match vendor {
            Vendor::Klaviyo => delimited::klaviyo(source.text),
            Vendor::Braze => delimited::braze(source.text),
            Vendor::Emarsys => delimited::emarsys(source.text, &handles),
            Vendor::Salesforce => ampscript::read(source.text),
        };
        let text = rewrite(source, findings, &mut handles, &mut migration);
        migration.texts.push(text);
    }
    migration.pools = handles.used();
    Ok(migration)
}

fn rewrite(source: &Source<'_>, findings: Vec<Finding>, handles: &mut Handles, migration: &mut Migration) -> String {
    let mut cursor = Cursor::new(source.part, source.text);
    let mut text = String::with_capacity(source.text.len());
    let mut kept = 0;
    for Finding { span, action } in findings {
        let spot = cursor.at(span.start);
        let (line, column, part) = (spot.line, spot.column, source.part.as_str().to_owned());
        let from = source.text[span.clone()].to_owned();
        let to = match action {
            Action::Coupon { name, fallback, quote } => tag(&name, fallback, quote, handles),
            Action::Remove => Ok(String::new()),
            Action::Leave(advice) => Err(advice),
        };
        match to {
            Ok(to) => {
                text.push_str(&source.text[kept..span.start]);
                text.push_str(&to);
                kept = span.end;
                migration.changes.push(Change { part, line, column, from, to });
            }
            Err(advice) => {
                migration.left.push(Left { part, line, column, text: from, advice: advice.to_owned() });
            }
        }
    }
    text.push_str(&source.text[kept..]);
    text
}

/// Our tag, in the quotes that the vendor's had: the author knew which fit into the attribute around it.
fn tag(
    name: &str,
    fallback: Option<String>,
    quote: char,
    handles: &mut Handles,
) -> std::result::Result<String, &'static str> {
    let fallback = match fallback.filter(|text| !text.is_empty()) {
        None => String::new(),
        Some(text) if text.contains(quote) || code::check(&text).is_err() => {
            return Err(
                "its default cannot be a fallback of ours (it holds quotes, line breaks or more than 255 characters); shorten it, or set the pool's onEmpty",
            );
        }
        Some(text) => format!(", fallback: {quote}{text}{quote}"),
    };
    Ok(format!("{{% coupon {quote}{}{quote}{fallback} %}}", handles.of(name)))
}
