//! Processes: each with a clock, a session and flows under way. What a flow needs of its own host is done at once.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use coupon_pools::code::Texts;
use coupon_pools::flow::step::{Failure, Piece, Reply, Step, TopUp, Whose};
use coupon_pools::flow::{HostTraits, Session};

use crate::chance::Chance;
use crate::files::{instant, normalize};
use crate::mails::date;
use crate::orders::{Ending, Order, Stage, Work};
use crate::shopping::traits_of;

/// One process of the host.
#[derive(Default)]
pub(crate) struct Process {
    /// How far its clock is ahead.
    pub(crate) skew: i64,
    pub(crate) session: Rc<Session>,
    /// By the flow's number.
    pub(crate) running: BTreeMap<u64, Running>,
}

/// A flow under way.
pub(crate) struct Running {
    work: Work,
    /// Something went wrong between it and the store.
    pub(crate) disturbed: bool,
    /// What is left of the file that it reads.
    chunks: VecDeque<Vec<u8>>,
    /// Chunks until it is cancelled.
    patience: Option<usize>,
    /// The answer to the block in flight.
    settled: Option<Reply>,
    settling: bool,
    /// How calls to the shop ended that it has not asked about.
    heard: VecDeque<Reply>,
    listening: bool,
    /// When it goes on by itself, and with what.
    pub(crate) wake: Option<(i64, Reply)>,
    /// The flow for which this one fills a pool.
    pub(crate) parent: Option<u64>,
}

/// How a parcel's answer is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The flow waits for it.
    Call,
    /// The flow went on, and comes back for it.
    Block,
    /// The flow went on, and comes back for whichever answer is first.
    Shop,
}

/// What a flow wants of the network, or how it ended.
pub(crate) enum Turn {
    Send(Step),
    /// It goes off, and the flow goes on.
    SendOff(Step, Way),
    /// Another flow is to fill a pool first.
    Fill(TopUp),
    Wait,
    End(Ending),
}

impl Running {
    pub(crate) fn new(
        order: &Order,
        session: Rc<Session>,
        limits: HostTraits,
        chance: &mut Chance,
    ) -> (Self, [u8; 32]) {
        let mut entropy = [0; 32];
        for bytes in entropy.chunks_mut(8) {
            bytes.copy_from_slice(&chance.next().to_le_bytes());
        }
        let (mut chunks, mut patience) = (VecDeque::new(), None);
        if let Order::Upload { file, cancelled, .. } = order {
            patience = *cancelled;
            let mut rest = file.bytes.as_slice();
            while !rest.is_empty() {
                let (chunk, more) = rest.split_at(rest.len().min(1 + chance.below(120)));
                chunks.push_back(chunk.to_vec());
                rest = more;
            }
        }
        let work = order.start(session, limits, entropy);
        let running = Running {
            work,
            disturbed: false,
            chunks,
            patience,
            settled: None,
            settling: false,
            heard: VecDeque::new(),
            listening: false,
            wake: None,
            parent: None,
        };
        (running, entropy)
    }

    /// The answer to a request has arrived: what to go on with, if the flow waits for it.
    pub(crate) fn arrived(&mut self, reply: Reply, way: Way) -> Option<Reply> {
        match way {
            Way::Block if !std::mem::take(&mut self.settling) => {
                self.settled = Some(reply);
                return None;
            }
            Way::Shop if !std::mem::take(&mut self.listening) => {
                self.heard.push_back(reply);
                return None;
            }
            _ => self.wake = None,
        }
        Some(reply)
    }

    /// Its time has come.
    pub(crate) fn woken(&mut self) -> Option<Reply> {
        self.listening = false;
        self.wake.take().map(|(_, reply)| reply)
    }

    /// Goes on until the network is needed. With `faulty`, the host's own callbacks fail now and then.
    pub(crate) fn resume(
        &mut self,
        mut reply: Option<Reply>,
        (clock, skew): (i64, i64),
        chance: &mut Chance,
        faulty: bool,
    ) -> Turn {
        loop {
            let step = match (self.work)(reply.take(), clock + skew) {
                Stage::Done(ending) => return Turn::End(ending),
                Stage::Needs(step) => step,
            };
            reply = Some(match step {
                Step::Read(_) => self.read(),
                Step::Normalize(texts) => Reply::Normalize(texts.iter().map(normalize).collect::<Texts>()),
                Step::Instants(request) => Reply::Instants(Some(request.times.iter().map(instant).collect())),
                Step::Dates(_) if faulty && chance.percent(3) => failed(Whose::Host),
                Step::Dates(requests) => Reply::Dates(requests.iter().map(|request| date(request.at)).collect()),
                Step::Emit(_) => Reply::Emit(()),
                // The block goes off; the flow is told so, and comes back for the answer.
                Step::AddBlock(_) => return Turn::SendOff(step, Way::Block),
                Step::ShopOf(request) => Reply::ShopOf(traits_of(&request.shop)),
                Step::Send(_) => return Turn::SendOff(step, Way::Shop),
                Step::Receive(request) => match self.heard.pop_front() {
                    Some(reply) => reply,
                    None => {
                        self.listening = true;
                        self.wake = Some((clock.saturating_add(request.wait), Reply::Receive(None)));
                        return Turn::Wait;
                    }
                },
                Step::Pause(request) => {
                    self.wake = Some((clock.saturating_add(request.wait), Reply::Pause(())));
                    return Turn::Wait;
                }
                Step::TopUp(request) => return Turn::Fill(request),
                Step::Settle(_) => match self.settled.take() {
                    Some(answer) => answer,
                    None => {
                        self.settling = true;
                        return Turn::Wait;
                    }
                },
                step => return Turn::Send(step),
            });
        }
    }

    fn read(&mut self) -> Reply {
        if self.patience == Some(0) {
            return failed(Whose::Abort);
        }
        self.patience = self.patience.map(|chunks| chunks - 1);
        Reply::Read(self.chunks.pop_front().map(Piece::Bytes))
    }
}

/// How a step ends that fails.
pub(crate) fn failed(whose: Whose) -> Reply {
    Reply::Failed(Failure { number: 0, whose })
}
