//! Flows: work that needs the host, as plain `async fn`s that never await the host's promises.
//!
//! A flow awaits a slot. Awaiting puts a [`Step`] into it; whoever drives the flow takes the step out, performs it
//! in its own time, puts the [`Reply`] back and resumes. No borrow, lock or promise lives across that boundary, any
//! number of flows run side by side, and the same flows run under a simulated host that loses answers.

pub mod alerts;
mod claim;
pub mod draw;
#[cfg(feature = "manage")]
mod every;
#[cfg(feature = "manage")]
mod expiry;
#[cfg(feature = "manage")]
pub mod export;
#[cfg(feature = "manage")]
pub mod find;
#[cfg(feature = "manage")]
pub mod maintain;
#[cfg(feature = "manage")]
pub mod pools;
#[cfg(feature = "manage")]
pub mod preview;
pub mod release;
#[cfg(feature = "mail")]
pub mod render;
pub mod step;
#[cfg(feature = "manage")]
pub mod topup;
#[cfg(feature = "manage")]
pub mod undo;
#[cfg(feature = "manage")]
pub mod upload;

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::error::{Code, Error, Result};
use crate::pool::document::PoolDocument;
use crate::sorted::Sorted;
use step::{Load, Reply, Step};

/// Numbers of calls that one run may use: more than the largest top-up needs.
#[cfg(feature = "manage")]
const CALLS_OF_A_RUN: u32 = 1 << 22;

/// What flows of one host share: documents that were read before. They may be old; claims notice.
#[derive(Debug, Default)]
pub struct Session {
    documents: RefCell<Sorted<String, Rc<PoolDocument>>>,
}

/// What the host can do: what its store takes in one call, and whether anybody hears alerts.
#[derive(Clone, Copy, Debug)]
pub struct HostTraits {
    /// Most items in one claim or release.
    pub claim_items: usize,
    /// Most codes in one block.
    pub block_codes: usize,
    /// So many codes of an upload at a time come in the order of their keys; 0 for the order of the file.
    pub sort_codes: usize,
    /// Whether there is a notifier. Where there is none, crossings wait for a host that has one.
    pub hears_alerts: bool,
}

/// The host as a flow sees it: somebody who performs steps, a clock, and random bytes.
#[derive(Clone)]
pub struct Host {
    slot: Rc<RefCell<Slot>>,
    now: Rc<Cell<i64>>,
    session: Rc<Session>,
    entropy: [u8; 32],
    traits: HostTraits,
    #[cfg(feature = "manage")]
    runs: Rc<Cell<u32>>,
}

enum Slot {
    Idle,
    Asked(Step),
    Answered(Reply),
}

impl Host {
    /// The caller's clock at the last resumption, in milliseconds since 1970.
    pub fn now(&self) -> i64 {
        self.now.get()
    }

    /// Random bytes, the same throughout the flow.
    pub fn entropy(&self) -> &[u8; 32] {
        &self.entropy
    }

    /// What the host can do.
    pub fn traits(&self) -> HostTraits {
        self.traits
    }

    #[cfg(feature = "manage")]
    /// Where the numbers of calls to shops begin that nobody else in this flow uses: answers to calls that were given up
    /// come as late as they like.
    fn tickets(&self) -> u32 {
        self.runs.set(self.runs.get().wrapping_add(1));
        self.runs.get().wrapping_mul(CALLS_OF_A_RUN)
    }

    /// The pool's document, from the session if it was read before.
    pub async fn document(&self, handle: &str) -> Result<Rc<PoolDocument>> {
        let known = self.session.documents.borrow().get(handle).cloned();
        match known {
            Some(document) => Ok(document),
            None => self.fresh_document(handle).await,
        }
    }

    /// The pool's document as the store has it now.
    pub async fn fresh_document(&self, handle: &str) -> Result<Rc<PoolDocument>> {
        let documents = self.load(Load { pools: vec![handle.to_owned()] }).await?;
        let document = documents.into_iter().next().ok_or_else(|| Reply::wrong("load"))?;
        self.remember(handle, document)
    }

    /// Keeps a document for the session; `None` says that there is no such pool.
    fn remember(&self, handle: &str, document: Option<PoolDocument>) -> Result<Rc<PoolDocument>> {
        let mut documents = self.session.documents.borrow_mut();
        match document {
            Some(document) => {
                let document = Rc::new(document);
                documents.insert(handle.to_owned(), document.clone());
                Ok(document)
            }
            None => {
                documents.remove(handle);
                Err(Error::new(
                    Code::PoolNotFound,
                    format!("there is no pool \"{handle}\": create it first, or check the spelling of the tag"),
                )
                .with("pool", handle))
            }
        }
    }

    fn ask(&self, step: Step) -> Ask {
        Ask { slot: self.slot.clone(), step: Some(step) }
    }
}

/// A step that has been asked for, until it is answered.
struct Ask {
    slot: Rc<RefCell<Slot>>,
    step: Option<Step>,
}

impl Future for Ask {
    type Output = Reply;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Reply> {
        let step = self.step.take();
        let mut slot = self.slot.borrow_mut();
        if let Some(step) = step {
            *slot = Slot::Asked(step);
            return Poll::Pending;
        }
        match std::mem::replace(&mut *slot, Slot::Idle) {
            Slot::Answered(reply) => Poll::Ready(reply),
            other => {
                *slot = other;
                Poll::Pending
            }
        }
    }
}

/// What a flow has come to.
#[expect(clippy::large_enum_variant, reason = "one lives for a moment; a box would only cost code")]
#[derive(Debug)]
pub enum Progress<T> {
    /// It needs this step performed, and the reply to go on.
    Needs(Step),
    /// It is done.
    Done(Result<T>),
}

/// A piece of work under way.
pub struct Flow<T> {
    host: Host,
    work: Pin<Box<dyn Future<Output = Result<T>>>>,
}

impl<T> Flow<T> {
    /// Makes a flow; nothing happens before the first [`Flow::resume`].
    pub fn new<F>(session: Rc<Session>, traits: HostTraits, entropy: [u8; 32], work: impl FnOnce(Host) -> F) -> Self
    where
        F: Future<Output = Result<T>> + 'static,
    {
        let host = Host {
            slot: Rc::new(RefCell::new(Slot::Idle)),
            now: Rc::new(Cell::new(0)),
            session,
            entropy,
            traits,
            #[cfg(feature = "manage")]
            runs: Rc::default(),
        };
        let work = Box::pin(work(host.clone()));
        Flow { host, work }
    }

    /// Goes on with the reply to the last step (none at first) until the next step or the end.
    pub fn resume(&mut self, reply: Option<Reply>, now: i64) -> Progress<T> {
        self.host.now.set(now);
        if let Some(reply) = reply {
            *self.host.slot.borrow_mut() = Slot::Answered(reply);
        }
        match self.work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => Progress::Done(result),
            Poll::Pending => match std::mem::replace(&mut *self.host.slot.borrow_mut(), Slot::Idle) {
                Slot::Asked(step) => Progress::Needs(step),
                _ => Progress::Done(Err(Error::new(Code::Internal, "a flow was resumed without a reply"))),
            },
        }
    }
}
