//! Any bytes as a file of codes: an answer or an error with a code, the same however the file is cut into chunks;
//! figures that add up; and codes that are codes, none of them twice.

use std::collections::HashSet;

use coupon_pools::code::{self, Texts};
use coupon_pools::error::Error;
use coupon_pools::import::{
    ColumnRef, DateOrder, ExpiryColumn, Header, ImportOptions, Importer, LocalTime, Progress, Report,
};
use coupon_pools::limits::SAMPLE_BYTES;

/// The first two bytes choose options and the size of the chunks; the rest is the file.
pub(crate) fn check(data: &[u8]) {
    let [choice, size, file @ ..] = data else { return };
    let options = options(*choice);
    let whole = import(file, file.len().max(1), &options);
    assert_eq!(import(file, usize::from(*size) + 1, &options), whole, "chunks of {}", usize::from(*size) + 1);
    if let Ok((codes, report)) = whole {
        judge(&codes, &report, &options);
    }
    // What follows the sample is read chunk by chunk.
    let (long, options) = (past_the_sample(file), named(options));
    assert_eq!(import(&long, usize::from(*size) + 1, &options), import(&long, long.len(), &options));
}

/// A file that begins with one row as long as the sample.
pub(crate) fn past_the_sample(file: &[u8]) -> Vec<u8> {
    let mut long = b"code,note\nFIRST-1,\"".to_vec();
    long.resize(long.len() + SAMPLE_BYTES + 10, b'x');
    long.extend_from_slice(b"\"\n");
    long.extend_from_slice(file);
    long
}

/// Options for such a file: everything is said, nothing is found out.
pub(crate) fn named(options: ImportOptions) -> ImportOptions {
    ImportOptions {
        header: Some(Header::First),
        delimiter: Some(b','),
        code_column: Some(ColumnRef::Index(0)),
        expiry_column: Some(ExpiryColumn::Ignore),
        ..options
    }
}

fn options(choice: u8) -> ImportOptions {
    let pick = |shift: u8, count: u8| usize::from(choice >> shift) % usize::from(count);
    ImportOptions {
        header: [None, Some(Header::Row(2)), Some(Header::First), Some(Header::None)][pick(0, 4)],
        delimiter: [None, None, Some(b','), Some(b'\t')][pick(2, 4)],
        code_column: [None, Some(ColumnRef::Index(0))][pick(4, 2)].clone(),
        date_order: [None, Some(DateOrder::Dmy)][pick(5, 2)],
        case_sensitive: pick(6, 2) == 1,
        block_codes: [4_096, 3][pick(7, 2)],
        ..ImportOptions::default()
    }
}

/// Drives an import to its end, and leaves out the file of rejected rows. Stands in for the host where the import asks: texts are nearly always in normal form
/// already, and every zone is UTC, but for one year that it does not have.
pub(crate) fn import(file: &[u8], size: usize, options: &ImportOptions) -> Result<(Vec<String>, Report), Error> {
    let mut importer = Importer::new(options.clone());
    let mut chunks = file.chunks(size);
    let mut codes = Vec::new();
    loop {
        match importer.advance()? {
            Progress::More => match chunks.next() {
                Some(chunk) => importer.feed(chunk.to_vec()),
                None => importer.end(),
            },
            Progress::Normalize(texts) => importer.normalized(texts.iter().collect::<Texts>()),
            Progress::Instants(times) => importer.instants(times.iter().map(instant).collect()),
            Progress::Block(block) => {
                assert!(!block.codes.is_empty() && block.codes.len() <= options.block_codes);
                assert_eq!(block.runs.iter().map(|run| run.count as usize).sum::<usize>(), block.codes.len());
                codes.extend(block.codes.iter().map(str::to_owned));
            }
            Progress::Rejected(_) => panic!("nobody asked for the rejected rows"),
            Progress::Done => return Ok((codes, importer.into_report())),
        }
    }
}

/// Any number that keeps times apart will do.
fn instant(time: &LocalTime) -> Option<i64> {
    let months = i64::from(time.year) * 12 + i64::from(time.month);
    let minutes = (months * 31 + i64::from(time.day)) * 1_440 + i64::from(time.hour) * 60 + i64::from(time.minute);
    (time.year != 1999).then_some((minutes * 60 + i64::from(time.second)) * 1_000 + i64::from(time.millis))
}

fn judge(codes: &[String], report: &Report, options: &ImportOptions) {
    assert_eq!(report.rows, report.taken + report.duplicates_in_file + report.rejected_count);
    assert_eq!(report.taken, codes.len() as u64);
    assert_eq!(report.reasons.iter().map(|counted| counted.count).sum::<u64>(), report.rejected_count);
    assert!(report.rejected.is_sorted_by_key(|rejected| rejected.row));
    let mut keys = HashSet::new();
    for text in codes {
        assert_eq!(code::check(text), Ok(()), "{text:?}");
        assert_eq!(text.trim(), text);
        assert!(keys.insert(code::key(text, options.case_sensitive)), "{text:?} twice");
    }
}
