//! Every text that is sent to Shopify's GraphQL Admin API, and nothing else: so that a test can hold them against the
//! schema of each version, and nobody has to look for one.

use std::fmt::Write as _;

/// Adds codes to a discount; answers the job that does it.
pub const ADD_CODES: &str = "mutation CouponPoolsAddCodes($id: ID!, $codes: [DiscountRedeemCodeInput!]!) { \
     discountRedeemCodeBulkAdd(discountId: $id, codes: $codes) { \
     bulkCreation { id done failedCount } userErrors { field code message } } }";

/// Says what became of a job's codes, for the codes that failed.
pub const FAILURES: &str = "query CouponPoolsFailures($id: ID!) { discountRedeemCodeBulkCreation(id: $id) { \
     codes(first: 250) { nodes { code errors { message } } } } }";

/// Reads a discount that is a pool's rule.
pub const RULE: &str = "query CouponPoolsRule($id: ID!) { discountNode(id: $id) { discount { __typename \
     ... on DiscountCodeBasic { title status endsAt } ... on DiscountCodeBxgy { title status endsAt } \
     ... on DiscountCodeFreeShipping { title status endsAt } ... on DiscountCodeApp { title status endsAt } } } }";

/// How far `count` jobs are, as `j0`, `j1`, …
pub fn jobs(count: usize) -> String {
    aliased("Jobs", "ID!", count, 'j', |alias| {
        format!("discountRedeemCodeBulkCreation(id: ${alias}) {{ done failedCount codesCount }}")
    })
}

/// On which discounts `count` codes are, as `c0`, `c1`, …
pub fn lookup(count: usize) -> String {
    aliased("Lookup", "String!", count, 'c', |alias| format!("codeDiscountNodeByCode(code: ${alias}) {{ id }}"))
}

/// Deletes codes of a discount by their ids; answers the job that does it.
pub const DELETE_CODES: &str = "mutation CouponPoolsDeleteCodes($id: ID!, $ids: [ID!]!) { \
     discountCodeRedeemCodeBulkDelete(discountId: $id, ids: $ids) { job { id done } userErrors { field code message } } }";

/// How far a job is that deletes codes.
pub const DELETION: &str = "query CouponPoolsDeletion($id: ID!) { job(id: $id) { done } }";

/// The ids of `count` codes, as `c0`, `c1`, …, with the discount that each is on. A code's id is found by the search of
/// its discount's codes (`$q0`, …), which also finds codes that only resemble it.
pub fn code_ids(count: usize) -> String {
    let mut text = String::from("query CouponPoolsCodeIds(");
    for at in 0..count {
        let _ = write!(text, "$c{at}: String! $q{at}: String! ");
    }
    text.push_str(") {");
    for at in 0..count {
        let _ = write!(text, " c{at}: codeDiscountNodeByCode(code: $c{at}) {{ id codeDiscount {{");
        for kind in ["Basic", "Bxgy", "FreeShipping", "App"] {
            let _ = write!(
                text,
                " ... on DiscountCode{kind} {{ codes(first: {}, query: $q{at}) {{ nodes {{ id code }} }} }}",
                super::FOUND_CODES
            );
        }
        text.push_str(" } }");
    }
    text.push_str(" }");
    text
}

fn aliased(name: &str, kind: &str, count: usize, letter: char, field: impl Fn(&str) -> String) -> String {
    let mut text = format!("query CouponPools{name}(");
    for at in 0..count {
        let _ = write!(text, "${letter}{at}: {kind} ");
    }
    text.push_str(") {");
    for at in 0..count {
        let alias = format!("{letter}{at}");
        let _ = write!(text, " {alias}: {}", field(&alias));
    }
    text.push_str(" }");
    text
}
