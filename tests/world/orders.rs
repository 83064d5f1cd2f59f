//! Orders: what a host asks of the module, and the flow that each becomes.

use std::rc::Rc;

use coupon_pools::error::{Error, Result};
use coupon_pools::flow::draw::{Drawn, Uses, draw_many};
use coupon_pools::flow::export::{What, export};
use coupon_pools::flow::find::{FindWhat, find, forget, redeemed};
use coupon_pools::flow::maintain::{maintain, prepare};
use coupon_pools::flow::pools::{create, edit, get, list};
use coupon_pools::flow::preview::preview;
use coupon_pools::flow::release::release;
use coupon_pools::flow::render::{Made, Mails, render};
use coupon_pools::flow::step::{Reply, Step};
use coupon_pools::flow::topup::top_up;
use coupon_pools::flow::undo::{batches, undo};
use coupon_pools::flow::upload::{TakeOver, UploadOptions, Uploaded, upload};
use coupon_pools::flow::{Flow, Host, HostTraits, Progress, Session};
use coupon_pools::import::ImportOptions;
use coupon_pools::pool::settings::Settings;

use crate::files::File;
use crate::mails::Mail;

/// The one mail that shows a code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Showing {
    pub(crate) message: String,
    pub(crate) contact: String,
    pub(crate) slot: String,
}

/// What a host asks.
#[derive(Debug)]
pub(crate) enum Order {
    Create {
        pool: String,
        settings: Settings,
    },
    Edit {
        pool: String,
        patch: Settings,
    },
    /// Cancelled after so many chunks, if at all.
    Upload {
        pool: String,
        file: File,
        cancelled: Option<usize>,
        dry_run: bool,
        /// Drops another upload that it finds under way.
        take_over: bool,
    },
    Undo {
        pool: String,
        batch: String,
    },
    Draw {
        pool: String,
        uses: Vec<Showing>,
    },
    /// Each with its message and contact.
    Render(Vec<(Rc<Mail>, String, String)>),
    Preview(Rc<Mail>),
    Release {
        pool: String,
        showing: Showing,
        number: u64,
    },
    Find {
        pool: String,
        what: FindWhat,
    },
    Forget {
        contact: String,
    },
    Redeemed {
        pool: String,
        code: String,
    },
    Maintain,
    /// Asked for by a draw of the same process.
    TopUp {
        pool: String,
        count: u64,
        wait: i64,
    },
    Prepare {
        pool: String,
        count: u64,
    },
    Export {
        pool: String,
        what: What,
    },
    Look {
        pool: String,
    },
}

/// How an order ended.
#[expect(clippy::large_enum_variant, reason = "one lives for a moment")]
#[derive(Debug)]
pub(crate) enum Ending {
    Drawn(Result<Drawn>),
    Mails(Result<Vec<Result<Made>>>),
    Uploaded(Result<Uploaded>),
    Other(Result<()>),
}

/// What a flow has come to.
pub(crate) enum Stage {
    Needs(Step),
    Done(Ending),
}

/// A flow under way, whatever it gives in the end.
pub(crate) type Work = Box<dyn FnMut(Option<Reply>, i64) -> Stage>;

impl Ending {
    /// The error of the order as a whole.
    pub(crate) fn error(&self) -> Option<&Error> {
        match self {
            Ending::Drawn(result) => result.as_ref().err(),
            Ending::Mails(result) => result.as_ref().err(),
            Ending::Uploaded(result) => result.as_ref().err(),
            Ending::Other(result) => result.as_ref().err(),
        }
    }
}

impl Order {
    /// Whether it may ask for nothing but reading.
    pub(crate) fn only_reads(&self) -> bool {
        match self {
            Order::Preview(_) | Order::Find { .. } | Order::Export { .. } | Order::Look { .. } => true,
            Order::Upload { dry_run, .. } => *dry_run,
            _ => false,
        }
    }

    /// The flow that does it.
    pub(crate) fn start(&self, session: Rc<Session>, limits: HostTraits, entropy: [u8; 32]) -> Work {
        let place = Start { session, limits, entropy };
        match self {
            Order::Create { pool, settings } => {
                let (pool, settings) = (pool.clone(), settings.clone());
                place.work(|host| create(host, pool, settings), other)
            }
            Order::Edit { pool, patch } => {
                let (pool, patch) = (pool.clone(), patch.clone());
                place.work(|host| edit(host, pool, patch), other)
            }
            Order::Upload { pool, dry_run, take_over, .. } => {
                let take_over = take_over.then_some(TakeOver::Found);
                let options = UploadOptions { dry_run: *dry_run, take_over, ..UploadOptions::default() };
                let pool = pool.clone();
                place.work(|host| upload(host, pool, options, ImportOptions::default()), Ending::Uploaded)
            }
            Order::Undo { pool, batch } => {
                let (pool, batch) = (pool.clone(), batch.clone());
                place.work(|host| undo(host, pool, batch), other)
            }
            Order::Draw { pool, uses } => {
                let (pool, mut columns) = (pool.clone(), Uses::default());
                for one in uses {
                    columns.push(&one.message, &one.contact, &one.slot, false);
                }
                place.work(|host| draw_many(host, pool, columns), Ending::Drawn)
            }
            Order::Render(mails) => {
                let mails = Mails {
                    templates: mails.iter().map(|(mail, ..)| mail.template.clone()).collect(),
                    messages: mails.iter().map(|(_, message, _)| message.as_str()).collect(),
                    contacts: mails.iter().map(|(.., contact)| contact.as_str()).collect(),
                };
                place.work(|host| render(host, mails), Ending::Mails)
            }
            Order::Preview(mail) => {
                let template = mail.template.clone();
                place.work(|host| preview(host, template), other)
            }
            Order::Release { pool, showing, number } => {
                let (pool, number) = (pool.clone(), *number as f64);
                let Showing { message, contact, slot } = showing.clone();
                place.work(move |host| release(host, pool, message, contact, slot, number), other)
            }
            Order::Find { pool, what } => {
                let (pool, what) = (pool.clone(), what.clone());
                place.work(|host| find(host, pool, what, None, 10), other)
            }
            Order::Forget { contact } => {
                let contact = contact.clone();
                place.work(|host| forget(host, contact), other)
            }
            Order::Redeemed { pool, code } => {
                let (pool, codes) = (pool.clone(), [code.as_str()].into_iter().collect());
                place.work(|host| redeemed(host, pool, codes), other)
            }
            Order::Maintain => place.work(maintain, other),
            Order::TopUp { pool, count, wait } => {
                let (pool, count, wait) = (pool.clone(), *count, *wait);
                place.work(move |host| top_up(host, pool, count, wait), other)
            }
            Order::Prepare { pool, count } => {
                let (pool, count) = (pool.clone(), *count);
                place.work(move |host| prepare(host, pool, count), other)
            }
            Order::Export { pool, what } => {
                let (pool, what) = (pool.clone(), *what);
                place.work(move |host| export(host, pool, what), other)
            }
            Order::Look { pool } => {
                let pool = pool.clone();
                place.work(|host| look(host, pool), other)
            }
        }
    }
}

async fn look(host: Host, pool: String) -> Result<()> {
    list(host.clone(), false, None, 10).await?;
    get(host.clone(), pool.clone()).await?;
    batches(host.clone(), pool.clone(), None, 10).await?;
    prepare(host, pool, 5).await?;
    Ok(())
}

fn other<T>(result: Result<T>) -> Ending {
    Ending::Other(result.map(|_| ()))
}

struct Start {
    session: Rc<Session>,
    limits: HostTraits,
    entropy: [u8; 32],
}

impl Start {
    fn work<T: 'static, F>(self, work: impl FnOnce(Host) -> F, end: fn(Result<T>) -> Ending) -> Work
    where
        F: Future<Output = Result<T>> + 'static,
    {
        let mut flow = Flow::new(self.session, self.limits, self.entropy, work);
        Box::new(move |reply, now| match flow.resume(reply, now) {
            Progress::Needs(step) => Stage::Needs(step),
            Progress::Done(result) => Stage::Done(end(result)),
        })
    }
}
