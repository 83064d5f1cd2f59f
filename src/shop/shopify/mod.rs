//! Shopify's GraphQL Admin API, versions 2025-10 to 2026-10 (schema of `@shopify/dev-mcp` 1.16.0).
//!
//! Codes of ours are added to the merchant's discount by `discountRedeemCodeBulkAdd`, which starts a job; the job is
//! asked after by scalars, which cost a point each, and codes that failed are looked up one by one: one that stands on
//! our discount was added by a call whose answer was lost, one on another discount is somebody else's.

pub mod queries;

use super::{Fault, Request, Response, Rule, excerpt, map};
use crate::import::dates::{Expiry, parse_iso};
use crate::record::{FromValue, Value};

/// Most codes in one call (100 in versions before 2025-10).
pub const CODES_PER_CALL: u32 = 250;
/// Points that adding codes costs, whatever their number: a mutation (Shopify's published rule).
pub const ADD_COST: f64 = 10.0;
/// Points that reading the rule costs: two objects.
pub const RULE_COST: f64 = 2.0;
/// Points that a job or a code looked up costs: an object.
pub const OBJECT_COST: f64 = 1.0;
/// Points that the failures of one job cost, about: a connection of 250.
pub const FAILURES_COST: f64 = 260.0;

/// How many codes a search for one code may answer: it also finds codes that hold the one that is looked for.
pub const FOUND_CODES: u32 = 3;
/// Points that looking up one code's id costs: two objects, and a connection.
pub const CODE_ID_COST: f64 = 3.0 + FOUND_CODES as f64;

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Not done yet.
    Running,
    /// Done, and every code was added.
    Added,
    /// Done, and some codes were not, or the job is not known.
    Failed,
}

/// Points, as the shop reports them with every answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThrottleStatus {
    /// The bucket's size.
    pub maximum: f64,
    /// What is in it.
    pub available: f64,
    /// Points a second that come back.
    pub restore_rate: f64,
}

/// The id of a discount, as users find it: the number at the end of the admin's address, or a `gid://`.
pub fn discount_id(rule: &str) -> Option<String> {
    let number = rule.trim().rsplit('/').next().unwrap_or_default();
    let fits = !number.is_empty() && number.len() <= 20 && number.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| format!("gid://shopify/DiscountCodeNode/{number}"))
}

/// Adds codes to a discount.
pub fn add<'a>(discount: &str, codes: impl Iterator<Item = &'a str>) -> Request {
    let codes = codes.map(|code| map([("code", Value::Text(code.to_owned()))])).collect();
    query(queries::ADD_CODES.to_owned(), map([("id", Value::Text(discount.to_owned())), ("codes", Value::List(codes))]))
}

/// The job that adds them, and how far it is.
pub fn added(response: &Response) -> Result<(String, Job), Fault> {
    let mut payload = data(response)?.take("discountRedeemCodeBulkAdd");
    if let Value::List(errors) = payload.take("userErrors")
        && let Some(error) = errors.into_iter().next()
    {
        return Err(user_error(error));
    }
    let mut job = payload.take("bulkCreation");
    match job.take("id") {
        Value::Text(id) => Ok((id, progress(job))),
        _ => Err(Fault::Lost(None)),
    }
}

/// Asks after jobs.
pub fn jobs(ids: &[&str]) -> Request {
    query(queries::jobs(ids.len()), numbered('j', ids.iter().copied()))
}

/// How far they are, in order.
pub fn read_jobs(response: &Response, count: usize) -> Result<Vec<Job>, Fault> {
    let mut found = data(response)?;
    Ok((0..count).map(|at| progress(found.take_foreign(&format!("j{at}")))).collect())
}

/// Looks codes up.
pub fn lookup(codes: &[&str]) -> Request {
    query(queries::lookup(codes.len()), numbered('c', codes.iter().copied()))
}

/// On which discounts they are, in order; none for codes that the shop does not have.
pub fn read_lookup(response: &Response, count: usize) -> Result<Vec<Option<String>>, Fault> {
    let mut found = data(response)?;
    let place = |mut node: Value| node.take("id").as_text().and_then(discount_id);
    Ok((0..count).map(|at| place(found.take_foreign(&format!("c{at}")))).collect())
}

/// Asks why codes of a job failed.
pub fn failures(job: &str) -> Request {
    query(queries::FAILURES.to_owned(), map([("id", Value::Text(job.to_owned()))]))
}

/// Why the first code failed that was not simply taken.
pub fn read_failures(response: &Response) -> Result<Option<String>, Fault> {
    let mut codes = data(response)?.take("discountRedeemCodeBulkCreation").take("codes");
    let nodes = Vec::<Value>::from_value(codes.take("nodes")).unwrap_or_default();
    let mut messages = nodes.into_iter().flat_map(|mut node| match node.take("errors") {
        Value::List(errors) => errors,
        _ => Vec::new(),
    });
    Ok(messages.find_map(|mut error| {
        let message = error.take("message");
        message.as_text().filter(|text| !text.contains("must be unique")).map(excerpt)
    }))
}

/// Looks up the ids of codes.
pub fn code_ids(codes: &[&str]) -> Request {
    let mut variables = numbered('c', codes.iter().copied());
    if let Value::Map(variables) = &mut variables {
        let search = |(at, code): (usize, &&str)| (format!("q{at}"), Value::Text((*code).to_owned()));
        variables.extend(codes.iter().enumerate().map(search));
    }
    query(queries::code_ids(codes.len()), variables)
}

/// The ids of those codes that are on this discount; `None` for one that is there and that the search did not find.
pub fn read_code_ids(response: &Response, discount: &str, codes: &[&str]) -> Result<Vec<Option<String>>, Fault> {
    let mut found = data(response)?;
    let mut ids = Vec::new();
    for (at, code) in codes.iter().enumerate() {
        let mut node = found.take_foreign(&format!("c{at}"));
        if node.take("id").as_text().and_then(discount_id).is_none_or(|place| place != discount) {
            continue;
        }
        let nodes = node.take("codeDiscount").take("codes").take("nodes");
        let mut nodes = Vec::<Value>::from_value(nodes).unwrap_or_default();
        // Searches resemble; what is deleted has to be the same.
        let same = |node: &mut Value| node.take("code").as_text().is_some_and(|text| text.eq_ignore_ascii_case(code));
        let same = nodes.iter_mut().find_map(|node| same(node).then(|| node.take("id")));
        ids.push(same.and_then(|id| id.as_text().map(str::to_owned)));
    }
    Ok(ids)
}

/// Deletes codes of a discount by their ids.
pub fn delete(discount: &str, ids: &[String]) -> Request {
    let ids = ids.iter().map(|id| Value::Text(id.clone())).collect();
    query(queries::DELETE_CODES.to_owned(), map([("id", Value::Text(discount.to_owned())), ("ids", Value::List(ids))]))
}

/// The job that deletes them; none if it is done already.
pub fn deleted(response: &Response) -> Result<Option<String>, Fault> {
    let mut payload = data(response)?.take("discountCodeRedeemCodeBulkDelete");
    if let Value::List(errors) = payload.take("userErrors")
        && let Some(error) = errors.into_iter().next()
    {
        return Err(user_error(error));
    }
    let mut job = payload.take("job");
    match (job.take("id"), job.take("done")) {
        (Value::Text(_), Value::Bool(true)) => Ok(None),
        (Value::Text(id), _) => Ok(Some(id)),
        _ => Err(Fault::Lost(None)),
    }
}

/// Asks how far a job is that deletes codes.
pub fn deletion(job: &str) -> Request {
    query(queries::DELETION.to_owned(), map([("id", Value::Text(job.to_owned()))]))
}

/// Whether it is done, or not known any more.
pub fn read_deletion(response: &Response) -> Result<bool, Fault> {
    Ok(data(response)?.take("job").take("done") != Value::Bool(false))
}

/// Reads a discount.
pub fn rule(discount: &str) -> Request {
    query(queries::RULE.to_owned(), map([("id", Value::Text(discount.to_owned()))]))
}

/// What it is, if codes can be added to it that a shopper can use.
pub fn read_rule(response: &Response) -> Result<Rule, Fault> {
    let mut discount = data(response)?.take("discountNode").take("discount");
    let kind = discount.take_foreign("__typename");
    let Some(kind) = kind.as_text() else {
        return Err(Fault::Rule(
            "the shop has no such discount: check the rule's number and the scope read_discounts".to_owned(),
        ));
    };
    if !kind.starts_with("DiscountCode") {
        return Err(Fault::Rule(format!("{kind} is an automatic discount, which has no codes: make a code discount")));
    }
    let ends_at = discount.take("endsAt").as_text().and_then(instant);
    if discount.take("status").as_text() == Some("EXPIRED") {
        return Err(Fault::Rule(
            "the discount has ended: give it a later end date, or the pool another rule".to_owned(),
        ));
    }
    let title = discount.take("title").as_text().unwrap_or_default().to_owned();
    Ok(Rule { title, ends_at })
}

/// What the shop reports about its throttle.
pub fn throttle(response: &Response) -> Option<ThrottleStatus> {
    let mut body = response.body.clone();
    let mut extensions = body.take("extensions");
    let mut cost = extensions.take("cost");
    if cost == Value::Null
        && let Value::List(errors) = body.take("errors")
    {
        // A request that was turned away has it in its error.
        cost = errors
            .into_iter()
            .map(|mut error| error.take("extensions").take("cost"))
            .find(|cost| *cost != Value::Null)?;
    }
    let mut status = cost.take("throttleStatus");
    let mut number = |name: &str| status.read::<f64>(name).ok().filter(|number| number.is_finite());
    Some(ThrottleStatus {
        maximum: number("maximum_available")?,
        available: number("currently_available")?,
        restore_rate: number("restore_rate")?.max(1.0),
    })
}

fn query(text: String, variables: Value) -> Request {
    let body = map([("query", Value::Text(text)), ("variables", variables)]);
    Request { method: "POST", path: "graphql.json".to_owned(), body }
}

fn numbered<'a>(letter: char, texts: impl Iterator<Item = &'a str>) -> Value {
    Value::Map(texts.enumerate().map(|(at, text)| (format!("{letter}{at}"), Value::Text(text.to_owned()))).collect())
}

/// The data of an answer. Shopify answers errors of a request with HTTP 200.
fn data(response: &Response) -> Result<Value, Fault> {
    let mut body = response.body.clone();
    if let Value::List(errors) = body.take("errors")
        && let Some(mut error) = errors.into_iter().next()
    {
        let mut extensions = error.take("extensions");
        return match extensions.take("code").as_text() {
            Some("THROTTLED") => Err(Fault::Later(until_restored(response))),
            Some("INTERNAL_SERVER_ERROR" | "TIMEOUT") => Err(Fault::Lost(None)),
            _ => Err(Fault::Refused(excerpt(error.take("message").as_text().unwrap_or_default()))),
        };
    }
    response.check(false)?;
    match body.take("data") {
        data @ Value::Map(_) => Ok(data),
        _ => Err(Fault::Lost(None)),
    }
}

/// How long until a request that was turned away would fit: its cost is in the error.
fn until_restored(response: &Response) -> i64 {
    let asked = match response.body.clone().take("errors") {
        Value::List(errors) => errors
            .into_iter()
            .find_map(|mut error| error.take("extensions").take("cost").read::<f64>("requested_query_cost").ok()),
        _ => None,
    };
    match (throttle(response), asked) {
        (Some(status), Some(asked)) => {
            ((asked - status.available).max(0.0) * 1_000.0 / status.restore_rate).ceil() as i64
        }
        _ => response.pause(),
    }
}

fn user_error(mut error: Value) -> Fault {
    let field = Vec::<String>::from_value(error.take("field")).unwrap_or_default();
    let words = excerpt(error.take("message").as_text().unwrap_or_default());
    if field.first().is_some_and(|field| field == "discountId") { Fault::Rule(words) } else { Fault::Refused(words) }
}

fn progress(mut job: Value) -> Job {
    match (job.take("done"), job.take("failedCount")) {
        (Value::Bool(false), _) => Job::Running,
        (Value::Bool(true), Value::Number(0.0)) => Job::Added,
        _ => Job::Failed,
    }
}

fn instant(text: &str) -> Option<i64> {
    match parse_iso(text)? {
        Expiry::Instant(at) => Some(at),
        Expiry::Local(_) => None,
    }
}
