//! The engine that JavaScript holds: flows by name.

use std::future::Future;
use std::rc::Rc;

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::convert::{Entries, error_to_js, property, text_property, texts_from_js, to_js};
use super::replies::{Reader, reader};
use super::steps::{drawn_to_js, step_to_js};
use crate::error::{Code, Error, Result};
use crate::flow::draw::{Uses, draw_many};
use crate::flow::release::release;
use crate::flow::step::{Failure, Reply, Whose};
use crate::flow::{Flow as CoreFlow, Host, HostTraits, Progress, Session};
use crate::pool::settings::check_handle;

/// What a JavaScript caller holds of the core: what flows share, and parsed templates.
#[wasm_bindgen]
#[derive(Default)]
pub struct Engine {
    session: Rc<Session>,
    #[cfg(feature = "mail")]
    pub(super) templates: super::mail::Templates,
}

/// A flow under way.
#[wasm_bindgen]
pub struct Flow {
    run: Box<dyn FnMut(Option<Reply>, i64) -> Progress<JsValue>>,
    reader: Option<Reader>,
}

pub(super) type Outcome<T> = std::result::Result<T, JsValue>;

#[wasm_bindgen]
impl Engine {
    /// An engine with nothing in it.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Engine {
        Engine::default()
    }

    /// Begins the flow of this name.
    pub fn start(&self, kind: &str, args: JsValue) -> Outcome<Flow> {
        self.begin(kind, &args).map_err(|error| error_to_js(&error))
    }
}

impl Engine {
    fn begin(&self, kind: &str, args: &JsValue) -> Result<Flow> {
        let text = |name: &str| text_property(args, name);
        let handle = || handle_of(args);
        match kind {
            "draw" => {
                let (handle, uses) = (handle()?, uses(args));
                self.flow(args, |host| draw_many(host, handle, uses), |drawn| drawn_to_js(&drawn))
            }
            "release" => {
                let (handle, message, contact, slot) = (handle()?, text("message"), text("contact"), text("slot"));
                let number = property(args, "number").as_f64().unwrap_or(0.0);
                let work = move |host| release(host, handle, message, contact, slot, number);
                self.flow(args, work, |done| to_js(&done))
            }
            #[cfg(feature = "mail")]
            _ => self.mail(kind, args),
            #[cfg(not(feature = "mail"))]
            other => Err(Error::new(Code::Internal, format!("there is no flow {other}"))),
        }
    }

    pub(super) fn flow<T: 'static, F: Future<Output = Result<T>> + 'static>(
        &self,
        args: &JsValue,
        work: impl FnOnce(Host) -> F,
        convert: impl Fn(T) -> JsValue + 'static,
    ) -> Result<Flow> {
        let entropy = entropy()?;
        let limits = property(args, "traits");
        let limit = |name: &str| property(&limits, name).as_f64().map_or(1, |limit| limit.max(1.0) as usize);
        let traits = HostTraits {
            claim_items: limit("claimItems"),
            block_codes: limit("blockCodes"),
            sort_codes: limit("sortCodes"),
            hears_alerts: property(&limits, "hearsAlerts").is_truthy(),
        };
        let mut flow = CoreFlow::new(self.session.clone(), traits, entropy, work);
        let run = move |reply, now| match flow.resume(reply, now) {
            Progress::Needs(step) => Progress::Needs(step),
            Progress::Done(result) => Progress::Done(result.map(&convert)),
        };
        Ok(Flow { run: Box::new(run), reader: None })
    }
}

#[wasm_bindgen]
impl Flow {
    /// Goes on with the reply to the last step: `{ step, request }`, `{ done }` or `{ error }`.
    pub fn resume(&mut self, now: f64, reply: JsValue) -> JsValue {
        let reply = match self.reader.take().map(|read| read(reply)).transpose() {
            Ok(reply) => reply,
            Err(error) => {
                let error = Error::new(Code::StoreAnswer, error.message());
                return Entries::new().set("error", error_to_js(&error)).into();
            }
        };
        self.go_on(reply, now)
    }

    /// Goes on after the last step failed; the driver keeps the failure under this number.
    pub fn fail(&mut self, now: f64, failure: u32, whose: &str) -> JsValue {
        self.reader = None;
        let whose = match whose {
            "store" => Whose::Store,
            "abort" => Whose::Abort,
            "answer" => Whose::Answer,
            _ => Whose::Host,
        };
        self.go_on(Some(Reply::Failed(Failure { number: failure, whose })), now)
    }

    fn go_on(&mut self, reply: Option<Reply>, now: f64) -> JsValue {
        match (self.run)(reply, now as i64) {
            Progress::Needs(step) => {
                self.reader = Some(reader(&step));
                step_to_js(&step)
            }
            Progress::Done(Ok(done)) => Entries::new().set("done", done).into(),
            Progress::Done(Err(error)) => Entries::new().set("error", error_to_js(&error)).into(),
        }
    }
}

/// Random bytes of the host's.
pub(super) fn entropy() -> Result<[u8; 32]> {
    let mut entropy = [0; 32];
    getrandom::fill(&mut entropy)
        .map_err(|error| Error::new(Code::Internal, format!("the host has no secure randomness: {error}")))?;
    Ok(entropy)
}

/// The handle that a call names, checked before anything is asked of the store.
pub(super) fn handle_of(args: &JsValue) -> Result<String> {
    let handle = text_property(args, "handle");
    check_handle(&handle).map(|()| handle)
}

fn uses(args: &JsValue) -> Uses {
    Uses {
        messages: texts_from_js(&property(args, "messages")),
        contacts: texts_from_js(&property(args, "contacts")),
        slots: texts_from_js(&property(args, "slots")),
        falls_back: Vec::new(),
    }
}
