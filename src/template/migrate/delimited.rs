//! Vendors whose coupon is one tag.
//!
//! - Klaviyo: `{% coupon_code 'CouponName' %}`, the name of letters, digits and underscores: "How to set up coupons (for
//!   Magento 1.x)" and "Guide to using coupon codes", help.klaviyo.com articles 115005246547 and 115005084727. Templates
//!   are Django's, with its `comment` and `verbatim`.
//! - Braze: `{% promotion('spring25') %}`: "Promotion codes",
//!   braze.com/docs/user_guide/personalization_and_dynamic_content/promotion_codes. Templates are Liquid, with its
//!   `comment` and `raw`.
//! - Emarsys: `$voucher$`: "Put a Voucher into the Email", use case in Emarsys' API documentation. Voucher tokens of its
//!   scripting language, `{{ … }}` (esl.emarsys.com, "Tokens"), are made on a screen and do not say which pool they mean
//!   in a documented form, so they are rewritten only where the caller names them.

use super::super::tag;
use super::handles::Handles;
use super::{Action, Finding};

const TRIMS: &str =
    "white space control ({%- … -%}) is not supported by our tags; remove the hyphens and the white space yourself";

pub(super) fn klaviyo(text: &str) -> Vec<Finding> {
    tags(text, "coupon_code", &["comment", "verbatim"], |arguments| literal(arguments.trim())).unwrap_as(
        "the coupon's name is not written in quotes alone; write the tag of ours for each coupon that it can be",
    )
}

pub(super) fn braze(text: &str) -> Vec<Finding> {
    tags(text, "promotion", &["comment", "raw"], |arguments| {
        literal(arguments.trim().strip_prefix('(')?.strip_suffix(')')?.trim())
    })
    .unwrap_as("the list's snippet is not written in quotes alone; write the tag of ours for each list that it can be")
}

/// Tags of one name; none for what an argument does not say for certain.
struct Tags(Vec<(Finding, bool)>);

impl Tags {
    fn unwrap_as(self, advice: &'static str) -> Vec<Finding> {
        let advised = |(mut finding, unclear): (Finding, bool)| {
            if unclear {
                finding.action = Action::Leave(advice);
            }
            finding
        };
        self.0.into_iter().map(advised).collect()
    }
}

fn tags(text: &str, wanted: &str, quiet: &[&str], read: impl Fn(&str) -> Option<(String, char)>) -> Tags {
    let mut findings = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find("{%").map(|found| at + found) {
        let inside = &text[start + 2..];
        let Some(length) = inside.find("%}") else { break };
        at = start + 2 + length + 2;
        let (name, trims) = tag::name(inside);
        if quiet.contains(&name) {
            // What stands in such a block is text to the vendor.
            at = end_of_block(text, at, name);
        } else if name == wanted {
            let after = inside[..length].find(name).map_or(length, |found| found + name.len());
            let arguments = &inside[after..length];
            let (action, unclear) = match read(arguments) {
                _ if trims || arguments.ends_with('-') => (Action::Leave(TRIMS), false),
                Some((name, quote)) => (Action::Coupon { name, fallback: None, quote }, false),
                None => (Action::Leave(""), true),
            };
            findings.push((Finding { span: start..at, action }, unclear));
        }
    }
    Tags(findings)
}

fn end_of_block(text: &str, from: usize, name: &str) -> usize {
    let mut at = from;
    while let Some(start) = text[at..].find("{%").map(|found| at + found) {
        at = start + 2;
        if tag::name(&text[at..]).0.strip_prefix("end") == Some(name) {
            return text[at..].find("%}").map_or(text.len(), |end| at + end + 2);
        }
    }
    text.len()
}

/// A text in quotes and nothing else, and which quotes; editors write them as references in attributes.
fn literal(text: &str) -> Option<(String, char)> {
    for (quote, written) in
        [("\"", '"'), ("'", '\''), ("&quot;", '"'), ("&#34;", '"'), ("&#39;", '\''), ("&apos;", '\''), ("&#x27;", '\'')]
    {
        if let Some(inside) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            let plain = !inside.is_empty() && !inside.contains(quote) && !inside.contains(['"', '\'', '&', '<', '>']);
            // In an attribute, where quotes were references, the other kind is the one that fits.
            let fits = if quote.len() > 1 && written == '"' { '\'' } else { written };
            return plain.then(|| (inside.to_owned(), fits));
        }
    }
    None
}

pub(super) fn emarsys(text: &str, handles: &Handles) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find(['$', '{']).map(|found| at + found) {
        let (open, close, longest) = if text[start..].starts_with('$') { ("$", "$", 64) } else { ("{{", "}}", 500) };
        let inside = text[start..].strip_prefix(open).and_then(|rest| {
            let inside = &rest[..rest.find(close)?];
            (inside.chars().count() <= longest && !inside.contains('\n')).then_some(inside)
        });
        at = start + 1;
        let Some(inside) = inside else { continue };
        let span = start..start + open.len() + inside.len() + close.len();
        let name = inside.trim();
        let word = open == "$" && inside.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
        let action = if handles.knows(name) || (open == "$" && name == "voucher") {
            // Single quotes fit into the attributes that mails have.
            Action::Coupon { name: name.to_owned(), fallback: None, quote: '\'' }
        } else if name.to_ascii_lowercase().contains("voucher") && (word || open == "{{") {
            Action::Leave(
                "this may be a voucher, and does not say of which pool; name it: handles: { \"what stands inside\": \"a-handle\" }",
            )
        } else {
            continue;
        };
        at = span.end;
        findings.push(Finding { span, action });
    }
    findings
}
