//! A shop that answers as Magento's REST API does to the requests that the module sends.

use std::collections::BTreeMap;

use coupon_pools::record::Value;
use coupon_pools::shop::{Request, Response};

use super::{entry, map, text, text_of};

/// One shop with the rule 7.
#[derive(Clone, Debug)]
pub struct Magento {
    /// The rule of each code, by the code in upper case.
    pub codes: BTreeMap<String, u64>,
    pub auto_generation: bool,
    /// Answers this many requests with 429 first.
    pub busy: u32,
}

pub const RULE: u64 = 7;

impl Magento {
    pub fn new() -> Self {
        Magento { codes: BTreeMap::new(), auto_generation: true, busy: 0 }
    }

    /// Answers a request.
    pub fn answer(&mut self, request: &Request) -> Response {
        if self.busy > 0 {
            self.busy -= 1;
            return Response { status: 429, retry_after: Some("3".to_owned()), body: text("Too Many Requests") };
        }
        let refused = |status, message: &str, parameters: Vec<Value>| Response {
            status,
            retry_after: None,
            body: map([("message", text(message)), ("parameters", Value::List(parameters))]),
        };
        let ok = |body| Response { status: 200, retry_after: None, body };
        match (request.method, request.path.as_str()) {
            ("POST", "V1/coupons") => {
                let coupon = entry(&request.body, "coupon");
                assert_eq!(entry(&coupon, "type"), Value::Number(1.0));
                let key = text_of(&coupon, "code").to_uppercase();
                let Value::Number(rule) = entry(&coupon, "rule_id") else { panic!("{coupon:?}") };
                if !self.auto_generation {
                    let why = text("Specified rule does not allow auto generated coupons");
                    return refused(400, "Error occurred when saving coupon: %1", vec![why]);
                }
                if self.codes.contains_key(&key) {
                    return refused(400, "%1 already exists.", vec![text("Coupon with the same code")]);
                }
                self.codes.insert(key, rule as u64);
                ok(coupon)
            }
            ("GET", path) if path.starts_with("V1/coupons/search?") => {
                let code = path.split('&').find_map(|part| part.split_once("[value]=")).unwrap().1.to_uppercase();
                let item = self
                    .codes
                    .get(&code)
                    .map(|rule| map([("rule_id", Value::Number(*rule as f64)), ("code", text(&code))]));
                ok(map([("items", Value::List(item.into_iter().collect()))]))
            }
            ("GET", "V1/salesRules/7") => ok(map([
                ("rule_id", Value::Number(7.0)),
                ("name", text("Spring")),
                ("is_active", Value::Bool(true)),
                ("use_auto_generation", Value::Bool(self.auto_generation)),
            ])),
            ("GET", _) => refused(404, "No such entity with %fieldName = %fieldValue", Vec::new()),
            other => panic!("{other:?} is no request of ours"),
        }
    }
}
