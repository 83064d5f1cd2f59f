//! A shop that answers as Shopify's GraphQL Admin API does to the requests that the module sends: jobs that take their
//! time, codes unique without case across the shop, errors by code, costs and a throttle.

use std::collections::{BTreeMap, BTreeSet};

use coupon_pools::record::Value;
use coupon_pools::shop::shopify::queries;
use coupon_pools::shop::{Request, Response};

use super::{entry, map, text, text_of};

/// One shop.
#[derive(Clone, Debug)]
pub struct Shopify {
    /// By id.
    pub discounts: BTreeMap<String, Discount>,
    /// The discount of each code, by the code in upper case.
    pub codes: BTreeMap<String, String>,
    jobs: Vec<Job>,
    /// Codes to be deleted, and when.
    deletions: Vec<(i64, Vec<String>)>,
    /// Codes that were deleted and have not come again.
    pub deleted: BTreeSet<String>,
    /// Codes that were deleted and came again, by a call that was long under way.
    pub came_again: BTreeSet<String>,
    maximum: f64,
    rate: f64,
    level: f64,
    seen: i64,
    /// How long a job takes.
    pub job_ms: i64,
    /// What a job says of every code from now on, if it adds none.
    pub refuses: Option<String>,
    /// Points of everything that was not turned away.
    pub spent: f64,
    pub throttled: u64,
    /// Answers by the name of their operation.
    pub answered: BTreeMap<String, u64>,
}

#[derive(Clone, Debug, Default)]
pub struct Discount {
    pub title: String,
    pub ended: bool,
    pub ends_at: Option<String>,
}

#[derive(Clone, Debug)]
struct Job {
    discount: String,
    codes: Vec<String>,
    done_at: i64,
    /// For each code why it failed, once the job is done.
    outcome: Option<Vec<Option<String>>>,
}

impl Shopify {
    /// A shop with one discount, number 1, and so many points a second.
    pub fn new(rate: f64, now: i64) -> Self {
        let discount = Discount { title: "Spring".to_owned(), ..Discount::default() };
        Shopify {
            discounts: [("gid://shopify/DiscountCodeNode/1".to_owned(), discount)].into(),
            codes: BTreeMap::new(),
            jobs: Vec::new(),
            deletions: Vec::new(),
            deleted: BTreeSet::new(),
            came_again: BTreeSet::new(),
            maximum: rate * 20.0,
            rate,
            level: rate * 20.0,
            seen: now,
            job_ms: 1_500,
            refuses: None,
            spent: 0.0,
            throttled: 0,
            answered: BTreeMap::new(),
        }
    }

    /// Finishes jobs whose time has come, in the order of their ends.
    pub fn work(&mut self, now: i64) {
        for (_, codes) in self.deletions.iter_mut().filter(|(at, _)| *at <= now) {
            for code in codes.drain(..) {
                self.codes.remove(&code);
                self.came_again.remove(&code);
                self.deleted.insert(code);
            }
        }
        loop {
            let due = self.jobs.iter().enumerate().filter(|(_, job)| job.outcome.is_none() && job.done_at <= now);
            let Some(at) = due.min_by_key(|(_, job)| job.done_at).map(|(at, _)| at) else { return };
            let Job { discount, codes, .. } = self.jobs[at].clone();
            let mut seen = BTreeSet::new();
            let outcome = codes.iter().map(|code| {
                let key = code.to_uppercase();
                if !seen.insert(key.clone()) {
                    return Some("Codes must be unique within BulkDiscountCodeCreation".to_owned());
                }
                if let Some(why) = &self.refuses {
                    return Some(why.clone());
                }
                if self.codes.contains_key(&key) {
                    return Some("must be unique. Please try a different code.".to_owned());
                }
                if self.deleted.remove(&key) {
                    self.came_again.insert(key.clone());
                }
                self.codes.insert(key, discount.clone());
                None
            });
            self.jobs[at].outcome = Some(outcome.collect());
        }
    }

    /// Answers a request.
    pub fn answer(&mut self, request: &Request, now: i64) -> Response {
        assert_eq!((request.method, request.path.as_str()), ("POST", "graphql.json"));
        self.work(now);
        self.level = (self.level + (now - self.seen).max(0) as f64 * self.rate / 1_000.0).min(self.maximum);
        self.seen = self.seen.max(now);
        let query = text_of(&request.body, "query");
        let variables = entry(&request.body, "variables");
        let operation = query.split([' ', '(']).nth(1).unwrap().to_owned();
        let count = match &variables {
            Value::Map(entries) => entries.len(),
            _ => 0,
        };
        // A mutation costs 10, an object 1, a connection its size.
        let cost = match operation.as_str() {
            "CouponPoolsAddCodes" => 10.0,
            "CouponPoolsJobs" | "CouponPoolsLookup" => count as f64,
            "CouponPoolsFailures" => 252.0,
            "CouponPoolsRule" => 2.0,
            "CouponPoolsCodeIds" => count as f64 * 3.0,
            "CouponPoolsDeleteCodes" => 10.0,
            "CouponPoolsDeletion" => 1.0,
            other => panic!("{other} is no operation of ours"),
        };
        if cost > self.level {
            self.throttled += 1;
            let error = map([
                ("message", text("Throttled")),
                ("extensions", map([("code", text("THROTTLED")), ("cost", self.cost(cost))])),
            ]);
            return Response { status: 200, retry_after: None, body: map([("errors", Value::List(vec![error]))]) };
        }
        self.level -= cost;
        self.spent += cost;
        *self.answered.entry(operation.clone()).or_default() += 1;
        let answer = match operation.as_str() {
            "CouponPoolsAddCodes" => {
                assert_eq!(query, queries::ADD_CODES);
                self.add(&variables, now)
            }
            "CouponPoolsFailures" => self.failures(&variables),
            "CouponPoolsRule" => self.rule(&variables),
            "CouponPoolsCodeIds" => {
                assert_eq!(query, queries::code_ids(count / 2));
                self.code_ids(&variables)
            }
            "CouponPoolsDeleteCodes" => self.delete(&variables, now),
            "CouponPoolsDeletion" => {
                let number: usize = text_of(&variables, "id").rsplit('/').next().unwrap().parse().unwrap();
                let done = self.deletions[number - 1].0 <= now;
                Ok(map([("job", map([("done", Value::Bool(done))]))]))
            }
            "CouponPoolsJobs" => {
                assert_eq!(query, queries::jobs(count));
                self.each(&variables, |shop, id| shop.progress(id))
            }
            _ => {
                assert_eq!(query, queries::lookup(count));
                self.each(&variables, |shop, code| match shop.codes.get(&code.to_uppercase()) {
                    Some(discount) => map([("id", text(discount))]),
                    None => Value::Null,
                })
            }
        };
        let mut body = vec![("extensions".to_owned(), map([("cost", self.cost(cost))]))];
        match answer {
            Ok(data) => body.push(("data".to_owned(), data)),
            Err(error) => body.push(("errors".to_owned(), Value::List(vec![error]))),
        }
        Response { status: 200, retry_after: None, body: Value::Map(body) }
    }

    fn cost(&self, requested: f64) -> Value {
        let status = map([
            ("maximumAvailable", Value::Number(self.maximum)),
            ("currentlyAvailable", Value::Number(self.level.floor())),
            ("restoreRate", Value::Number(self.rate)),
        ]);
        map([("requestedQueryCost", Value::Number(requested)), ("throttleStatus", status)])
    }

    fn add(&mut self, variables: &Value, now: i64) -> Result<Value, Value> {
        let codes: Vec<String> = match entry(variables, "codes") {
            Value::List(codes) => codes.iter().map(|code| text_of(code, "code")).collect(),
            other => panic!("{other:?} are no codes"),
        };
        if codes.len() > 250 {
            let extensions = map([("code", text("MAX_INPUT_SIZE_EXCEEDED"))]);
            let message =
                format!("The input array size of {} is greater than the maximum allowed of 250.", codes.len());
            return Err(map([("message", text(&message)), ("extensions", extensions)]));
        }
        let refused = |field: &str, code: &str, message: &str| {
            let error =
                map([("field", Value::List(vec![text(field)])), ("code", text(code)), ("message", text(message))]);
            let payload = map([("bulkCreation", Value::Null), ("userErrors", Value::List(vec![error]))]);
            Ok(map([("discountRedeemCodeBulkAdd", payload)]))
        };
        let discount = text_of(variables, "id");
        if !self.discounts.contains_key(&discount) {
            return refused("discountId", "INVALID", "Code discount does not exist.");
        }
        if codes.is_empty() {
            return refused("codes", "BLANK", "Codes can't be blank.");
        }
        self.jobs.push(Job { discount, codes, done_at: now + self.job_ms, outcome: None });
        let creation = map([
            ("id", text(&format!("gid://shopify/DiscountRedeemCodeBulkCreation/{}", self.jobs.len()))),
            ("done", Value::Bool(false)),
            ("failedCount", Value::Number(0.0)),
        ]);
        let payload = map([("bulkCreation", creation), ("userErrors", Value::List(Vec::new()))]);
        Ok(map([("discountRedeemCodeBulkAdd", payload)]))
    }

    fn code_ids(&self, variables: &Value) -> Result<Value, Value> {
        let Value::Map(variables) = variables else { panic!("{variables:?} are no variables") };
        let found = |(name, code): &(String, Value)| {
            let code = code.as_text().unwrap().to_uppercase();
            let node = self.codes.get(&code).map_or(Value::Null, |discount| {
                // The search finds codes that hold the one that is looked for.
                let like = self.codes.iter().filter(|(known, on)| known.contains(&code) && *on == discount).take(3);
                let nodes = like.map(|(known, _)| map([("id", text(known)), ("code", text(known))])).collect();
                let codes = map([("codes", map([("nodes", Value::List(nodes))]))]);
                map([("id", text(discount)), ("codeDiscount", codes)])
            });
            (name.clone(), node)
        };
        Ok(Value::Map(variables.iter().filter(|(name, _)| name.starts_with('c')).map(found).collect()))
    }

    fn delete(&mut self, variables: &Value, now: i64) -> Result<Value, Value> {
        let discount = text_of(variables, "id");
        let Value::List(ids) = entry(variables, "ids") else { panic!("{variables:?} names no ids") };
        assert!(!ids.is_empty() && ids.len() <= 250, "{} ids", ids.len());
        let ids = ids.iter().map(|id| id.as_text().unwrap().to_owned());
        let ours = ids.filter(|code| self.codes.get(code) == Some(&discount)).collect();
        self.deletions.push((now + self.job_ms, ours));
        let id = format!("gid://shopify/Job/{}", self.deletions.len());
        let job = map([("id", text(&id)), ("done", Value::Bool(false))]);
        let payload = map([("job", job), ("userErrors", Value::List(Vec::new()))]);
        Ok(map([("discountCodeRedeemCodeBulkDelete", payload)]))
    }

    fn job(&self, id: &str) -> Option<&Job> {
        let number: usize = id.rsplit('/').next()?.parse().ok()?;
        self.jobs.get(number.checked_sub(1)?)
    }

    fn progress(&self, id: &str) -> Value {
        let Some(job) = self.job(id) else { return Value::Null };
        let failed = job.outcome.iter().flatten().filter(|outcome| outcome.is_some()).count();
        map([
            ("done", Value::Bool(job.outcome.is_some())),
            ("failedCount", Value::Number(failed as f64)),
            ("codesCount", Value::Number(job.codes.len() as f64)),
        ])
    }

    fn failures(&self, variables: &Value) -> Result<Value, Value> {
        let job = self.job(&text_of(variables, "id")).unwrap();
        let outcome = job.outcome.clone().unwrap_or_else(|| vec![None; job.codes.len()]);
        let node = |(code, why): (&String, Option<String>)| {
            let errors = why.iter().map(|why| map([("message", text(why))])).collect();
            map([("code", text(code)), ("errors", Value::List(errors))])
        };
        let nodes = job.codes.iter().zip(outcome).map(node).collect();
        let codes = map([("nodes", Value::List(nodes))]);
        Ok(map([("discountRedeemCodeBulkCreation", map([("codes", codes)]))]))
    }

    fn rule(&self, variables: &Value) -> Result<Value, Value> {
        let Some(discount) = self.discounts.get(&text_of(variables, "id")) else {
            return Ok(map([("discountNode", Value::Null)]));
        };
        let found = map([
            ("__typename", text("DiscountCodeBasic")),
            ("title", text(&discount.title)),
            ("status", text(if discount.ended { "EXPIRED" } else { "ACTIVE" })),
            ("endsAt", discount.ends_at.as_deref().map_or(Value::Null, text)),
        ]);
        Ok(map([("discountNode", map([("discount", found)]))]))
    }

    fn each(&self, variables: &Value, answer: impl Fn(&Self, &str) -> Value) -> Result<Value, Value> {
        let Value::Map(variables) = variables else { panic!("{variables:?} are no variables") };
        Ok(Value::Map(
            variables.iter().map(|(name, value)| (name.clone(), answer(self, value.as_text().unwrap()))).collect(),
        ))
    }
}
