//! Uploads: a stream of bytes becomes a batch of codes, whole or not at all.
//!
//! The batch is staged under a lease while blocks go in; only the commit, one mark, makes it drawable. Whatever
//! ends the flow before that drops the batch; a crash leaves it to the next upload or to `maintain`.

use std::collections::HashSet;

use serde::Serialize;

use super::find::equality_keys;
use super::step::{
    AddBlock, BatchNote, BeginBatch, Begun, BlockAnswer, CommitBatch, Committed, Contains, Counts, DropBatch, Find,
    FindBy, Instants, Piece, Read, Reply, Save, Settle,
};
use super::{Host, alerts, expiry};
use crate::code::Block;
use crate::error::{Code, Error, Result};
use crate::import::{ImportOptions, Importer, Progress, Report};
use crate::limits::{LEASE_MS, RACE_RETRIES};
use crate::pool::document::{Kind, PoolDocument};
use crate::pool::keys::base64url;
use crate::pool::sample;
use crate::pool::settings::ExpiryInput;
use crate::record::{FromValue, Value, expected};

/// How often a commit whose answer was lost is asked again: it is idempotent, and its loss would make the caller doubt.
const COMMIT_TRIES: usize = 3;

/// What an upload did, or in a dry run would do.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Uploaded {
    /// The batch's id, none in a dry run.
    pub batch: Option<String>,
    /// Codes that are new to the pool.
    pub added: u64,
    /// Codes that the pool had already.
    pub duplicates_in_pool: u64,
    /// What the file held.
    #[serde(flatten)]
    pub report: Report,
}

/// How an upload is to be done, beside how the file is to be read.
#[derive(Clone, Debug, Default)]
pub struct UploadOptions {
    /// Kept with the batch.
    pub file_name: Option<String>,
    /// Say what would happen, store nothing.
    pub dry_run: bool,
    /// For codes whose row has no expiry.
    pub expires_at: Option<ExpiryInput>,
    /// Which upload this one drops if it finds it under way; none: it is refused with `UPLOAD_IN_PROGRESS`.
    pub take_over: Option<TakeOver>,
}

/// Which upload is to be dropped for another one.
#[derive(Clone, Debug)]
pub enum TakeOver {
    /// The first that is found under way.
    Found,
    /// Only this one, which somebody was told of.
    Batch(String),
}

impl FromValue for Option<TakeOver> {
    fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::Null | Value::Bool(false) => Ok(None),
            Value::Bool(true) => Ok(Some(TakeOver::Found)),
            Value::Text(batch) => Ok(Some(TakeOver::Batch(batch))),
            _ => Err(expected("true, false or a batch")),
        }
    }
}

/// Uploads codes into a static pool. The bytes come by [`Host::read`].
pub async fn upload(host: Host, handle: String, options: UploadOptions, mut import: ImportOptions) -> Result<Uploaded> {
    let mut pool = host.fresh_document(&handle).await?;
    if let Some(expires_at) = &options.expires_at {
        import.default_expiry = Some(expiry::resolve(&host, expires_at, &pool.time_zone).await?);
    }
    let mut batch = String::with_capacity(22);
    base64url(&host.entropy()[..16], &mut batch);
    let mut take_over = options.take_over.clone();
    for _ in 0..RACE_RETRIES {
        check(&pool)?;
        if options.dry_run {
            let stock = host.counts(Counts { pool: handle.clone() }).await?.ok_or_else(|| Reply::wrong("counts"))?;
            // A pool without codes has no duplicates: the report is all there is to make.
            import.wants_blocks = stock.expiries.iter().any(|sum| sum.added > sum.undone);
            return Upload::new(&host, &pool, None, import).run().await;
        }
        let request = BeginBatch {
            pool: handle.clone(),
            batch: batch.clone(),
            version: pool.version,
            now: host.now(),
            lease: LEASE_MS,
        };
        let begun = host.begin_batch(request).await;
        if begun.is_err() {
            // It may have begun all the same, and would keep the next upload waiting.
            let _ = host.drop_batch(DropBatch { pool: handle.clone(), batch: batch.clone() }).await;
        }
        match begun? {
            Begun::Begun => {
                let result = Upload::new(&host, &pool, Some(batch.clone()), import).run_staged(&options).await;
                if result.is_err() {
                    // Without effect on a committed batch; what cannot be dropped now is dropped by the next upload.
                    let _ = host.drop_batch(DropBatch { pool: handle, batch }).await;
                } else {
                    after_commit(&host, &handle).await;
                }
                return result;
            }
            Begun::Stale { document } => pool = host.remember(&handle, document)?,
            Begun::Busy { batch: other, until } => match take_over.take() {
                // One upload at most is dropped, so that of two that take over the same dead one, one is refused. Whoever
                // sends blocks for a dropped batch, if anybody does, is told at the next one that it has ended.
                Some(takes) if takes.covers(&other) => {
                    host.drop_batch(DropBatch { pool: handle.clone(), batch: other }).await?;
                }
                _ => return Err(in_progress(&handle, other, until - host.now())),
            },
            Begun::Ended => return Err(Reply::wrong("beginBatch")),
        }
    }
    Err(Error::new(Code::PoolChanged, format!("others keep changing \"{handle}\": try again")).with("pool", handle))
}

fn check(pool: &PoolDocument) -> Result<()> {
    let (code, message) = if pool.archived {
        (Code::PoolArchived, "is archived and takes no uploads: restore it with edit(handle, { archived: false })")
    } else if pool.kind != Kind::Static {
        (Code::PoolKind, "takes no uploads: only static pools hold uploaded codes")
    } else {
        return Ok(());
    };
    Err(Error::new(code, format!("\"{}\" {message}", pool.handle)).with("pool", pool.handle.as_str()))
}

impl TakeOver {
    fn covers(&self, batch: &str) -> bool {
        match self {
            TakeOver::Found => true,
            TakeOver::Batch(told) => told == batch,
        }
    }
}

fn in_progress(handle: &str, batch: String, left: i64) -> Error {
    let seconds = (left.max(0) + 999) / 1000;
    Error::new(
        Code::UploadInProgress,
        format!(
            "another upload to \"{handle}\" is under way: wait for it, or {seconds} s until its lease has run out; if it is \
             known to have died, upload with takeOver: \"{batch}\", which drops it at once"
        ),
    )
    .with("pool", handle)
    .with("batch", batch)
    .with("retryAfter", left.max(0) as u64)
}

/// One upload under way.
struct Upload<'a> {
    host: &'a Host,
    pool: &'a PoolDocument,
    /// None in a dry run.
    batch: Option<String>,
    importer: Importer,
    wants_rejected: bool,
    blocks: u32,
    in_flight: bool,
    /// The codes of the preview, and those of them that were in no block yet.
    previewed: HashSet<String>,
    unseen: HashSet<String>,
    /// Codes of the preview in the block that was given out last, with their places in it.
    shown: Vec<(usize, String)>,
    /// When the lease was last renewed.
    renewed: i64,
    /// The settings' version that was last heard of.
    version: u32,
    duplicates_in_pool: u64,
}

impl<'a> Upload<'a> {
    fn new(host: &'a Host, pool: &'a PoolDocument, batch: Option<String>, mut import: ImportOptions) -> Self {
        import.case_sensitive = pool.case_sensitive;
        import.block_codes = host.traits().block_codes.max(1);
        import.sort_codes = host.traits().sort_codes;
        Upload {
            host,
            pool,
            batch,
            wants_rejected: import.wants_rejected,
            importer: Importer::new(import),
            blocks: 0,
            in_flight: false,
            previewed: HashSet::new(),
            unseen: HashSet::new(),
            shown: Vec::new(),
            renewed: host.now(),
            version: pool.version,
            duplicates_in_pool: 0,
        }
    }

    async fn run_staged(mut self, options: &UploadOptions) -> Result<Uploaded> {
        self.pump().await?;
        self.settle().await?;
        let report = self.importer.report();
        let note = BatchNote {
            file_name: options.file_name.clone(),
            rows: report.rows,
            rejected: report.rejected_count,
            duplicates_in_file: report.duplicates_in_file,
            duplicates_in_pool: self.duplicates_in_pool,
            ..BatchNote::default()
        };
        let added = self.commit(note).await?;
        Ok(self.finish(added))
    }

    async fn run(mut self) -> Result<Uploaded> {
        self.pump().await?;
        let added = self.importer.report().taken - self.duplicates_in_pool;
        Ok(self.finish(added))
    }

    fn finish(self, added: u64) -> Uploaded {
        Uploaded {
            batch: self.batch,
            added,
            duplicates_in_pool: self.duplicates_in_pool,
            report: self.importer.into_report(),
        }
    }

    /// Reads the source to its end.
    async fn pump(&mut self) -> Result<()> {
        loop {
            match self.importer.advance()? {
                // The rejected rows are all written before anything is committed: their end is an empty piece.
                Progress::Done if self.wants_rejected => return self.host.emit(Vec::new()).await,
                Progress::Done => return Ok(()),
                Progress::More => {
                    let (rows, bytes) = self.importer.progress();
                    match self.host.read(Read { rows, bytes }).await? {
                        Some(Piece::Sheet(sheet)) => self.importer.is_sheet(sheet),
                        Some(Piece::Bytes(chunk)) => {
                            self.importer.feed(chunk);
                            self.renew().await?;
                        }
                        None => self.importer.end(),
                    }
                }
                Progress::Normalize(texts) => {
                    let count = texts.len();
                    let answer = self.host.normalize(texts).await?;
                    if answer.len() != count {
                        return Err(Reply::wrong("normalize"));
                    }
                    self.importer.normalized(answer);
                }
                Progress::Instants(times) => {
                    let count = times.len();
                    let request = Instants { time_zone: self.pool.time_zone.clone(), times };
                    let answer = self.host.instants(request).await?.ok_or_else(|| Reply::wrong("instants"))?;
                    if answer.len() != count {
                        return Err(Reply::wrong("instants"));
                    }
                    self.importer.instants(answer);
                }
                Progress::Block(block) => self.take(block).await?,
                Progress::Rejected(piece) => {
                    self.host.emit(piece).await?;
                    self.renew().await?;
                }
            }
        }
    }

    /// Renews the lease of a source that sends slowly: only a full block would.
    async fn renew(&mut self) -> Result<()> {
        let Some(batch) = self.batch.clone() else { return Ok(()) };
        let now = self.host.now();
        if now - self.renewed < LEASE_MS / 3 {
            return Ok(());
        }
        self.renewed = now;
        for _ in 0..RACE_RETRIES {
            let (pool, batch, version) = (self.pool.handle.clone(), batch.clone(), self.version);
            match self.host.begin_batch(BeginBatch { pool, batch, version, now, lease: LEASE_MS }).await? {
                Begun::Begun => return Ok(()),
                // Settings that a draw depends on may change meanwhile; what an upload depends on cannot.
                Begun::Stale { document } => self.version = self.host.remember(&self.pool.handle, document)?.version,
                Begun::Busy { .. } | Begun::Ended => return Err(self.superseded()),
            }
        }
        Ok(())
    }

    /// Sends a block off, after the one before it has arrived: while the store writes one, the next is parsed.
    async fn take(&mut self, block: Block) -> Result<()> {
        let pool = self.pool.handle.clone();
        let Some(batch) = self.batch.clone() else {
            self.look_for_shown(&block);
            let held = self.host.contains(Contains { pool, block }).await?;
            self.note_duplicates(held.iter().enumerate().filter(|(_, held)| **held != 0).map(|(place, _)| place));
            return Ok(());
        };
        self.settle().await?;
        self.look_for_shown(&block);
        let request = AddBlock { pool, batch, number: self.blocks - 1, block, now: self.host.now(), lease: LEASE_MS };
        self.renewed = request.now;
        self.host.add_block(request).await?;
        self.in_flight = true;
        Ok(())
    }

    async fn settle(&mut self) -> Result<()> {
        if !std::mem::take(&mut self.in_flight) {
            return Ok(());
        }
        let (rows, bytes) = self.importer.progress();
        match self.host.settle(Settle { rows, bytes }).await? {
            BlockAnswer::Added { duplicates } => {
                self.note_duplicates(duplicates.iter().map(|place| *place as usize));
                Ok(())
            }
            BlockAnswer::Ended => Err(self.superseded()),
        }
    }

    /// Finds the codes of the preview in a block: they are in the first ones, or scattered over the first that were sorted.
    fn look_for_shown(&mut self, block: &Block) {
        self.blocks += 1;
        self.shown.clear();
        for code in self.importer.report().preview.iter().filter_map(|row| row.code.as_ref()) {
            if self.previewed.insert(code.clone()) {
                self.unseen.insert(code.clone());
            }
        }
        for (place, code) in block.codes.iter().enumerate() {
            if self.unseen.is_empty() {
                return;
            }
            if let Some(code) = self.unseen.take(code) {
                self.shown.push((place, code));
            }
        }
    }

    fn note_duplicates(&mut self, places: impl Iterator<Item = usize>) {
        for place in places {
            self.duplicates_in_pool += 1;
            if let Some((_, code)) = self.shown.iter().find(|(shown, _)| *shown == place) {
                self.importer.in_pool(code);
            }
        }
    }

    async fn commit(&self, note: BatchNote) -> Result<u64> {
        let mut last = Err(self.superseded());
        for _ in 0..COMMIT_TRIES {
            let batch = self.batch.clone().unwrap_or_default();
            let request =
                CommitBatch { pool: self.pool.handle.clone(), batch, note: note.clone(), now: self.host.now() };
            match self.host.commit_batch(request).await {
                Ok(Committed::Committed { added }) => return Ok(added),
                // After a commit in doubt the batch may also have been stored and then undone: the doubt is the answer.
                Ok(Committed::Ended) => return last,
                Err(error) if error.code() == Code::StoreFailed => last = Err(error),
                Err(error) => return Err(error),
            }
        }
        last
    }

    fn superseded(&self) -> Error {
        Error::new(
            Code::UploadSuperseded,
            format!(
                "another upload to \"{}\" has taken this one's place, or this one made no progress for so long that it \
                 was cleaned up: nothing of it was stored, start it again",
                self.pool.handle
            ),
        )
        .with("pool", self.pool.handle.as_str())
    }
}

/// What follows a commit and cannot make it fail: rungs are armed again, and a first sample is made.
async fn after_commit(host: &Host, handle: &str) {
    // The settings may have been changed while the file was read.
    let Ok(pool) = host.fresh_document(handle).await else { return };
    let _ = alerts::after_change(host, &pool).await;
    if pool.sample.is_none() {
        let _ = keep_sample(host, &pool).await;
    }
}

/// Keeps a sample in the shape of the pool's codes that is not one of them.
pub(super) async fn keep_sample(host: &Host, pool: &PoolDocument) -> Result<()> {
    let page = host.codes(super::step::Codes { pool: pool.handle.clone(), cursor: None, limit: 1 }).await?;
    let Some(first) = page.rows.first() else { return Ok(()) };
    for turn in 0..3 {
        let candidate = sample::like(&first.code, turn);
        if !is_code_of(host, pool, &candidate).await? {
            let mut document = (*host.fresh_document(&pool.handle).await?).clone();
            let expected = Some(document.revision);
            document.sample = Some(candidate);
            document.revision += 1;
            if host.save(Save { document: document.clone(), expected, untouched: false }).await?.saved {
                host.remember(&pool.handle, Some(document))?;
            }
            return Ok(());
        }
    }
    Ok(())
}

/// Whether a text is one of the pool's codes, held or free.
pub(super) async fn is_code_of(host: &Host, pool: &PoolDocument, text: &str) -> Result<bool> {
    let keys = equality_keys(host, [text].into_iter().collect(), pool.case_sensitive).await?;
    let key = keys.into_iter().next().unwrap_or_default();
    let page = host.find(Find { pool: pool.handle.clone(), by: FindBy::Key(key), cursor: None, limit: 1 }).await?;
    Ok(!page.rows.is_empty())
}
