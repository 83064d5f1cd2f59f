//! The flows that run at a desk and not at send time: pools, uploads, look-ups, exports, previews, maintenance.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::convert::{
    Entries, error_to_js, from_js, property, serialized, text_property, texts_from_js, texts_to_js, to_js,
};
use super::engine::{Engine, Flow, Outcome, entropy, handle_of};
use super::mail::{invalid, mails_to_js, texts_of};
use crate::error::{Code, Error, Result};
use crate::flow::alerts::history;
use crate::flow::export::{What, export};
use crate::flow::find::{FindWhat, find, forget, redeemed};
use crate::flow::maintain::{maintain, prepare};
use crate::flow::pools;
use crate::flow::preview::{Preview, preview};
use crate::flow::render::Made;
use crate::flow::topup::top_up;
use crate::flow::undo::{batches, undo};
use crate::flow::upload::{UploadOptions, upload};
use crate::generate::Generator;
use crate::generate::pattern::Pattern;
use crate::import::{ColumnRef, ExpiryColumn, ImportLimits, ImportOptions, NO_DELIMITER};
use crate::pool::settings::Settings;
use crate::record::{FromValue, Value};
use crate::template::Source;
use crate::template::migrate::{Vendor, migrate};

#[wasm_bindgen]
impl Engine {
    /// So many different codes of a pattern, as a block: `{ text, ends }`.
    pub fn generate(&self, pattern: JsValue, count: u32) -> Outcome<JsValue> {
        let made = || -> Result<JsValue> {
            let mut generator = Generator::new(&from_js::<Pattern>(pattern)?, entropy()?, false)?;
            Ok(texts_to_js(&generator.block(count as usize, None)?.codes))
        };
        made().map_err(|error| error_to_js(&error))
    }

    /// Rewrites a vendor's coupon tags: `{ texts, changes, left, pools }`. `handles` is an array of `{ name, handle }`.
    pub fn migrate(&self, parts: JsValue, vendor: &str, handles: JsValue) -> Outcome<JsValue> {
        let made = || -> Result<JsValue> {
            let vendor = Vendor::named(vendor).ok_or_else(|| {
                invalid(
                    "vendor",
                    format!("vendor is \"klaviyo\", \"braze\", \"emarsys\" or \"salesforce\", not {vendor}"),
                )
            })?;
            let texts = texts_of(&parts);
            let sources: Vec<_> = texts.iter().map(|(part, text)| Source { part: *part, text }).collect();
            let done = migrate(
                &sources,
                vendor,
                &from_js::<Vec<Pair>>(handles)?
                    .into_iter()
                    .map(|Pair { name, handle }| (name, handle))
                    .collect::<Vec<_>>(),
            )?;
            let entries = Entries::new().set("texts", to_js(&done.texts)).set("changes", to_js(&done.changes));
            Ok(entries.set("left", to_js(&done.left)).set("pools", to_js(&done.pools)).into())
        };
        made().map_err(|error| error_to_js(&error))
    }
}

/// Which handle a vendor's name is to get.
struct Pair {
    name: String,
    handle: String,
}

impl FromValue for Pair {
    fn from_value(mut value: Value) -> Result<Self> {
        Ok(Pair { name: value.read("name")?, handle: value.read("handle")? })
    }
}

impl Engine {
    pub(super) fn manage(&self, kind: &str, args: &JsValue) -> Result<Flow> {
        let text = |name: &str| text_property(args, name);
        let handle = || handle_of(args);
        match kind {
            "create" => {
                let (handle, settings) = (handle()?, from_js::<Settings>(property(args, "settings"))?);
                self.flow(args, |host| pools::create(host, handle, settings), |row| to_js(&row))
            }
            "edit" => {
                let (handle, settings) = (handle()?, from_js::<Settings>(property(args, "settings"))?);
                self.flow(args, |host| pools::edit(host, handle, settings), |row| to_js(&row))
            }
            "get" => {
                let handle = handle()?;
                self.flow(args, |host| pools::get(host, handle), |row| to_js(&row))
            }
            "list" => {
                let archived = property(args, "archived").is_truthy();
                let PageArgs { cursor, limit } = from_js(property(args, "page"))?;
                self.flow(args, move |host| pools::list(host, archived, cursor, limit), |page| to_js(&page))
            }
            "usage" => {
                let instant = |name: &str| property(args, name).as_f64().unwrap_or(0.0) as i64;
                let (handle, from, to) = (handle()?, instant("from"), instant("to"));
                self.flow(args, move |host| pools::usage(host, handle, from, to), |rows| to_js(&rows))
            }
            "alerts" => {
                let handle = handle()?;
                self.flow(args, |host| history(host, handle), |rows| to_js(&rows))
            }
            "upload" => {
                let (handle, UploadArgs { options, import }) = (handle()?, from_js(property(args, "options"))?);
                self.flow(args, |host| upload(host, handle, options, import), |done| serialized(&done))
            }
            "undo" => {
                let (handle, batch) = (handle()?, text("batch"));
                self.flow(args, |host| undo(host, handle, batch), |done| to_js(&done))
            }
            "batches" => {
                let (handle, PageArgs { cursor, limit }) = (handle()?, from_js(property(args, "page"))?);
                self.flow(args, move |host| batches(host, handle, cursor, limit), |page| to_js(&page))
            }
            "preview" => {
                let template = self.template(property(args, "template").as_f64().unwrap_or(0.0) as u32)?;
                self.flow(args, |host| preview(host, template), preview_to_js)
            }
            "find" => {
                let (handle, what) = (handle()?, from_js::<FindWhat>(property(args, "what"))?);
                let PageArgs { cursor, limit } = from_js(property(args, "page"))?;
                self.flow(args, move |host| find(host, handle, what, cursor, limit), |page| to_js(&page))
            }
            "forget" => {
                let contact = text("contact");
                self.flow(args, |host| forget(host, contact), |done| to_js(&done))
            }
            "redeemed" => {
                let (handle, codes) = (handle()?, texts_from_js(&property(args, "codes")));
                self.flow(args, |host| redeemed(host, handle, codes), |done| to_js(&done))
            }
            "export" => {
                let what = if text("what") == "draws" { What::Draws } else { What::Remaining };
                let handle = handle()?;
                self.flow(args, move |host| export(host, handle, what), |()| JsValue::UNDEFINED)
            }
            "prepare" => {
                let (handle, count) = (handle()?, property(args, "count").as_f64().unwrap_or(0.0) as u64);
                self.flow(args, move |host| prepare(host, handle, count), |done| to_js(&done))
            }
            "top_up" => {
                let number = |name: &str| property(args, name).as_f64().unwrap_or(0.0);
                let (handle, count, wait) = (handle()?, number("count") as u64, number("wait") as i64);
                self.flow(args, move |host| top_up(host, handle, count, wait), |done| to_js(&done))
            }
            "maintain" => self.flow(args, maintain, |done| to_js(&done)),
            other => Err(Error::new(Code::Internal, format!("there is no flow {other:?}"))),
        }
    }
}

/// Where a page starts and how long it is.
struct PageArgs {
    cursor: Option<String>,
    limit: u32,
}

impl FromValue for PageArgs {
    fn from_value(mut value: Value) -> Result<Self> {
        Ok(PageArgs { cursor: value.read("cursor")?, limit: value.read("limit")? })
    }
}

struct UploadArgs {
    options: UploadOptions,
    import: ImportOptions,
}

impl FromValue for UploadArgs {
    fn from_value(mut value: Value) -> Result<Self> {
        let delimiter: Option<String> = value.read("delimiter")?;
        let delimiter = match delimiter.as_deref().map(str::as_bytes) {
            None => None,
            Some([]) => Some(NO_DELIMITER),
            Some([byte]) => Some(*byte),
            Some(_) => {
                return Err(invalid("delimiter", "delimiter is one character, or none for a file of one column"));
            }
        };
        let expiry_column: Option<ColumnRef> = value.read("expiry_column")?;
        let import = ImportOptions {
            code_column: value.read("code_column")?,
            expiry_column: match (value.read("ignore_expiry")?, expiry_column) {
                (true, _) => Some(ExpiryColumn::Ignore),
                (false, column) => column.map(ExpiryColumn::At),
            },
            header: value.read("header")?,
            date_order: value.read("date_order")?,
            encoding: value.read("encoding")?,
            delimiter,
            expected_bytes: value.read::<Option<f64>>("expected_bytes")?.map(|bytes| bytes as u64),
            wants_rejected: value.read("wants_rejected")?,
            limits: value.read::<Option<ImportLimits>>("limits")?.unwrap_or_default(),
            ..ImportOptions::default()
        };
        let options = UploadOptions {
            file_name: value.read("file_name")?,
            dry_run: value.read("dry_run")?,
            take_over: value.read("take_over")?,
            expires_at: value.read("expires_at")?,
        };
        Ok(UploadArgs { options, import })
    }
}

fn preview_to_js(preview: Preview) -> JsValue {
    let warnings = to_js(&preview.notices);
    let made = Made { filled: preview.filled, draws: Vec::new() };
    Entries::new().set("columns", mails_to_js(&vec![Ok(made)], 0)).set("warnings", warnings).into()
}
