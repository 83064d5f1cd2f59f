//! Processes: each with a clock, a session and flows under way. What a flow needs of its own host is done at once.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use coupon_pools::code::Texts;
use coupon_pools::flow::step::{Failure, Piece, Reply, Step, Whose};
use coupon_pools::flow::{HostTraits, Session};

use crate::chance::Chance;
use crate::files::{instant, normalize};
use crate::mails::date;
use crate::orders::{Ending, Order, Stage, Work};

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
}

/// What a flow wants of the network, or how it ended.
pub(crate) enum Turn {
    Send(Step),
    /// A block goes off, and the flow goes on.
    SendBlock(Step),
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
        let running = Running { work, disturbed: false, chunks, patience, settled: None, settling: false };
        (running, entropy)
    }

    /// The answer to a request has arrived: what to go on with, if the flow waits for it.
    pub(crate) fn arrived(&mut self, reply: Reply, block: bool) -> Option<Reply> {
        if block && !std::mem::take(&mut self.settling) {
            self.settled = Some(reply);
            return None;
        }
        Some(reply)
    }

    /// Goes on until the network is needed. With `faulty`, the host's own callbacks fail now and then.
    pub(crate) fn resume(&mut self, mut reply: Option<Reply>, now: i64, chance: &mut Chance, faulty: bool) -> Turn {
        loop {
            let step = match (self.work)(reply.take(), now) {
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
                Step::AddBlock(_) => return Turn::SendBlock(step),
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
