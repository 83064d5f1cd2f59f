//! Steps on their way out: each as `{ step, request }`.

use js_sys::Uint8Array;
#[cfg(feature = "manage")]
use js_sys::{Array, BigUint64Array};
use wasm_bindgen::JsValue;

use super::convert::{Entries, instants_to_js, texts_to_js, to_js};
#[cfg(feature = "manage")]
use crate::code::Block;
use crate::flow::step::{Claim, Step};

/// The step as the driver performs it.
pub(super) fn step_to_js(step: &Step) -> JsValue {
    let request: JsValue = match step {
        Step::Load(request) => to_js(request),
        #[cfg(feature = "manage")]
        Step::Save(request) => to_js(request),
        #[cfg(feature = "manage")]
        Step::List(request) => to_js(request),
        #[cfg(feature = "manage")]
        Step::BeginBatch(request) => to_js(request),
        #[cfg(feature = "manage")]
        Step::AddBlock(request) => Entries::new()
            .set("pool", request.pool.as_str())
            .set("batch", request.batch.as_str())
            .set("number", request.number)
            .set("block", block_to_js(&request.block))
            .set("now", request.now as f64)
            .set("lease", request.lease as f64)
            .into(),
        #[cfg(feature = "manage")]
        Step::Settle(request) => to_js(request),
        #[cfg(feature = "manage")]
        Step::CommitBatch(request) => to_js(request),
        #[cfg(feature = "manage")]
        Step::DropBatch(request) => to_js(request),
        #[cfg(feature = "manage")]
        Step::UndoBatch(request) => to_js(request),
        #[cfg(feature = "manage")]
        Step::PageOf(request) => to_js(request),
        #[cfg(feature = "manage")]
        Step::Contains(request) => {
            Entries::new().set("pool", request.pool.as_str()).set("block", block_to_js(&request.block)).into()
        }
        Step::Claim(request) => claim_to_js(request),
        Step::Release(request) => to_js(request),
        #[cfg(feature = "manage")]
        Step::Find(request) => to_js(request),
        #[cfg(feature = "manage")]
        Step::Forget(request) => to_js(request),
        #[cfg(feature = "manage")]
        Step::MarkRedeemed(request) => to_js(request),
        Step::Counts(request) => to_js(request),
        Step::UsageOf(request) => to_js(request),
        #[cfg(feature = "manage")]
        Step::Draws(request) => to_js(request),
        #[cfg(feature = "manage")]
        Step::Codes(request) => to_js(request),
        #[cfg(feature = "manage")]
        Step::Alerts(request) => to_js(request),
        Step::SaveAlerts(request) => to_js(request),
        #[cfg(feature = "manage")]
        Step::Sweep(request) => to_js(request),
        Step::Notify(alert) => to_js(alert),
        Step::TopUp(request) => to_js(request),
        #[cfg(feature = "manage")]
        Step::VoidCodes(request) => to_js(request),
        #[cfg(feature = "manage")]
        Step::JournalOf(request) => to_js(request),
        #[cfg(feature = "manage")]
        Step::SaveJournal(request) => to_js(request),
        #[cfg(feature = "manage")]
        Step::ShopOf(request) => to_js(request),
        #[cfg(feature = "manage")]
        Step::Send(request) => send_to_js(request),
        #[cfg(feature = "manage")]
        Step::Receive(request) => to_js(request),
        #[cfg(feature = "manage")]
        Step::Pause(request) => to_js(request),
        #[cfg(feature = "manage")]
        Step::Read(request) => to_js(request),
        #[cfg(feature = "manage")]
        Step::Normalize(texts) => texts_to_js(texts),
        #[cfg(feature = "manage")]
        Step::Instants(request) => to_js(request),
        #[cfg(feature = "mail")]
        Step::Dates(requests) => to_js(requests),
        #[cfg(feature = "manage")]
        Step::Emit(bytes) => Uint8Array::from(bytes.as_slice()).into(),
    };
    Entries::new().set("step", step.name()).set("request", request).into()
}

fn claim_to_js(claim: &Claim) -> JsValue {
    let keys = |keys: &[crate::pool::keys::Key]| {
        let mut text = String::with_capacity(keys.len() * 43);
        keys.iter().for_each(|key| key.write(&mut text));
        text
    };
    let falls_back: Vec<u8> = claim.falls_back.iter().map(|falls_back| u8::from(*falls_back)).collect();
    Entries::new()
        .set("pool", claim.pool.as_str())
        .set("version", claim.version)
        .set("now", claim.now as f64)
        .set("reuse", to_js(&claim.reuse))
        .set("expiresAt", claim.expires_at.map_or(JsValue::NULL, |at| JsValue::from_f64(at as f64)))
        .set("minValidity", claim.min_validity as f64)
        .set("uses", keys(&claim.uses))
        .set("holders", keys(&claim.holders))
        .set("contacts", texts_to_js(&claim.contacts))
        .set("messages", texts_to_js(&claim.messages))
        .set("slots", texts_to_js(&claim.slots))
        .set("fallsBack", Uint8Array::from(falls_back.as_slice()))
        .into()
}

#[cfg(feature = "manage")]
fn send_to_js(send: &crate::flow::step::Send) -> JsValue {
    use crate::shop::Call;
    let request = Entries::new().set("shop", send.shop.as_str()).set("ticket", send.ticket);
    match &send.call {
        Call::Http(http) => {
            let http = Entries::new()
                .set("method", http.method)
                .set("path", http.path.as_str())
                .set("body", to_js(&http.body));
            request.set("http", http)
        }
        Call::Order(order) => {
            let order = Entries::new()
                .set("id", order.id.as_str())
                .set("rule", order.rule.as_str())
                .set("count", order.count)
                .set("pattern", to_js(&order.pattern))
                .set("suggested", texts_to_js(&order.suggested));
            request.set("order", order)
        }
    }
    .into()
}

#[cfg(feature = "manage")]
fn block_to_js(block: &Block) -> JsValue {
    let runs = Array::new();
    for run in &block.runs {
        let expires_at = run.expires_at.map_or(JsValue::NULL, |at| JsValue::from_f64(at as f64));
        runs.push(&Entries::new().set("expiresAt", expires_at).set("count", run.count).into());
    }
    let fingerprints = BigUint64Array::from(block.fingerprints.as_slice());
    Entries::new()
        .set("codes", texts_to_js(&block.codes))
        .set("keys", if block.keys.is_empty() { JsValue::NULL } else { texts_to_js(&block.keys) })
        .set("fingerprints", Uint8Array::new(&fingerprints.buffer()))
        .set("runs", runs)
        .into()
}

/// What uses got, in columns.
pub(super) fn drawn_to_js(drawn: &crate::flow::draw::Drawn) -> JsValue {
    let status: Vec<u8> = drawn.status.iter().map(|status| *status as u8).collect();
    let repeat: Vec<u8> = drawn.repeat.iter().map(|repeat| u8::from(*repeat)).collect();
    let numbers: Vec<f64> = drawn.numbers.iter().map(|number| *number as f64).collect();
    let error = |error: &Option<crate::error::Error>| error.as_ref().map_or(JsValue::NULL, super::convert::error_to_js);
    Entries::new()
        .set("status", Uint8Array::from(status.as_slice()))
        .set("codes", texts_to_js(&drawn.codes))
        .set("expiresAt", instants_to_js(drawn.expires_at.iter().copied()))
        .set("repeat", Uint8Array::from(repeat.as_slice()))
        .set("numbers", js_sys::Float64Array::from(numbers.as_slice()))
        .set("whenEmpty", error(&drawn.when_empty))
        .set("whenExpired", error(&drawn.when_expired))
        .into()
}
