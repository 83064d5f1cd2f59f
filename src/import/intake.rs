//! Rows -> codes: trimming, checks, expiries.
//!
//! Nearly every row is done with at once. A row that needs the host (a text to bring to NFC, a wall-clock time to
//! resolve) is held, and with it every row after it, so that the first of equal codes still wins; the questions
//! are asked for some thousand rows at a time.

use hashbrown::HashTable;

use super::columns::ambiguous;
use super::damage::{is_error_value, is_rounded_number};
use super::dates::{self, DateOrder, Expiry, LocalTime, Reading};
use super::options::{ImportLimits, NO_DELIMITER};
use super::reasons::{Reason, WarningKind, judge};
use super::records::Record;
use super::report::Report;
use super::stack::Stack;
use crate::code::{self, Texts};
use crate::error::{Code, Error, Result};
use crate::sheet::text::{Mark, unmark};

/// Rows held before the host is asked: few round trips, little memory.
const HELD_ROWS: usize = 4_096;

/// Resolved times that are remembered; far more than the expiries that a batch may have.
const KNOWN_TIMES: usize = 65_536;

/// Longest code that the fast path takes, in bytes.
const PLAIN_BYTES: usize = 64;

/// How the rows of this file are to be read.
pub(super) struct Plan {
    pub(super) delimiter: u8,
    pub(super) code: usize,
    pub(super) expiry: Option<usize>,
    pub(super) date_order: Option<DateOrder>,
    pub(super) default_expiry: Option<i64>,
    pub(super) export: bool,
    pub(super) case_sensitive: bool,
    pub(super) block_codes: usize,
    pub(super) wants_blocks: bool,
    pub(super) sort_codes: usize,
    /// About so many rows are to come.
    pub(super) expected: usize,
    /// Whether the rows are sheet text.
    pub(super) is_sheet: bool,
    pub(super) limits: ImportLimits,
}

#[derive(Clone, Copy)]
enum When {
    Known(Option<i64>),
    Ask(LocalTime),
}

struct Held {
    row: u64,
    when: When,
    /// Which text of `nfc` the code's normal form will be.
    nfc: Option<u32>,
}

/// Takes rows, gives codes.
pub(super) struct Intake {
    plan: Plan,
    /// Where the codes go.
    pub(super) stack: Stack,
    held: Vec<Held>,
    held_codes: Texts,
    nfc: Texts,
    nfc_done: bool,
    times: HashTable<(u64, Option<i64>)>,
    asked: Vec<LocalTime>,
    /// The expiry read last, as text: rows with the same one are common neighbours.
    last: (Vec<u8>, Option<Option<i64>>),
    /// Expiries of 8 to 16 bytes that were read before, each at the place that its bytes say.
    recent: Box<[Recent; RECENT]>,
}

/// A field that was read before.
#[derive(Clone, Copy, Default)]
struct Recent {
    /// Its first and last eight bytes; they overlap or meet.
    words: (u64, u64),
    length: usize,
    expiry: Option<i64>,
}

/// Fields that are remembered: more than a year of days, and few enough to stay close to the processor.
const RECENT: usize = 1_024;

impl Intake {
    pub(super) fn new(plan: Plan) -> Self {
        Intake {
            stack: Stack::new(plan.block_codes, plan.wants_blocks, plan.sort_codes, plan.expected, plan.limits),
            plan,
            held: Vec::new(),
            held_codes: Texts::default(),
            nfc: Texts::default(),
            nfc_done: false,
            times: HashTable::new(),
            asked: Vec::new(),
            last: (Vec::new(), None),
            recent: Box::new([Recent::default(); RECENT]),
        }
    }

    /// Takes one row.
    #[inline]
    pub(super) fn row(&mut self, record: &Record<'_>, report: &mut Report) -> Result<()> {
        let Some(field) = record.fields.get(self.plan.code) else {
            if !self.is_blank(record) {
                report.rows += 1;
                let raw = String::from_utf8_lossy(record.raw);
                let (reason, value) = match () {
                    () if record.unclosed => (Reason::UnclosedQuote, Some(raw.trim())),
                    // In sheet text, empty cells at the end of a row are not written.
                    () if self.plan.is_sheet => (Reason::Empty, None),
                    () => (Reason::MissingColumn, Some(raw.trim())),
                };
                report.reject(record.row, Some(self.plan.code), reason, value);
            }
            return Ok(());
        };
        let mut folded = [0; PLAIN_BYTES];
        if self.held.is_empty()
            && !(record.fields.count() > 1 && self.plan.delimiter == NO_DELIMITER)
            && let Some((code, key)) = plain(field, &mut folded, self.plan.case_sensitive)
        {
            report.rows += 1;
            return match self.when(record, report)? {
                Some(When::Known(expiry)) => {
                    self.stack.push(record.row, code, key, expiry);
                    Ok(())
                }
                Some(when) => {
                    self.hold(record.row, &String::from_utf8_lossy(code), when, false);
                    Ok(())
                }
                None => Ok(()),
            };
        }
        self.careful_row(record, field, report)
    }

    /// A row whose code needs a closer look: trimming, marks, characters past ASCII, faults.
    #[cold]
    fn careful_row(&mut self, record: &Record<'_>, field: &[u8], report: &mut Report) -> Result<()> {
        let (mark, field) = if self.plan.is_sheet { unmark(field) } else { (None, field) };
        let text = String::from_utf8_lossy(field);
        let mut trimmed = text.trim();
        if !self.plan.is_sheet && text.starts_with(char::is_whitespace) {
            // A quote after white space quotes nothing for CSV, but some programs write `, "CODE"`.
            let inner = trimmed.strip_prefix('"').and_then(|inner| inner.strip_suffix('"'));
            trimmed = inner.filter(|inner| !inner.contains('"')).unwrap_or(trimmed).trim();
        }
        if trimmed.is_empty() && mark.is_none_or(|mark| mark == Mark::Formula) && self.is_blank(record) {
            return Ok(());
        }
        report.rows += 1;
        let column = Some(self.plan.code);
        let warning = match mark.map(judge) {
            Some(Err(reason)) => {
                report.reject(record.row, column, reason, (!trimmed.is_empty()).then_some(trimmed));
                return Ok(());
            }
            Some(Ok(warning)) => warning,
            None => None,
        };
        let mut code = trimmed;
        let unescaped = self.unescape(code);
        if let Some(inner) = unescaped {
            code = inner.trim();
        }
        let fault = match code::check(code) {
            _ if record.fields.count() > 1 && self.plan.delimiter == NO_DELIMITER => Some(Reason::Damaged),
            Err(_) if code.contains(['\n', '\r']) => Some(Reason::LineBreak),
            Err(fault) => Some(fault.into()),
            Ok(()) if is_rounded_number(code) => Some(Reason::RoundedNumber),
            Ok(()) if is_error_value(code) => Some(Reason::ErrorCell),
            Ok(()) => None,
        };
        if let Some(reason) = fault {
            report.reject(record.row, column, reason, (!code.is_empty()).then_some(code));
            return Ok(());
        }
        if let Some(kind) = warning {
            report.warn(kind, Some(record.row), Some(code));
        }
        if unescaped.is_some() {
            report.unescaped += 1;
            report.warn(WarningKind::Unescaped, Some(record.row), Some(trimmed));
        }
        if trimmed.len() < text.len() || unescaped.is_some_and(|inner| inner.len() > code.len()) {
            report.trimmed += 1;
            report.warn(WarningKind::Trimmed, Some(record.row), Some(code));
        }
        if self.plan.delimiter == NO_DELIMITER && code.contains([',', ';', '\t', '|']) {
            report.warn(WarningKind::DelimiterInCodes, Some(record.row), Some(code));
        }
        let Some(when) = self.when(record, report)? else { return Ok(()) };
        let needs_nfc = code::needs_nfc(code);
        match when {
            When::Known(expiry) if self.held.is_empty() && !needs_nfc => {
                let key = code::key(code, self.plan.case_sensitive);
                self.stack.push(record.row, code.as_bytes(), key.as_bytes(), expiry);
                Ok(())
            }
            when => {
                self.hold(record.row, code, when, needs_nfc);
                Ok(())
            }
        }
    }

    /// What is left of a value without the mark of our exports or a spreadsheet's text formula, if it bears one.
    fn unescape<'a>(&self, text: &'a str) -> Option<&'a str> {
        if self.plan.export {
            return text.strip_prefix('\'');
        }
        if self.plan.is_sheet {
            return None;
        }
        text.strip_prefix("=\"")?.strip_suffix('"').filter(|inner| !inner.contains('"'))
    }

    /// Whether nothing stands in a row for anybody who looks at it. In a spreadsheet, formulas filled down a column may
    /// show nothing.
    fn is_blank(&self, record: &Record<'_>) -> bool {
        if !self.plan.is_sheet {
            return record.is_blank(self.plan.delimiter);
        }
        let text = String::from_utf8_lossy(record.raw).replace("\u{1e}f", "");
        text.chars().all(|character| character.is_whitespace() || matches!(character, '"' | '\u{1f}'))
    }

    /// The expiry of a row, or `None` if the row was rejected for it.
    #[inline]
    fn when(&mut self, record: &Record<'_>, report: &mut Report) -> Result<Option<When>> {
        let Some(column) = self.plan.expiry else { return Ok(Some(When::Known(self.plan.default_expiry))) };
        let Some(field) = record.fields.get(column).or(self.plan.is_sheet.then_some(&[])) else {
            report.reject(record.row, Some(column), Reason::MissingColumn, None);
            return Ok(None);
        };
        if let Some(words) = words(field) {
            let recent = &self.recent[place(words)];
            if recent.words == words && recent.length == field.len() {
                return Ok(Some(When::Known(recent.expiry)));
            }
        } else if let (text, Some(expiry)) = &self.last
            && text == field
        {
            return Ok(Some(When::Known(*expiry)));
        }
        self.read_expiry(record.row, column, field, report)
    }

    fn read_expiry(&mut self, row: u64, column: usize, field: &[u8], report: &mut Report) -> Result<Option<When>> {
        let (mark, shown) = if self.plan.is_sheet { unmark(field) } else { (None, field) };
        let text = String::from_utf8_lossy(shown);
        let text = text.trim();
        let expiry = if !mark.is_none_or(|mark| matches!(mark, Mark::Date | Mark::Formula)) {
            report.reject(row, Some(column), Reason::BadDate, Some(text));
            return Ok(None);
        } else if text.is_empty() {
            self.plan.default_expiry
        } else {
            match dates::read(text, self.plan.date_order) {
                Reading::Read(Expiry::Instant(instant), _) => Some(instant),
                Reading::Read(Expiry::Local(time), _) => match self.resolved(time) {
                    Some(Some(instant)) => Some(instant),
                    Some(None) => {
                        report.reject(row, Some(column), Reason::BadDate, Some(text));
                        return Ok(None);
                    }
                    // Not remembered: it is to be looked up again once it is resolved.
                    None => return Ok(Some(When::Ask(time))),
                },
                Reading::Ambiguous => return Err(ambiguous(row, text)),
                Reading::Bad => {
                    report.reject(row, Some(column), Reason::BadDate, Some(text));
                    return Ok(None);
                }
            }
        };
        if let Some(words) = words(field) {
            self.recent[place(words)] = Recent { words, length: field.len(), expiry };
        } else {
            self.last.0.clear();
            self.last.0.extend_from_slice(field);
            self.last.1 = Some(expiry);
        }
        Ok(Some(When::Known(expiry)))
    }

    fn resolved(&self, time: LocalTime) -> Option<Option<i64>> {
        let packed = time.packed();
        self.times.find(spread(packed), |known| known.0 == packed).map(|known| known.1)
    }

    fn hold(&mut self, row: u64, code: &str, when: When, needs_nfc: bool) {
        let nfc = needs_nfc.then(|| {
            self.nfc.push(code);
            self.nfc.len() as u32 - 1
        });
        self.held_codes.push(code);
        self.held.push(Held { row, when, nfc });
    }

    /// Whether enough rows are held to ask the host.
    #[inline]
    pub(super) fn must_ask(&self) -> bool {
        self.held.len() >= HELD_ROWS
    }

    /// Whether any row is held.
    pub(super) fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    /// The texts that the host must bring to NFC before held rows can go on.
    pub(super) fn unnormalized(&self) -> Option<&Texts> {
        (!self.nfc_done && !self.nfc.is_empty()).then_some(&self.nfc)
    }

    /// The host's answer to [`Self::unnormalized`].
    pub(super) fn normalized(&mut self, texts: Texts) -> Result<()> {
        if self.nfc_done || texts.len() != self.nfc.len() {
            return Err(unasked("normalized texts"));
        }
        self.nfc = texts;
        self.nfc_done = true;
        Ok(())
    }

    /// The times that the host must resolve before held rows can go on, each once.
    pub(super) fn unresolved(&mut self) -> Option<&[LocalTime]> {
        if self.asked.is_empty() {
            for held in &self.held {
                if let When::Ask(time) = held.when
                    && self.resolved(time).is_none()
                {
                    self.asked.push(time);
                }
            }
            self.asked.sort_unstable();
            self.asked.dedup();
        }
        (!self.asked.is_empty()).then_some(&self.asked)
    }

    /// The host's answer to [`Self::unresolved`].
    pub(super) fn resolve(&mut self, instants: &[Option<i64>]) -> Result<()> {
        if self.asked.is_empty() || instants.len() != self.asked.len() {
            return Err(unasked("instants"));
        }
        if self.times.len() > KNOWN_TIMES {
            // What held rows wait for is kept: they were asked again above if it was not known.
            let wanted: Vec<_> = self.held.iter().filter_map(|held| self.known(held)).collect();
            self.times.clear();
            for (packed, instant) in wanted {
                self.remember(packed, instant);
            }
        }
        for (time, instant) in std::mem::take(&mut self.asked).iter().zip(instants) {
            self.remember(time.packed(), *instant);
        }
        Ok(())
    }

    fn known(&self, held: &Held) -> Option<(u64, Option<i64>)> {
        match held.when {
            When::Ask(time) => self.resolved(time).map(|instant| (time.packed(), instant)),
            When::Known(_) => None,
        }
    }

    fn remember(&mut self, packed: u64, instant: Option<i64>) {
        if self.times.find(spread(packed), |known| known.0 == packed).is_none() {
            self.times.insert_unique(spread(packed), (packed, instant), |known| spread(known.0));
        }
    }

    /// Takes the held rows, whose questions are all answered.
    pub(super) fn release(&mut self, report: &mut Report) {
        let codes = std::mem::take(&mut self.held_codes);
        let normal = std::mem::take(&mut self.nfc);
        self.nfc_done = false;
        let mut folded = [0; PLAIN_BYTES];
        for (index, held) in std::mem::take(&mut self.held).into_iter().enumerate() {
            let code = codes.get(index);
            let expiry = match held.when {
                When::Known(expiry) => expiry,
                When::Ask(time) => match self.resolved(time).flatten() {
                    Some(instant) => Some(instant),
                    None => {
                        report.reject(held.row, self.plan.expiry, Reason::BadDate, None);
                        continue;
                    }
                },
            };
            let case_sensitive = self.plan.case_sensitive;
            if let Some((code, key)) = plain(code.as_bytes(), &mut folded, case_sensitive) {
                self.stack.push(held.row, code, key, expiry);
            } else {
                let normal = held.nfc.map_or(code, |text| normal.get(text as usize));
                let key = code::key(normal, case_sensitive);
                self.stack.push(held.row, code.as_bytes(), key.as_bytes(), expiry);
            }
        }
    }
}

/// A code of printable ASCII that needs nothing done, and its key: the fast path of nearly every row.
/// Answers what [`code::check`] and [`code::key`] would.
#[inline]
fn plain<'a>(field: &'a [u8], folded: &'a mut [u8; PLAIN_BYTES], case_sensitive: bool) -> Option<(&'a [u8], &'a [u8])> {
    let key = folded.get_mut(..field.len())?;
    let (&first, &last) = (field.first()?, field.last()?);
    let mut classes = 0;
    for (key, &byte) in key.iter_mut().zip(field) {
        let class = CLASSES[usize::from(byte)];
        classes |= class;
        // Lower-case ASCII letters differ from upper-case ones in this bit.
        *key = byte ^ (class & LOWER);
    }
    if classes & CAREFUL != 0 || first == b' ' || last == b' ' || matches!(first, b'\'' | b'=') {
        return None;
    }
    Some((field, if case_sensitive || classes & LOWER == 0 { field } else { key }))
}

/// The first and the last eight bytes of a field of 8 to 16.
#[inline]
fn words(field: &[u8]) -> Option<(u64, u64)> {
    match (field.first_chunk(), field.last_chunk(), field.len()) {
        (Some(first), Some(last), ..=16) => Some((u64::from_le_bytes(*first), u64::from_le_bytes(*last))),
        _ => None,
    }
}

/// Where a field is remembered.
#[inline]
fn place((first, last): (u64, u64)) -> usize {
    (spread(first ^ last.rotate_left(29)) >> 40) as usize % RECENT
}

/// Class of a byte that asks for a closer look: not printable ASCII, or a sign that means something (`+` and `.` in
/// rounded numbers, `#` and `:` in error values, delimiters in a file of one column).
const CAREFUL: u8 = 1;
/// Class of lower-case letters.
const LOWER: u8 = 0x20;

const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'+' | b'.' | b'#' | b':' | b',' | b';' | b'|' | ..0x20 | 0x7f.. => CAREFUL,
            b'a'..=b'z' => LOWER,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

/// The bits of `value` mixed, for tables.
pub(super) fn spread(value: u64) -> u64 {
    let mixed = (value ^ value >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 32
}

fn unasked(what: &str) -> Error {
    Error::new(Code::Internal, format!("The import was given {what} that it did not ask for, or not as many."))
}
