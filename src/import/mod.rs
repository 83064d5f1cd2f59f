//! Bytes of an uploaded file -> codes in blocks, and a report on every row.
//!
//! [`Importer`] is fed chunks of any size and says what it needs next: more bytes, texts in normal form, times
//! resolved in the pool's time zone, or that a block be taken. It never holds the file: at most a sample
//! ([`limits::SAMPLE_BYTES`](crate::limits::SAMPLE_BYTES)), one record and some thousand rows; and, for finding
//! duplicates, the equality keys of the codes so far. How the bytes are cut into chunks changes nothing.
//!
//! Nothing is dropped silently: `rows == taken + duplicates_in_file + rejected_count`, and every rejected row is
//! reported with its number and reason.
//!
//! ```
//! use coupon_pools::import::{ImportOptions, Importer, Progress};
//!
//! let mut importer = Importer::new(ImportOptions::default());
//! importer.feed(b"Coupon Code;Note\r\nSPRING-1;a\r\nspring-1;b\r\n;c\r\n".to_vec());
//! importer.end();
//! let mut codes = Vec::new();
//! loop {
//!     match importer.advance()? {
//!         Progress::Block(block) => codes.extend(block.codes.iter().map(str::to_owned)),
//!         Progress::Done => break,
//!         _ => unreachable!("this file needs nothing from the host"),
//!     }
//! }
//! assert_eq!(codes, ["SPRING-1"]);
//! let report = importer.into_report();
//! assert_eq!((report.rows, report.taken, report.duplicates_in_file, report.rejected[0].row), (3, 1, 1, 4));
//! # Ok::<(), coupon_pools::error::Error>(())
//! ```

mod columns;
mod damage;
pub mod dates;
mod dedupe;
mod encoding;
mod intake;
mod options;
mod preview;
mod reasons;
mod records;
mod rejected;
mod report;
mod sample;
mod sniff;
mod stack;

use std::collections::VecDeque;

pub use self::columns::ColumnRef;
pub use self::dates::{DateOrder, LocalTime};
pub use self::encoding::Encoding;
pub use self::options::{ExpiryColumn, Header, ImportLimits, ImportOptions, NO_DELIMITER, Sheet};
pub use self::preview::{CellVerdict, PreviewCell, PreviewRow, RowVerdict};
pub use self::reasons::{Reason, WarningKind};
pub use self::report::{Duplicate, Format, ReasonCount, Rejected, Report, Warning};

use self::encoding::Decoder;
use self::intake::{Intake, Plan};
use self::records::{Records, Splitter};
use self::rejected::RejectedFile;
use crate::code::{Block, Texts};
use crate::error::{Code, Counts, Error, Result};
use crate::limits::SAMPLE_BYTES;

/// Rejected rows that an error names: what a person reads before scrolling.
const REASONS_SHOWN: usize = 20;

/// How much of the work on a code comes after it was read, in a store that keeps keys in a tree on disk.
const STORED_SHARE: f64 = 0.9;

/// Most rows that room is made for at once: 64 MB of table.
const EXPECTED_ROWS: usize = 4 << 20;

/// What an import needs or gives next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The next chunk ([`Importer::feed`]), or word that there is none ([`Importer::end`]).
    More,
    /// These texts in NFC, as many and in this order ([`Importer::normalized`]).
    Normalize(Texts),
    /// These times as instants in the pool's time zone, as many and in this order ([`Importer::instants`]).
    Instants(Vec<LocalTime>),
    /// Codes to store.
    Block(Block),
    /// The next piece of a CSV file of the rejected rows, if [`ImportOptions::wants_rejected`]. The last pieces come
    /// before an end with `UploadNothingUsable`, too.
    Rejected(Vec<u8>),
    /// The end; the report is final.
    Done,
}

enum Stage {
    /// The start of the file, as raw bytes, until there is enough to decide its form.
    Sampling {
        sample: Vec<u8>,
        enough: usize,
    },
    /// Rows are read.
    Reading {
        decoder: Decoder,
        records: Box<Records>,
        intake: Box<Intake>,
        flushed: bool,
        /// The length of the chunk that is read, before it was decoded.
        chunk: usize,
    },
    Done,
    Failed(Error),
}

/// Reads one file. See the [module](self) for the way to drive it.
pub struct Importer {
    options: ImportOptions,
    /// Chunks that are not looked at yet; the first from `used` on.
    chunks: VecDeque<Vec<u8>>,
    used: usize,
    ended: bool,
    stage: Stage,
    report: Report,
    rejected: Option<RejectedFile>,
}

impl Importer {
    /// An import that has seen nothing yet.
    pub fn new(options: ImportOptions) -> Self {
        let odd = options.delimiter.is_some_and(|byte| byte != NO_DELIMITER && !sample::is_delimiter(byte));
        let stage = if odd {
            Stage::Failed(
                Error::new(
                    Code::InvalidArgument,
                    "The delimiter must be a tab or one ASCII character that is no letter, digit, quote or line break.",
                )
                .with("option", "delimiter"),
            )
        } else {
            Stage::Sampling { sample: Vec::new(), enough: SAMPLE_BYTES }
        };
        let options = ImportOptions { block_codes: options.block_codes.max(1), ..options };
        let rejected = options.wants_rejected.then(RejectedFile::new);
        let report = Report { refusals: rejected.is_some().then(Vec::new), ..Report::default() };
        Importer { options, chunks: VecDeque::new(), used: 0, ended: false, stage, report, rejected }
    }

    /// Says, before the first chunk, that the bytes are sheet text and of which worksheet.
    pub fn is_sheet(&mut self, sheet: Sheet) {
        self.options.sheet = Some(sheet);
    }

    /// Takes the next chunk, of any size.
    pub fn feed(&mut self, chunk: Vec<u8>) {
        self.report.bytes += chunk.len() as u64;
        if !chunk.is_empty() {
            self.chunks.push_back(chunk);
        }
    }

    /// Says that no chunk follows.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// Goes on until something is needed.
    ///
    /// # Errors
    ///
    /// With a code of class `UploadError` if the file cannot be taken, and then again at every call: `UploadEmpty`,
    /// `UploadNotText`, `UploadSpreadsheet`, `UploadEncoding`, `UploadRowTooLong`, `UploadTooManyColumns`,
    /// `UploadColumnUnknown`, `UploadColumnMissing`, `UploadDatesAmbiguous`, `UploadTooManyExpiries`,
    /// `UploadTooManyCodes` and, at the end only, `UploadNothingUsable`; `InvalidArgument` for an impossible delimiter or
    /// header; `Internal` for answers that were not asked for. Blocks that were given before are to be dropped.
    pub fn advance(&mut self) -> Result<Progress> {
        let progress = self.try_advance();
        if let Err(error) = &progress {
            self.stage = Stage::Failed(error.clone());
            self.chunks.clear();
        }
        progress
    }

    /// Answers [`Progress::Normalize`].
    pub fn normalized(&mut self, texts: Texts) {
        let answered = match &mut self.stage {
            Stage::Reading { intake, .. } => intake.normalized(texts),
            _ => Ok(()),
        };
        self.fail_on(answered);
    }

    /// Answers [`Progress::Instants`]; `None` for a time that the time zone does not have.
    pub fn instants(&mut self, instants: Vec<Option<i64>>) {
        let answered = match &mut self.stage {
            Stage::Reading { intake, .. } => intake.resolve(&instants),
            _ => Ok(()),
        };
        self.fail_on(answered);
    }

    /// What is known so far: final once [`Progress::Done`] was answered.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// How far the import has come, in rows and bytes. Codes that are gathered before they are sorted count for the most
    /// part when they go into blocks: that is where the time goes.
    pub fn progress(&self) -> (u64, u64) {
        let waiting = match &self.stage {
            Stage::Reading { intake, .. } => intake.stack.waiting(),
            Stage::Sampling { .. } | Stage::Done | Stage::Failed(_) => 0,
        };
        let rows = self.report.rows as f64;
        let share = (rows - waiting as f64 * STORED_SHARE) / rows.max(1.0);
        ((rows * share) as u64, (self.position() as f64 * if rows > 0.0 { share } else { 1.0 }) as u64)
    }

    /// How many of the bytes fed have been looked at: a chunk is used up little by little.
    fn position(&self) -> u64 {
        let waiting = self.chunks.iter().map(Vec::len).sum::<usize>() - self.used;
        let unread = match &self.stage {
            Stage::Reading { records, chunk, .. } => (*chunk as f64 * records.left()) as usize,
            Stage::Sampling { .. } | Stage::Done | Stage::Failed(_) => 0,
        };
        self.report.bytes.saturating_sub((waiting + unread) as u64)
    }

    /// Says that the pool had this code of the preview before.
    pub fn in_pool(&mut self, code: &str) {
        let of_code = |row: &&mut PreviewRow| row.code.as_deref() == Some(code);
        if let Some(row) = self.report.preview.iter_mut().find(of_code) {
            row.verdict = RowVerdict::InPool;
        }
    }

    /// The report, by value.
    pub fn into_report(self) -> Report {
        self.report
    }

    fn fail_on(&mut self, answered: Result<()>) {
        if let Err(error) = answered {
            self.stage = Stage::Failed(error);
        }
    }

    fn try_advance(&mut self) -> Result<Progress> {
        loop {
            match &mut self.stage {
                Stage::Failed(error) => return Err(error.clone()),
                Stage::Done => return Ok(Progress::Done),
                Stage::Sampling { .. } => {
                    if !self.sample()? {
                        return Ok(Progress::More);
                    }
                }
                Stage::Reading { .. } => {
                    if let Some(progress) = self.read()? {
                        return Ok(progress);
                    }
                }
            }
        }
    }

    /// Fills the sample and, once there is enough of it, decides how the file is read. Answers `false` if another
    /// chunk is needed for that.
    fn sample(&mut self) -> Result<bool> {
        let Stage::Sampling { sample, enough } = &mut self.stage else { return Ok(true) };
        while sample.len() < *enough
            && let Some(chunk) = self.chunks.front()
        {
            let rest = &chunk[self.used..];
            let taken = rest.len().min(*enough - sample.len());
            sample.extend_from_slice(&rest[..taken]);
            self.used += taken;
            if self.used == chunk.len() {
                self.chunks.pop_front();
                self.used = 0;
            }
        }
        let whole = self.ended && self.chunks.is_empty();
        if sample.len() < *enough && !whole {
            return Ok(false);
        }
        let limits = self.options.limits;
        let (mut decoder, mark) = if self.options.sheet.is_some() {
            (Decoder::utf8(), 0)
        } else {
            sniff::sniff(sample)?;
            Decoder::choose(sample, whole, self.options.encoding)?
        };
        let (text, from) = decoder.decode(sample.clone(), mark, whole);
        let Some(form) = sample::examine(&text[from..], whole, &self.options)? else {
            *enough *= 2;
            return Ok(true);
        };
        let chunk = sample.len();
        let columns = &form.columns;
        let wanted = columns.code.max(columns.expiry.unwrap_or(0)) + 1;
        let plan = Plan {
            delimiter: form.delimiter,
            code: columns.code,
            expiry: columns.expiry,
            date_order: form.date_order,
            default_expiry: self.options.default_expiry,
            export: columns.export,
            case_sensitive: self.options.case_sensitive,
            block_codes: self.options.block_codes,
            wants_blocks: self.options.wants_blocks,
            sort_codes: self.options.sort_codes,
            expected: expected_rows(&text[from..], chunk as u64, whole, self.options.expected_bytes),
            is_sheet: self.options.sheet.is_some(),
            limits,
        };
        self.report.format = form.describe(&self.options);
        self.report.warnings = form.columns.warnings;
        self.report.preview = form.preview;
        let splitter = Splitter::new(form.delimiter, wanted, limits.columns);
        let records = Records::new(splitter, text, from + form.start, form.rows_before, limits.row_bytes);
        let (records, intake) = (Box::new(records), Box::new(Intake::new(plan)));
        self.stage = Stage::Reading { decoder, records, intake, flushed: whole, chunk };
        Ok(true)
    }

    /// Reads rows until something is needed; `None` to be called again.
    fn read(&mut self) -> Result<Option<Progress>> {
        let Stage::Reading { decoder, records, intake, flushed, chunk: length } = &mut self.stage else {
            return Ok(None);
        };
        let report = &mut self.report;
        loop {
            if intake.stack.must_settle() {
                intake.stack.settle(report)?;
            }
            if intake.stack.is_full() {
                if let Some(block) = intake.stack.next_block() {
                    return Ok(Some(Progress::Block(block)));
                }
                continue;
            }
            // Rows that are held may still be rejected, and come before those that were: they are released first.
            let tells = report.refusals.as_ref().is_some_and(|refusals| refusals.len() >= rejected::ROWS);
            if tells && !intake.holds() {
                return Ok(self.rejected.as_mut().map(|file| Progress::Rejected(file.write(report))));
            }
            if !tells && !intake.must_ask() {
                let last = *flushed && self.chunks.is_empty();
                if let Some(record) = records.next(last)? {
                    intake.row(&record, report)?;
                    continue;
                }
                if let Some(chunk) = self.chunks.pop_front() {
                    *length = chunk.len();
                    let (text, from) = decoder.decode(chunk, std::mem::take(&mut self.used), false);
                    records.feed(text, from);
                    continue;
                }
                if !self.ended {
                    return Ok(Some(Progress::More));
                }
                if !*flushed {
                    let (text, from) = decoder.decode(Vec::new(), 0, true);
                    records.feed(text, from);
                    *flushed = true;
                    continue;
                }
            }
            if intake.holds() {
                if let Some(texts) = intake.unnormalized() {
                    return Ok(Some(Progress::Normalize(texts.clone())));
                }
                if let Some(times) = intake.unresolved() {
                    return Ok(Some(Progress::Instants(times.to_vec())));
                }
                intake.release(report);
                continue;
            }
            intake.stack.settle(report)?;
            if let Some(block) = intake.stack.next_block() {
                return Ok(Some(Progress::Block(block)));
            }
            if let Some(mut file) = self.rejected.take() {
                return Ok(Some(Progress::Rejected(file.write(report))));
            }
            report.format.encoding = decoder.encoding();
            if decoder.guessed() {
                report.warn(WarningKind::EncodingGuessed, None, None);
            }
            if let Some(short) = report.numbers.short() {
                let (kind, row, value) = (WarningKind::ZerosLost, Some(short.row), Some(short.code));
                report.warnings.push(Warning { kind, count: short.count, row, value });
            }
            usable(report)?;
            self.stage = Stage::Done;
            return Ok(None);
        }
    }
}

/// About how many rows a file has, by the length of those in its sample.
fn expected_rows(sample: &[u8], sample_bytes: u64, whole: bool, file_bytes: Option<u64>) -> usize {
    let Some(file_bytes) = file_bytes else { return 0 };
    let rows = memchr::memchr_iter(b'\n', sample).count().max(memchr::memchr_iter(b'\r', sample).count()) as u64;
    let share = if whole { 1.0 } else { file_bytes as f64 / sample_bytes.max(1) as f64 };
    ((rows as f64 * share) as usize).min(EXPECTED_ROWS)
}

/// Refuses a file of which nothing can be taken.
fn usable(report: &Report) -> Result<()> {
    if report.taken > 0 {
        return Ok(());
    }
    if report.rows == 0 {
        return Err(Error::new(Code::UploadEmpty, "The file holds a header but no rows. Upload codes, one a row."));
    }
    let shown: Vec<String> = report
        .rejected
        .iter()
        .take(REASONS_SHOWN)
        .map(|rejected| match &rejected.value {
            Some(value) => format!("row {}: {} ({value})", rejected.row, rejected.reason.as_str()),
            None => format!("row {}: {}", rejected.row, rejected.reason.as_str()),
        })
        .collect();
    let counts = report.reasons.iter().map(|counted| (counted.reason.as_str(), counted.count as f64)).collect();
    let first = shown.first().cloned().unwrap_or_default();
    Err(Error::new(
        Code::UploadNothingUsable,
        format!("None of the {} rows holds a code that can be taken; {first}.", report.rows),
    )
    .with("rows", report.rows)
    .with("rejected", shown)
    .with("reasons", crate::error::Detail::Counts(Counts(counts))))
}
