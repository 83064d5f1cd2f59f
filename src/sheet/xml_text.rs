//! Text in markup: its encoding, references to characters, ends of lines (XML 1.0, §4.3.3, §4.1 and §2.11), and looking
//! for what stands in it.

use super::damaged;
use crate::error::{Code, Error, Result};

/// UTF-8, with what is none of it replaced: the import reports such a code by its row.
pub(super) fn into_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Appends text with its references resolved.
pub(super) fn resolve(mut text: &[u8], after_return: &mut bool, into: &mut Vec<u8>) -> Result<()> {
    while let Some(at) = memchr::memchr(b'&', text) {
        unify_ends(&text[..at], after_return, into);
        let end = memchr::memchr(b';', &text[at..]).ok_or_else(|| damaged("its markup has a stray &"))?;
        let letter = match &text[at + 1..at + end] {
            b"amp" => '&',
            b"lt" => '<',
            b"gt" => '>',
            b"quot" => '"',
            b"apos" => '\'',
            reference => {
                numbered(reference).ok_or_else(|| damaged("its markup names a character that XML does not have"))?
            }
        };
        into.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
        *after_return = false;
        text = &text[at + end + 1..];
    }
    unify_ends(text, after_return, into);
    Ok(())
}

fn numbered(reference: &[u8]) -> Option<char> {
    let (digits, base) = match reference {
        [b'#', b'x', digits @ ..] => (digits, 16),
        [b'#', digits @ ..] => (digits, 10),
        _ => return None,
    };
    let number = digits
        .iter()
        .try_fold(0_u32, |number, digit| number.checked_mul(base)?.checked_add(char::from(*digit).to_digit(base)?));
    char::from_u32(number.filter(|number| *number > 0)?)
}

/// Appends text with `\r\n` and `\r` as `\n`.
pub(super) fn unify_ends(text: &[u8], after_return: &mut bool, into: &mut Vec<u8>) {
    if !*after_return && memchr::memchr(b'\r', text).is_none() {
        into.extend_from_slice(text);
        return;
    }
    for byte in text {
        match byte {
            b'\n' if *after_return => {}
            b'\r' => into.push(b'\n'),
            byte => into.push(*byte),
        }
        *after_return = *byte == b'\r';
    }
}

/// Where these bytes stand first.
pub(super) fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let (first, rest) = wanted.split_first()?;
    memchr::memchr_iter(*first, bytes).find(|at| bytes[at + 1..].starts_with(rest))
}

/// How long the text at the start of these bytes is, if a tag follows and nothing in it needs a second look.
#[cfg(feature = "xlsx")]
#[inline]
pub(super) fn plain_length(bytes: &[u8]) -> Option<usize> {
    let length = bytes.iter().position(|byte| matches!(byte, b'<' | b'&' | b'\r'))?;
    (bytes[length] == b'<').then_some(length)
}

/// Refuses a part that says it is in another encoding than UTF-8.
pub(super) fn check_encoding(declaration: &[u8]) -> Result<()> {
    let Some(at) = find(declaration, b"encoding") else { return Ok(()) };
    match split(&declaration[at..]) {
        Some((_, name, _))
            if !["utf-8", "utf8", "us-ascii"].iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes())) =>
        {
            Err(encoding(&String::from_utf8_lossy(&name[..name.len().min(40)])))
        }
        _ => Ok(()),
    }
}

/// Name, value, and what follows.
#[inline]
fn split(found: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let equals = found.iter().position(|byte| *byte == b'=')?;
    let name = found[..equals].trim_ascii_end();
    let name = &name[name.iter().position(|byte| *byte == b':').map_or(0, |prefix| prefix + 1)..];
    let (quote, value) = found[equals + 1..].trim_ascii_start().split_first()?;
    if !matches!(quote, b'"' | b'\'') {
        return None;
    }
    let end = value.iter().position(|byte| byte == quote)?;
    Some((name, &value[..end], &value[end + 1..]))
}

/// The error for markup in another encoding than UTF-8.
#[cold]
pub(super) fn encoding(name: &str) -> Error {
    Error::new(
        Code::UploadEncoding,
        format!(
            "The spreadsheet's markup is in {name}, and only UTF-8 is read. Open it in a spreadsheet program and save it again."
        ),
    )
}
