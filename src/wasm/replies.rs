//! Replies on their way in: each read as what its step was promised.

#[cfg(feature = "manage")]
use js_sys::Uint8Array;
use js_sys::Uint32Array;
use wasm_bindgen::{JsCast, JsValue};

#[cfg(feature = "mail")]
use super::convert::strings_from_js;
use super::convert::{
    bytes_from_js, from_js, instant_from_js, numbers_from_js, property, text_property, texts_from_js,
};
use crate::error::Result;
use crate::flow::step::{ClaimAnswer, Outcome, Outcomes, Reply, Step};
#[cfg(feature = "manage")]
use crate::flow::step::{FoundRow, FreeCode, Page, Piece, Received};
#[cfg(feature = "manage")]
use crate::sheet::Sheet;
#[cfg(feature = "manage")]
use crate::shop::Heard;

/// Which reply a step waits for: the step without its contents.
pub(super) type Reader = fn(JsValue) -> Result<Reply>;

/// How the reply to a step is read.
pub(super) fn reader(step: &Step) -> Reader {
    match step {
        Step::Load(_) => |value| Ok(Reply::Load(from_js(value)?)),
        #[cfg(feature = "manage")]
        Step::Save(_) => |value| Ok(Reply::Save(from_js(value)?)),
        #[cfg(feature = "manage")]
        Step::List(_) => |value| Ok(Reply::List(from_js(value)?)),
        #[cfg(feature = "manage")]
        Step::BeginBatch(_) => |value| Ok(Reply::BeginBatch(from_js(value)?)),
        #[cfg(feature = "manage")]
        Step::AddBlock(_) => |_| Ok(Reply::AddBlock(())),
        #[cfg(feature = "manage")]
        Step::Settle(_) => |value| Ok(Reply::Settle(from_js(value)?)),
        #[cfg(feature = "manage")]
        Step::CommitBatch(_) => |value| Ok(Reply::CommitBatch(from_js(value)?)),
        #[cfg(feature = "manage")]
        Step::DropBatch(_) => |_| Ok(Reply::DropBatch(())),
        #[cfg(feature = "manage")]
        Step::UndoBatch(_) => |value| Ok(Reply::UndoBatch(from_js(value)?)),
        #[cfg(feature = "manage")]
        Step::PageOf(_) => |value| Ok(Reply::PageOf(from_js(value)?)),
        #[cfg(feature = "manage")]
        Step::Contains(_) => |value| Ok(Reply::Contains(Uint8Array::new(&value).to_vec())),
        Step::Claim(_) => claim,
        Step::Release(_) => |value| Ok(Reply::Release(from_js(value)?)),
        #[cfg(feature = "manage")]
        Step::Find(_) => |value| Ok(Reply::Find(from_js(value)?)),
        #[cfg(feature = "manage")]
        Step::Forget(_) => |value| Ok(Reply::Forget(from_js(value)?)),
        #[cfg(feature = "manage")]
        Step::MarkRedeemed(_) => |value| Ok(Reply::MarkRedeemed(from_js(value)?)),
        Step::Counts(_) => |value| Ok(Reply::Counts(from_js(value)?)),
        Step::UsageOf(_) => |value| Ok(Reply::UsageOf(from_js(value)?)),
        #[cfg(feature = "manage")]
        Step::Draws(_) => |value| Ok(Reply::Draws(draws(&value))),
        #[cfg(feature = "manage")]
        Step::Codes(_) => |value| Ok(Reply::Codes(codes(&value))),
        #[cfg(feature = "manage")]
        Step::Alerts(_) => |value| Ok(Reply::Alerts(from_js(value)?)),
        Step::SaveAlerts(_) => |value| Ok(Reply::SaveAlerts(from_js(value)?)),
        #[cfg(feature = "manage")]
        Step::Sweep(_) => |value| Ok(Reply::Sweep(from_js(value)?)),
        Step::Notify(_) => |_| Ok(Reply::Notify(())),
        Step::TopUp(_) => |_| Ok(Reply::TopUp(())),
        #[cfg(feature = "manage")]
        Step::VoidCodes(_) => |value| Ok(Reply::VoidCodes(from_js(value)?)),
        #[cfg(feature = "manage")]
        Step::JournalOf(_) => |value| Ok(Reply::JournalOf(from_js(value)?)),
        #[cfg(feature = "manage")]
        Step::SaveJournal(_) => |value| Ok(Reply::SaveJournal(from_js(value)?)),
        #[cfg(feature = "manage")]
        Step::ShopOf(_) => |value| Ok(Reply::ShopOf(from_js(value)?)),
        #[cfg(feature = "manage")]
        Step::Send(_) => |_| Ok(Reply::Send(())),
        #[cfg(feature = "manage")]
        Step::Receive(_) => receive,
        #[cfg(feature = "manage")]
        Step::Pause(_) => |_| Ok(Reply::Pause(())),
        #[cfg(feature = "manage")]
        Step::Read(_) => |value| {
            Ok(Reply::Read(match value.dyn_into::<Uint8Array>() {
                Ok(bytes) => Some(Piece::Bytes(bytes.to_vec())),
                Err(value) => from_js::<Option<Sheet>>(value)?.map(Piece::Sheet),
            }))
        },
        #[cfg(feature = "manage")]
        Step::Normalize(_) => |value| Ok(Reply::Normalize(texts_from_js(&value))),
        #[cfg(feature = "manage")]
        Step::Instants(_) => |value| Ok(Reply::Instants(from_js(value)?)),
        #[cfg(feature = "mail")]
        Step::Dates(_) => |value| Ok(Reply::Dates(strings_from_js(&value))),
        #[cfg(feature = "manage")]
        Step::Emit(_) => |_| Ok(Reply::Emit(())),
    }
}

const CODE: u8 = 1;
const REPEAT: u8 = 2;
const FRESH: u8 = 4;
const EXPIRED: u8 = 8;

fn claim(value: JsValue) -> Result<Reply> {
    if text_property(&value, "status") == "stale" {
        return Ok(Reply::Claim(ClaimAnswer::Stale(from_js(property(&value, "document"))?)));
    }
    let codes = texts_from_js(&property(&value, "codes"));
    let numbers = numbers_from_js(&value, "numbers");
    let expiries = numbers_from_js(&value, "expiries");
    let answers = property(&value, "answers").dyn_into::<Uint32Array>().map(|array| array.to_vec()).unwrap_or_default();
    let flags = bytes_from_js(&value, "flags");
    let items = flags.iter().zip(numbers.iter().zip(expiries.iter().zip(&answers)));
    let items = items.map(|(flags, (number, (expiry, answers)))| match flags {
        flags if flags & CODE != 0 => Outcome::Code {
            number: *number as u64,
            expires_at: instant_from_js(*expiry),
            repeat: flags & REPEAT != 0,
            fresh: flags & FRESH != 0,
            answers: *answers,
        },
        flags if flags & EXPIRED != 0 => Outcome::Expired,
        _ => Outcome::Empty,
    });
    Ok(Reply::Claim(ClaimAnswer::Claimed {
        outcomes: Outcomes { items: items.collect(), codes },
        remaining: property(&value, "remaining").as_f64().unwrap_or(0.0) as u64,
        added: property(&value, "added").as_f64().unwrap_or(0.0) as u64,
        alerts: from_js(property(&value, "alerts"))?,
    }))
}

#[cfg(feature = "manage")]
fn receive(value: JsValue) -> Result<Reply> {
    if value.is_null() || value.is_undefined() {
        return Ok(Reply::Receive(None));
    }
    let number = |name: &str| property(&value, name).as_f64().map(|number| number as u32);
    let heard = match (number("failure"), property(&value, "response"), property(&value, "codes")) {
        (Some(failure), ..) => Heard::Lost(failure),
        (None, response, _) if response.is_object() => Heard::Response(from_js(response)?),
        (None, _, codes) => Heard::Codes(texts_from_js(&codes)),
    };
    Ok(Reply::Receive(Some(Received { ticket: number("ticket").unwrap_or(0), heard })))
}

#[cfg(feature = "manage")]
fn next(page: &JsValue) -> Option<String> {
    property(page, "next").as_string()
}

#[cfg(feature = "manage")]
fn codes(page: &JsValue) -> Page<FreeCode> {
    let codes = texts_from_js(&property(page, "codes"));
    let expiries = numbers_from_js(page, "expiries");
    let rows = codes
        .iter()
        .zip(expiries)
        .map(|(code, expiry)| FreeCode { code: code.to_owned(), expires_at: instant_from_js(expiry) });
    Page { rows: rows.collect(), next: next(page) }
}

#[cfg(feature = "manage")]
/// Uses for an export: their texts in columns, in the order code, batch, contact, message, slot for each row.
fn draws(page: &JsValue) -> Page<FoundRow> {
    const COLUMNS: usize = 5;
    let texts = texts_from_js(&property(page, "texts"));
    let forgotten = bytes_from_js(page, "forgotten");
    let numbers = numbers_from_js(page, "numbers");
    let instants = numbers_from_js(page, "instants");
    let rows = forgotten.iter().enumerate().map(|(row, forgotten)| {
        let text = |column: usize| texts.get(row * COLUMNS + column).to_owned();
        let instant = |column: usize| instants.get(row * 3 + column).copied().and_then(instant_from_js);
        FoundRow {
            code: text(0),
            status: "assigned".to_owned(),
            expires_at: instant(0),
            batch: text(1),
            number: numbers.get(row).map(|number| *number as u64),
            drawn_at: instant(1),
            contact: (*forgotten == 0).then(|| text(2)),
            message: Some(text(3)),
            slot: Some(text(4)),
            redeemed_at: instant(2),
        }
    });
    Page { rows: rows.collect(), next: next(page) }
}
