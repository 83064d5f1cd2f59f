//! Pieces of a delivery: the codes of one call, and what is known of them.

use super::Fault;
use super::shopify::Job;
use crate::code::Texts;

/// How soon and how late a job is asked after, in milliseconds.
pub(super) const LOOKS: std::ops::RangeInclusive<i64> = 250..=30_000;
/// How long a job may take: it is looked up then as if it had failed.
const LONGEST_JOB: i64 = 300_000;
/// How many calls about a piece may be lost in a row, and how often it is sent: a bad line is no reason to give up.
pub(super) const TRIES: u32 = 8;

/// The codes of one call.
pub(super) struct Piece {
    pub(super) number: u32,
    pub(super) codes: Texts,
    /// Which codes the shop is not known to have.
    pub(super) open: Vec<u32>,
    pub(super) foreign: Vec<u32>,
    pub(super) state: State,
    /// Not before this time.
    pub(super) at: i64,
    /// How often it was sent.
    pub(super) sent: u32,
    /// Calls about it that were lost in a row.
    pub(super) losses: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum State {
    /// To be sent.
    Fresh,
    /// A job is at it since then, and was asked after so often.
    Job(String, i64, u32),
    /// To be looked up, after this job.
    Doubtful(Option<String>),
    /// Not all there although a job is done: why, the job knows.
    Refused(String),
    /// A call about it is under way; this was before.
    Asking(Box<State>),
}

impl Piece {
    pub(super) fn new(number: u32, codes: Texts) -> Self {
        let open = (0..codes.len() as u32).collect();
        Piece { number, codes, open, foreign: Vec::new(), state: State::Fresh, at: 0, sent: 0, losses: 0 }
    }

    /// How far the job is that adds it.
    pub(super) fn went(&mut self, id: String, job: Job, since: i64, now: i64, (looks, pause): (u32, i64)) {
        match job {
            Job::Added => self.open.clear(),
            Job::Running if now - since < LONGEST_JOB => {
                self.at = now + pause.max(*LOOKS.start());
                self.state = State::Job(id, since, looks);
            }
            Job::Running | Job::Failed => self.state = State::Doubtful(Some(id)),
        }
    }

    /// Some codes were looked up and are not there: they are sent again, and in the end their job says why.
    pub(super) fn missing(&mut self, job: Option<String>) {
        self.state = match job {
            Some(job) if self.sent > 1 => State::Refused(job),
            _ => State::Fresh,
        };
    }

    /// Sent again, but not for ever.
    pub(super) fn again(&mut self, why: Option<String>) -> Result<(), Fault> {
        match why {
            None if self.sent < TRIES => {
                self.state = State::Fresh;
                Ok(())
            }
            why => {
                Err(Fault::Refused(why.unwrap_or_else(|| "the shop neither has the codes nor takes them".to_owned())))
            }
        }
    }
}
