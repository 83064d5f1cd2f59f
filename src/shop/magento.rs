//! Magento 2's REST API (`Magento_SalesRule`: `CouponRepository`, `RuleRepository`).
//!
//! Codes of ours are sent one by one through `POST V1/coupons`, where a repeat is refused as a duplicate, and not
//! invented by `coupons/generate`, whose lost answers leave codes that cannot be told from the merchant's own.

use super::{Fault, Request, Response, Rule, excerpt, map};
use crate::record::{FromValue, Value};

/// How the shop says that it has a code already: as it looks before it writes (`AbstractDb::_checkUnique`, field `code`),
/// and as its database finds out when two requests write the same code at once (`AbstractDb::save`).
const DUPLICATE: [&str; 2] = ["already exist", "Unique constraint violation found"];

/// The rule's number, as users find it.
pub fn rule_id(rule: &str) -> Option<u64> {
    rule.trim().parse().ok().filter(|number| *number > 0)
}

/// Adds one code to a rule.
pub fn add(rule: u64, code: &str) -> Request {
    // Type 1 is a generated coupon; a rule with auto generation takes no others.
    let coupon = map([
        ("rule_id", Value::Number(rule as f64)),
        ("code", Value::Text(code.to_owned())),
        ("type", Value::Number(1.0)),
    ]);
    Request { method: "POST", path: "V1/coupons".to_owned(), body: map([("coupon", coupon)]) }
}

/// Whether it was added; false for a code that the shop has already.
pub fn added(response: &Response) -> Result<bool, Fault> {
    let words = message(response);
    match response.status {
        200..=299 => Ok(true),
        400..=499 if DUPLICATE.iter().any(|said| words.contains(said)) => Ok(false),
        400..=499 if words.contains("rule") && words.contains("coupons") => Err(Fault::Rule(words)),
        400..=499 if words.contains("No such entity") => Err(Fault::Rule(words)),
        _ => Err(fault(response)),
    }
}

/// Looks one code up.
pub fn lookup(code: &str) -> Request {
    let filter = "searchCriteria[filter_groups][0][filters][0]";
    let path = format!("V1/coupons/search?{filter}[field]=code&{filter}[value]={code}&{filter}[condition_type]=eq");
    Request { method: "GET", path, body: Value::Null }
}

/// The rule that has it.
pub fn read_lookup(response: &Response) -> Result<Option<u64>, Fault> {
    if !(200..300).contains(&response.status) {
        return Err(fault(response));
    }
    match response.body.clone().take("items") {
        Value::List(items) => {
            Ok(items.into_iter().next().and_then(|mut item| u64::from_value(item.take_foreign("rule_id")).ok()))
        }
        Value::Null => Ok(None),
        _ => Err(Fault::Lost(None)),
    }
}

/// Most codes in one call that looks for some of them: a line of some thousand characters, which every server takes.
pub const CODES_PER_SEARCH: usize = 50;

/// Looks for codes of a rule. Patterns have no comma and nothing that an address would have to escape.
pub fn search(rule: u64, codes: &[&str]) -> Request {
    let filter = |group: u32, field: &str, kind: &str, value: &str| {
        let name = format!("searchCriteria[filter_groups][{group}][filters][0]");
        format!("{name}[field]={field}&{name}[condition_type]={kind}&{name}[value]={value}&")
    };
    let (rule, size) = (filter(0, "rule_id", "eq", &rule.to_string()), codes.len());
    let path =
        format!("V1/coupons/search?{rule}{}searchCriteria[pageSize]={size}", filter(1, "code", "in", &codes.join(",")));
    Request { method: "GET", path, body: Value::Null }
}

/// Those of the codes asked for that the rule has, as the shop writes them. A search that answers any other code has not
/// kept to its filters, as where an extension or a proxy drops them: it tells neither what is there nor what is gone, and
/// what it answers may be the merchant's own.
pub fn read_search(response: &Response, rule: u64, asked: &[String]) -> Result<Vec<String>, Fault> {
    if !(200..300).contains(&response.status) {
        return Err(fault(response));
    }
    match response.body.clone().take("items") {
        Value::List(items) => {
            let mut found = Vec::new();
            for mut item in items {
                let Value::Text(code) = item.take_foreign("code") else { continue };
                if !asked.iter().any(|one| one.eq_ignore_ascii_case(&code)) {
                    let words = format!("the search for codes answers others, {code} among them: nothing is deleted");
                    return Err(Fault::Refused(excerpt(&words)));
                }
                if u64::from_value(item.take_foreign("rule_id")).is_ok_and(|of| of == rule) {
                    found.push(code);
                }
            }
            Ok(found)
        }
        Value::Null => Ok(Vec::new()),
        _ => Err(Fault::Lost(None)),
    }
}

/// Deletes codes, whichever rule they belong to.
pub fn delete(codes: &[String]) -> Request {
    let codes = Value::List(codes.iter().map(|code| Value::Text(code.clone())).collect());
    Request { method: "POST", path: "V1/coupons/deleteByCodes".to_owned(), body: map([("codes", codes)]) }
}

/// Says what could not be deleted as the shop's refusal. Codes that were gone before are no matter.
pub fn deleted(response: &Response) -> Result<(), Fault> {
    if !(200..300).contains(&response.status) {
        return Err(fault(response));
    }
    match response.body.clone().take_foreign("failed_items") {
        Value::List(failed) if !failed.is_empty() => {
            let first = failed.first().and_then(Value::as_text).unwrap_or_default();
            Err(Fault::Refused(format!("{} codes could not be deleted, {first} among them", failed.len())))
        }
        _ => Ok(()),
    }
}

/// Reads a rule.
pub fn rule(rule: u64) -> Request {
    Request { method: "GET", path: format!("V1/salesRules/{rule}"), body: Value::Null }
}

/// What it is, if it takes codes of ours. `Rule::ends_at` stays open: the rule's last day is a date in the shop's own
/// time zone, and Magento moves it for all its coupons when the rule is changed.
pub fn read_rule(response: &Response) -> Result<Rule, Fault> {
    if response.status == 404 {
        return Err(Fault::Rule(message(response)));
    }
    if !(200..300).contains(&response.status) {
        return Err(fault(response));
    }
    let mut rule = response.body.clone();
    if rule.take_foreign("is_active") == Value::Bool(false) {
        return Err(Fault::Rule("the cart price rule is not active".to_owned()));
    }
    if rule.take_foreign("use_auto_generation") == Value::Bool(false) {
        return Err(Fault::Rule(
            "the cart price rule does not allow auto generation: tick \"Use Auto Generation\" in it".to_owned(),
        ));
    }
    Ok(Rule { title: rule.take("name").as_text().unwrap_or_default().to_owned(), ends_at: None })
}

fn fault(response: &Response) -> Fault {
    match response.check(false) {
        Err(Fault::Refused(_)) => Fault::Refused(message(response)),
        Err(fault) => fault,
        Ok(()) => Fault::Lost(None),
    }
}

/// What the shop says, its placeholders filled in: `%1` or `%name`.
fn message(response: &Response) -> String {
    let mut body = response.body.clone();
    let Value::Text(mut text) = body.take("message") else { return response.words() };
    let fill = |text: &mut String, name: String, value: &Value| {
        let value = match value {
            Value::Text(value) => value.clone(),
            Value::Number(number) => format!("{}", *number as i64),
            _ => return,
        };
        *text = text.replace(&format!("%{name}"), &value);
    };
    match body.take("parameters") {
        // The last first: %1 is the beginning of %10.
        Value::List(values) => {
            values.iter().enumerate().rev().for_each(|(at, value)| fill(&mut text, (at + 1).to_string(), value))
        }
        Value::Map(values) => values.iter().for_each(|(name, value)| fill(&mut text, name.clone(), value)),
        _ => {}
    }
    excerpt(&text)
}
