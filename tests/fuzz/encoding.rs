//! The same text in every encoding is the same file of codes.

use coupon_pools::import::{Encoding, ImportOptions, Report};

use crate::csv::{import, named, past_the_sample};

/// The first byte is the size of the chunks; the rest is the text.
pub(crate) fn check(data: &[u8]) {
    let [size, text @ ..] = data else { return };
    let text = String::from_utf8_lossy(text);
    let size = usize::from(*size) + 1;
    // A name at the start, so that no text is taken for a picture or a web page.
    check_text(&format!("code\n{text}"), size, ImportOptions::default());
    if let Ok(text) = String::from_utf8(past_the_sample(text.as_bytes())) {
        check_text(&text, size * 64 + 1, named(ImportOptions::default()));
    }
}

fn check_text(text: &str, size: usize, options: ImportOptions) {
    let read = |bytes: &[u8], options: &ImportOptions| {
        import(bytes, size, options).map(|(codes, report)| (codes, plain(report))).map_err(|error| error.code())
    };
    let expected = read(&[b"\xef\xbb\xbf", text.as_bytes()].concat(), &options);
    for unit in [u16::to_le_bytes as fn(u16) -> [u8; 2], u16::to_be_bytes] {
        let bytes: Vec<u8> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(unit).collect();
        assert_eq!(read(&bytes, &options), expected);
    }
    if let Some(bytes) = latin1(text) {
        let options = ImportOptions { encoding: Some(Encoding::Windows1252), ..options };
        assert_eq!(read(&bytes, &options), expected);
    }
}

/// The report without what an encoding changes.
fn plain(mut report: Report) -> Report {
    report.bytes = 0;
    report.format.encoding = Encoding::Utf8;
    report
}

/// The bytes in Windows-1252, if every character has the same number there as in Unicode.
fn latin1(text: &str) -> Option<Vec<u8>> {
    text.chars()
        .map(|character| match u32::from(character) {
            number @ (0..=0x7f | 0xa0..=0xff) => u8::try_from(number).ok(),
            _ => None,
        })
        .collect()
}
