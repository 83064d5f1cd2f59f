//! Mails: templates that are kept parsed, and renders.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Float64Array, Int32Array, Uint8Array, Uint32Array};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::convert::{Entries, error_to_js, instants_to_js, property, text_property, texts_from_js, texts_to_js};
use super::engine::{Engine, Flow, Outcome};
use crate::code::Texts;
use crate::error::{Code, Error, Result};
use crate::flow::Host;
use crate::flow::render::{Made, Mails, render};
use crate::sorted::Sorted;
use crate::template::{FilledPart, Mode, Next, PartName, Source, Template, parse_before};

pub(super) fn invalid(option: &'static str, message: impl Into<String>) -> Error {
    Error::new(Code::InvalidArgument, message).with("option", option)
}

/// Parsed templates by id.
#[derive(Default)]
pub(super) struct Templates {
    kept: RefCell<Sorted<u32, Rc<Template>>>,
    last: Cell<u32>,
}

#[wasm_bindgen]
impl Engine {
    /// Parses a template and keeps it: `{ id, segments }`.
    pub fn compile(&self, parts: JsValue, mode: &str, nonce: Option<String>, next: Option<String>) -> Outcome<JsValue> {
        self.parse(&parts, mode, nonce.as_deref(), next.as_deref()).map_err(|error| error_to_js(&error))
    }

    /// Lets a template go.
    pub fn forget(&self, id: u32) {
        self.templates.kept.borrow_mut().remove(&id);
    }
}

impl Engine {
    pub(super) fn mail(&self, kind: &str, args: &JsValue) -> Result<Flow> {
        match kind {
            "render" => {
                let ids = Uint32Array::new(&property(args, "templates")).to_vec();
                let templates = ids.into_iter().map(|id| self.template(id)).collect::<Result<Vec<_>>>()?;
                let messages = texts_from_js(&property(args, "messages"));
                let contacts = texts_from_js(&property(args, "contacts"));
                let mails = Mails { templates, messages, contacts };
                self.flow(args, |host| render_at(host, mails), |(mails, now)| mails_to_js(&mails, now))
            }
            #[cfg(feature = "manage")]
            _ => self.manage(kind, args),
            #[cfg(not(feature = "manage"))]
            other => Err(Error::new(Code::Internal, format!("there is no flow {other}"))),
        }
    }

    fn parse(&self, parts: &JsValue, mode: &str, nonce: Option<&str>, next: Option<&str>) -> Result<JsValue> {
        let mode = match mode {
            "html" => Mode::Html,
            "mjml" => Mode::Mjml,
            "text" => Mode::Text,
            other => return Err(invalid("mode", format!("mode is \"html\", \"mjml\" or \"text\", not {other}"))),
        };
        let next = next.map(|name| Next::named(name).ok_or_else(|| {
            invalid("next", format!("next is \"liquid\", \"handlebars\", \"mustache\", \"nunjucks\", \"jinja\", \"twig\" or \"ejs\", not {name}"))
        })).transpose()?;
        let texts = texts_of(parts);
        let sources: Vec<_> = texts.iter().map(|(part, text)| Source { part: *part, text }).collect();
        let template = parse_before(&sources, mode, nonce, next)?;
        let segments = js_sys::Array::new();
        for part in template.parts() {
            let ends: Vec<u32> = part.segments().iter().flat_map(|(start, end)| [*start, *end]).collect();
            segments.push(&Uint32Array::from(ends.as_slice()));
        }
        let id = self.templates.last.get().wrapping_add(1);
        self.templates.last.set(id);
        self.templates.kept.borrow_mut().insert(id, Rc::new(template));
        Ok(Entries::new().set("id", id).set("segments", segments).into())
    }

    pub(super) fn template(&self, id: u32) -> Result<Rc<Template>> {
        let known = self.templates.kept.borrow().get(&id).cloned();
        known.ok_or_else(|| Error::new(Code::Internal, "a template was used after it was let go"))
    }
}

/// The parts of a template as JavaScript hands them over.
pub(super) fn texts_of(parts: &JsValue) -> Vec<(PartName, String)> {
    let part = |part: JsValue| {
        let name = match text_property(&part, "part").as_str() {
            "subject" => PartName::Subject,
            "preheader" => PartName::Preheader,
            "html" => PartName::Html,
            "text" => PartName::Text,
            "amp" => PartName::Amp,
            _ => PartName::Whole,
        };
        (name, text_property(&part, "text"))
    };
    js_sys::Array::from(parts).iter().map(part).collect()
}

type Results = Vec<Result<Made>>;

async fn render_at(host: Host, mails: Mails) -> Result<(Results, i64)> {
    let clock = host.clone();
    let made = render(host, mails).await?;
    Ok((made, clock.now()))
}

/// Parts of mails on their way out, in columns.
#[derive(Default)]
struct Parts {
    pieces: Vec<i32>,
    ends: Vec<u32>,
    values: Texts,
}

impl Parts {
    fn push(&mut self, part: &FilledPart) {
        let base = self.values.len() as i32;
        self.pieces.extend(part.pieces.iter().map(|piece| if *piece < 0 { !(base + !piece) } else { *piece }));
        self.ends.push(self.pieces.len() as u32);
        part.values.iter().for_each(|value| self.values.push(value));
    }

    fn entries(&self) -> Entries {
        Entries::new()
            .set("pieces", Int32Array::from(self.pieces.as_slice()))
            .set("pieceEnds", Uint32Array::from(self.ends.as_slice()))
            .set("values", texts_to_js(&self.values))
    }
}

pub(super) fn mails_to_js(mails: &Results, now: i64) -> JsValue {
    let (mut parts, mut draw_texts) = (Parts::default(), Texts::default());
    let (mut ends, mut expiries, mut repeats, mut numbers) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let errors = js_sys::Array::new();
    for mail in mails {
        match mail {
            Err(error) => {
                errors.push(&error_to_js(error));
            }
            Ok(made) => {
                errors.push(&JsValue::NULL);
                made.filled.parts.iter().for_each(|part| parts.push(part));
                for draw in &made.draws {
                    [&draw.handle, &draw.slot, &draw.code].iter().for_each(|text| draw_texts.push(text));
                    expiries.push(draw.expires_at);
                    repeats.push(u8::from(draw.repeat));
                    numbers.push(draw.number as f64);
                }
            }
        }
        ends.push(numbers.len() as u32);
    }
    parts
        .entries()
        .set("errors", errors)
        .set("drawTexts", texts_to_js(&draw_texts))
        .set("drawEnds", Uint32Array::from(ends.as_slice()))
        .set("expiresAt", instants_to_js(expiries.into_iter()))
        .set("repeat", Uint8Array::from(repeats.as_slice()))
        .set("numbers", Float64Array::from(numbers.as_slice()))
        .set("now", now as f64)
        .into()
}
