//! Drives an import to its end, checks what must always hold, and says what came of it.

pub(crate) use coupon_pools::code::{Block, Texts};
pub(crate) use coupon_pools::error::{Code, Detail, Error};
pub(crate) use coupon_pools::import::{
    CellVerdict, ColumnRef, DateOrder, Encoding, ExpiryColumn, Header, ImportOptions, Importer, LocalTime,
    NO_DELIMITER, Progress, Reason, Report, RowVerdict, Sheet, WarningKind,
};

pub(crate) type Taken = Vec<(String, Option<i64>)>;

/// A time zone without offset, so that instants can be read; 1999 stands for a time that does not exist.
pub(crate) fn utc(time: &LocalTime) -> Option<i64> {
    let days = (1970..i64::from(time.year)).map(|year| 365 + i64::from(leap(year))).sum::<i64>()
        + (1..time.month).map(|month| days_in(i64::from(time.year), month)).sum::<i64>()
        + i64::from(time.day)
        - 1;
    let of_day = (i64::from(time.hour) * 60 + i64::from(time.minute)) * 60_000
        + i64::from(time.second) * 1_000
        + i64::from(time.millis);
    (time.year != 1999).then_some(days * 86_400_000 + of_day)
}

pub(crate) fn leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub(crate) fn days_in(year: i64, month: u8) -> i64 {
    match month {
        2 => 28 + i64::from(leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The only normal form the tests need: e and a combining acute accent become one character.
pub(crate) fn nfc(texts: &Texts) -> Texts {
    texts.iter().map(|text| text.replace("e\u{301}", "é")).collect()
}

/// What an import came to.
#[derive(Debug, PartialEq)]
pub(crate) struct Imported {
    pub(crate) blocks: Vec<Block>,
    pub(crate) report: Report,
    /// The file of rejected rows.
    pub(crate) rejected: String,
}

/// An import that failed, with the file of rejected rows as far as it was written.
#[derive(Debug, PartialEq)]
pub(crate) struct Failed {
    pub(crate) error: Error,
    pub(crate) rejected: String,
}

pub(crate) fn drive(file: &[u8], size: usize, options: &ImportOptions) -> Result<Imported, Failed> {
    drive_chunks(&mut file.chunks(size.max(1)).map(<[u8]>::to_vec), options)
}

pub(crate) fn drive_chunks(
    chunks: &mut dyn Iterator<Item = Vec<u8>>,
    options: &ImportOptions,
) -> Result<Imported, Failed> {
    let mut importer = Importer::new(options.clone());
    let mut blocks = Vec::new();
    let mut asked = Vec::new();
    let mut rejected = Vec::new();
    loop {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        match importer.advance().map_err(|error| Failed { error, rejected: text(&rejected) })? {
            Progress::More => match chunks.next() {
                Some(chunk) => importer.feed(chunk),
                None => importer.end(),
            },
            Progress::Normalize(texts) => importer.normalized(nfc(&texts)),
            Progress::Instants(times) => {
                asked.extend_from_slice(&times);
                importer.instants(times.iter().map(utc).collect());
            }
            Progress::Block(block) => blocks.push(block),
            Progress::Rejected(piece) => {
                assert!(!piece.is_empty() && piece.len() < 8 << 20);
                rejected.extend(piece);
            }
            Progress::Done => break,
        }
        assert!(importer.progress().1 <= importer.report().bytes);
    }
    assert_eq!(importer.progress().1, importer.report().bytes, "at the end everything was looked at");
    let questions = asked.len();
    asked.sort_unstable();
    asked.dedup();
    assert_eq!(asked.len(), questions, "each time is asked once");
    let report = importer.into_report();
    assert_eq!(report.rows, report.taken + report.duplicates_in_file + report.rejected_count);
    assert_eq!(report.taken, blocks.iter().map(|block| block.len() as u64).sum::<u64>());
    assert_eq!(report.reasons.iter().map(|counted| counted.count).sum::<u64>(), report.rejected_count);
    let rejected = String::from_utf8(rejected).unwrap();
    assert_eq!(rejected.is_empty(), !options.wants_rejected);
    let numbers: Vec<u64> = lines(&rejected).iter().map(|line| line[0].parse().unwrap()).collect();
    assert!(numbers.is_sorted(), "rejected rows come in the order of the file");
    assert_eq!(numbers.len() as u64, if options.wants_rejected { report.rejected_count } else { 0 });
    for block in &blocks {
        assert!(!block.is_empty() && block.len() <= options.block_codes);
        assert_eq!(block.runs.iter().map(|run| run.count as usize).sum::<usize>(), block.len());
        assert!(block.runs.is_sorted_by_key(|run| (run.expires_at.is_none(), run.expires_at)));
    }
    Ok(Imported { blocks, report, rejected })
}

/// The lines of a file of rejected rows below its header.
pub(crate) fn lines(rejected: &str) -> Vec<Vec<String>> {
    let mut lines = Vec::new();
    let mut fields = vec![String::new()];
    let (mut quoted, mut characters) = (false, rejected.trim_start_matches('\u{feff}').chars().peekable());
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.next_if_eq(&'"').is_some() => fields.last_mut().unwrap().push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            '\n' if !quoted => lines.push(std::mem::replace(&mut fields, vec![String::new()])),
            '\r' if !quoted => {}
            other => fields.last_mut().unwrap().push(other),
        }
    }
    lines.drain(..).skip(1).collect()
}

pub(crate) fn codes(blocks: &[Block]) -> Taken {
    let mut taken = Vec::new();
    for block in blocks {
        let expiries = block.runs.iter().flat_map(|run| (0..run.count).map(|_| run.expires_at));
        taken.extend(block.codes.iter().map(str::to_owned).zip(expiries));
    }
    taken
}

pub(crate) fn import_with(file: impl AsRef<[u8]>, options: &ImportOptions) -> Result<(Taken, Report), Error> {
    let imported = drive(file.as_ref(), 1 << 16, options).map_err(|failed| failed.error)?;
    Ok((codes(&imported.blocks), imported.report))
}

pub(crate) fn import(file: impl AsRef<[u8]>) -> (Taken, Report) {
    import_with(file, &ImportOptions::default()).unwrap()
}

pub(crate) fn names(taken: &Taken) -> Vec<&str> {
    taken.iter().map(|(code, _)| code.as_str()).collect()
}

pub(crate) fn refused(file: impl AsRef<[u8]>) -> Error {
    import_with(file, &ImportOptions::default()).unwrap_err()
}

pub(crate) fn rejected(report: &Report) -> Vec<(u64, Reason)> {
    report.rejected.iter().map(|rejected| (rejected.row, rejected.reason)).collect()
}

pub(crate) fn warned(report: &Report, kind: WarningKind) -> u64 {
    report.warnings.iter().find(|warning| warning.kind == kind).map_or(0, |warning| warning.count)
}

pub(crate) fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

pub(crate) fn day(year: u16, month: u8, day: u8) -> Option<i64> {
    utc(&LocalTime { year, month, day, hour: 0, minute: 0, second: 0, millis: 0 })
}

/// A detail of an error, by its name.
pub(crate) fn detail(error: &Error, name: &str) -> Detail {
    error
        .details()
        .iter()
        .find(|(other, _)| *other == name)
        .unwrap_or_else(|| panic!("{error:?} says no {name}"))
        .1
        .clone()
}
