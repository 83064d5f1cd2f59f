//! Storing confirmed codes: a batch each time, begun, added and committed in one go.

use super::entry::{Entry, Made, find};
use crate::code::{Block, Run, Texts, fingerprint};
use crate::error::{Code, Error, Result};
use crate::flow::Host;
use crate::flow::find::equality_keys;
use crate::flow::step::{
    AddBlock, BatchNote, BeginBatch, Begun, BlockAnswer, CommitBatch, Committed, DropBatch, Pause, Settle,
};
use crate::limits::RACE_RETRIES;
use crate::record::Value;

/// How long a batch may be staged, in milliseconds: it is committed at once, and one that a crash left keeps nobody
/// waiting for long.
const STAGED_MS: i64 = 5_000;

/// Codes that a shop has, of one piece.
pub(super) enum Lot {
    /// Generated here, and how many places of the entry they took.
    Ours(Block, u64),
    /// Made by the shop, and how many places of the entry they took.
    Invented(Texts, u64),
}

impl Lot {
    /// How many codes there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Lot::Ours(block, _) => block.len(),
            Lot::Invented(codes, _) => codes.len(),
        }
    }

    /// How many places of the entry they took.
    pub(super) fn taken(&self) -> u64 {
        match self {
            Lot::Ours(_, taken) | Lot::Invented(_, taken) => *taken,
        }
    }
}

/// Stores lots of an entry; answers how many codes are new to the pool, and whether the entry is this owner's still, so
/// that all are stored. Codes that the pool has already are no matter: somebody stored them before and could not say so.
/// `made` says from what they were made, if they were made here.
pub(super) async fn store(
    host: &Host,
    pool: &str,
    batch: &str,
    lots: Vec<Lot>,
    (entry, owner): (&Entry, &str),
    made: Option<Made>,
) -> Result<(u64, bool)> {
    let mut whole = Block::default();
    for lot in lots {
        match lot {
            Lot::Ours(block, _) => append(&mut whole, &block),
            Lot::Invented(codes, _) => append(&mut whole, &invented(host, codes, entry.case_sensitive).await?),
        }
    }
    let mut added = 0;
    let step = host.traits().block_codes.max(1);
    for from in (0..whole.len()).step_by(step) {
        let part = part(&whole, from, whole.len().min(from + step));
        match add(host, pool, &format!("{batch}-{from}-{}", part.len()), part, (entry, owner), &made).await? {
            Some(more) => added += more,
            None => return Ok((added, false)),
        }
    }
    Ok((added, true))
}

/// Adds one block as a batch of its own. A batch that was ended by somebody else (dropped with its lease, or committed
/// by a call whose answer was lost) is tried again under another name; what is in the pool by then is not added twice.
/// None if the entry is no longer this owner's: whoever gave it up has the codes deleted that are not in the pool, so
/// none may come into it any more. Where the shop deletes nothing, that is no matter.
async fn add(
    host: &Host,
    pool: &str,
    name: &str,
    block: Block,
    (entry, owner): (&Entry, &str),
    made: &Option<Made>,
) -> Result<Option<u64>> {
    let count = block.len() as u64;
    let mut turn = 0;
    let mut document = host.document(pool).await?;
    while turn < RACE_RETRIES {
        let batch = if turn == 0 { name.to_owned() } else { format!("{name}-{turn}") };
        let request = BeginBatch {
            pool: pool.to_owned(),
            batch: batch.clone(),
            version: document.version,
            now: host.now(),
            lease: STAGED_MS,
        };
        match host.begin_batch(request).await? {
            Begun::Begun => {}
            Begun::Stale { document: fresh } => {
                document = host.remember(pool, fresh)?;
                continue;
            }
            Begun::Busy { until, .. } => {
                host.pause(Pause { wait: (until - host.now()).max(0) }).await?;
                turn += 1;
                continue;
            }
            Begun::Ended => {
                turn += 1;
                continue;
            }
        }
        let request = AddBlock {
            pool: pool.to_owned(),
            batch: batch.clone(),
            number: 0,
            block: block.clone(),
            now: host.now(),
            lease: STAGED_MS,
        };
        host.add_block(request).await?;
        let duplicates = match host.settle(Settle { rows: count, bytes: 0 }).await? {
            BlockAnswer::Added { duplicates } => duplicates,
            BlockAnswer::Ended => {
                turn += 1;
                continue;
            }
        };
        if duplicates.len() as u64 == count {
            // Somebody stored all of them before: a batch without codes would tell nobody anything.
            host.drop_batch(DropBatch { pool: pool.to_owned(), batch }).await?;
            return Ok(Some(0));
        }
        // Looked at when the codes are staged and not before: this process may have stood still meanwhile.
        if made.is_some() && !find(host, pool).await?.is_some_and(|saved| saved.entry.is_of(entry, owner)) {
            host.drop_batch(DropBatch { pool: pool.to_owned(), batch }).await?;
            return Ok(None);
        }
        let made = made.as_ref().map_or(Ok(Value::Null), |made| made.of(&block, &duplicates))?;
        let duplicates_in_pool = duplicates.len() as u64;
        let note = BatchNote { rows: count, duplicates_in_pool, made, ..BatchNote::default() };
        match host.commit_batch(CommitBatch { pool: pool.to_owned(), batch, note, now: host.now() }).await? {
            Committed::Committed { added } => return Ok(Some(added)),
            Committed::Ended => turn += 1,
        }
    }
    Err(Error::new(Code::PoolChanged, format!("others keep changing \"{pool}\": try again")).with("pool", pool))
}

/// Codes that the shop made, with their keys.
async fn invented(host: &Host, codes: Texts, case_sensitive: bool) -> Result<Block> {
    let keys = equality_keys(host, codes.clone(), case_sensitive).await?;
    let mut block = Block::default();
    for (code, key) in codes.iter().zip(&keys) {
        block.push(code, key, fingerprint(key));
    }
    block.runs = vec![Run { expires_at: None, count: codes.len() as u32 }];
    Ok(block)
}

fn append(whole: &mut Block, more: &Block) {
    for at in 0..more.len() {
        whole.push(more.codes.get(at), more.key(at), more.fingerprints[at]);
    }
    let expires_at = more.runs.first().and_then(|run| run.expires_at);
    match whole.runs.last_mut() {
        Some(run) if run.expires_at == expires_at => run.count += more.len() as u32,
        _ => whole.runs.push(Run { expires_at, count: more.len() as u32 }),
    }
}

pub(super) fn part(whole: &Block, from: usize, to: usize) -> Block {
    let mut part = Block::default();
    for at in from..to {
        part.push(whole.codes.get(at), whole.key(at), whole.fingerprints[at]);
    }
    let expires_at = whole.runs.first().and_then(|run| run.expires_at);
    part.runs = vec![Run { expires_at, count: (to - from) as u32 }];
    part
}
