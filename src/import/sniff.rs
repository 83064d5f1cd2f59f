//! What a file is by its first bytes, before anything is read as text.

use crate::error::{Code, Error, Result};

/// What stands at the start of a file, its kind, and whether a spreadsheet program can open it.
const SIGNATURES: &[(&[u8], &str, bool)] = &[
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls", true),
    (b"\x1f\x8b", "gzip", true),
    (b"7z\xbc\xaf\x27\x1c", "7z", true),
    (b"Rar!\x1a\x07", "rar", true),
    (b"\xfd7zXZ\0", "xz", true),
    (b"\x28\xb5\x2f\xfd", "zstd", true),
    (b"%PDF-", "pdf", false),
    (b"\x89PNG\r\n\x1a\n", "png", false),
    (b"\xff\xd8\xff", "jpeg", false),
    (b"GIF87a", "gif", false),
    (b"GIF89a", "gif", false),
    (b"{\\rtf", "rtf", false),
    (b"SQLite format 3\0", "sqlite", false),
    (b"\0asm", "wasm", false),
    (b"\x7fELF", "elf", false),
];

/// Markup that some programs write under a name that ends in `.xls`.
const MARKUP: &[(&str, &str)] = &[("<!doctype", "html"), ("<html", "html"), ("<table", "html"), ("<?xml", "xml")];

/// Refuses a file that is a spreadsheet or an archive (`UPLOAD_SPREADSHEET`) or a picture, a document or a web
/// page (`UPLOAD_NOT_TEXT`). `start` is the start of the file, as much as there is.
pub(super) fn sniff(start: &[u8]) -> Result<()> {
    if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
        return Err(spreadsheet(zip_kind(start)));
    }
    if let Some((_, kind, opens)) = SIGNATURES.iter().find(|(bytes, ..)| start.starts_with(bytes)) {
        return Err(if *opens { spreadsheet(kind) } else { not_text(kind) });
    }
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let begins = |word: &str| text.get(..word.len()).is_some_and(|bytes| bytes.eq_ignore_ascii_case(word.as_bytes()));
    match MARKUP.iter().find(|(word, _)| begins(word)) {
        Some((_, kind)) => Err(not_text(kind)),
        None => Ok(()),
    }
}

fn zip_kind(start: &[u8]) -> &'static str {
    let holds = |text: &[u8]| memchr::memmem::find(start, text).is_some();
    if holds(b"opendocument.spreadsheet") {
        "ods"
    } else if holds(b"xl/workbook.bin") {
        "xlsb"
    } else if holds(b"xl/") || holds(b"[Content_Types].xml") {
        "xlsx"
    } else {
        "zip"
    }
}

fn spreadsheet(kind: &'static str) -> Error {
    Error::new(
        Code::UploadSpreadsheet,
        format!("The file is a spreadsheet or an archive ({kind}), not text. Save the sheet as CSV and upload that."),
    )
    .with("kind", kind)
}

/// The error for a file that is not text; `kind` names what was found.
pub(super) fn not_text(kind: &'static str) -> Error {
    Error::new(
        Code::UploadNotText,
        format!("The file is not a text file ({kind}). Upload the codes as CSV or as plain text, one a line."),
    )
    .with("kind", kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(start: &[u8]) -> Option<(Code, String)> {
        let error = sniff(start).err()?;
        match &error.details()[0] {
            ("kind", crate::error::Detail::Text(kind)) => Some((error.code(), kind.clone())),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn spreadsheets_archives_and_pictures_are_named() {
        let spreadsheet = |kind: &str| Some((Code::UploadSpreadsheet, kind.to_owned()));
        let other = |kind: &str| Some((Code::UploadNotText, kind.to_owned()));
        assert_eq!(kind(b"PK\x03\x04\x14\0\x06\0[Content_Types].xml"), spreadsheet("xlsx"));
        assert_eq!(kind(b"PK\x03\x04..mimetypeapplication/vnd.oasis.opendocument.spreadsheet"), spreadsheet("ods"));
        assert_eq!(kind(b"PK\x03\x04codes.csv"), spreadsheet("zip"));
        assert_eq!(kind(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), spreadsheet("xls"));
        assert_eq!(kind(b"\x1f\x8b\x08"), spreadsheet("gzip"));
        assert_eq!(kind(b"%PDF-1.7"), other("pdf"));
        assert_eq!(kind(b"\xef\xbb\xbf\n <!DOCTYPE html>"), other("html"));
    }

    #[test]
    fn codes_that_look_like_signatures_are_text() {
        for start in [&b"PK-100\nPK-200"[..], b"GIF8\n", b"7ZIP10", b"<3YOU", b"", b"Rar!"] {
            assert_eq!(kind(start), None, "{start:?}");
        }
    }
}
