//! Bytes in one of four encodings -> UTF-8, chunk by chunk.
//!
//! UTF-8 passes through as it is, without a copy: fields are validated when they are used, so a damaged byte costs
//! the row it stands in and no other.

use serde::Serialize;

use super::sniff::not_text;
use crate::error::{Code, Error, Result};
use crate::record::words;

/// How the characters of a file are written as bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark. ASCII is a part of it.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16, low byte first: what Excel calls "Unicode text".
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// UTF-16, high byte first.
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// Windows-1252, which Excel writes as "CSV" in western Europe and the Americas; Latin-1 is read as it too.
    #[serde(rename = "windows-1252")]
    Windows1252,
}
words!(Encoding {
    Utf8 = "utf-8",
    Utf16Le = "utf-16le",
    Utf16Be = "utf-16be",
    Windows1252 = "windows-1252",
});

/// Characters of the bytes 0x80 to 0x9f in Windows-1252 (WHATWG Encoding, index windows-1252); five bytes have none.
const WINDOWS_1252: [u16; 32] = [
    0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0xfffd,
    0x017d, 0xfffd, 0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a,
    0x0153, 0xfffd, 0x017e, 0x0178,
];

/// Turns chunks of a file into UTF-8 text (or bytes that claim to be).
pub(super) struct Decoder {
    /// `None` as long as every byte was ASCII: the first other character decides.
    encoding: Option<Encoding>,
    guessed: bool,
    /// Bytes of a character that the last chunk cut in two.
    cut: Vec<u8>,
}

impl Decoder {
    /// Chooses the encoding from the start of a file and says how long the byte order mark is.
    ///
    /// A byte order mark wins over `wanted`; without both, zero bytes tell UTF-16, and what is not UTF-8 is
    /// Windows-1252. `whole` says that nothing follows `sample`.
    pub(super) fn choose(sample: &[u8], whole: bool, wanted: Option<Encoding>) -> Result<(Decoder, usize)> {
        let marks: [(&[u8], Encoding); 3] =
            [(b"\xef\xbb\xbf", Encoding::Utf8), (b"\xff\xfe", Encoding::Utf16Le), (b"\xfe\xff", Encoding::Utf16Be)];
        if let Some((mark, encoding)) = marks.into_iter().find(|(mark, _)| sample.starts_with(mark)) {
            return Ok((Decoder::of(Some(encoding), false), mark.len()));
        }
        let text = if whole { sample } else { &sample[..sample.len() - cut_utf8(sample)] };
        let (good, bad, first_bad) = count_utf8(text);
        match wanted {
            Some(Encoding::Utf8) if bad > good => return Err(not_valid("UTF-8", first_bad)),
            Some(encoding @ (Encoding::Utf16Le | Encoding::Utf16Be)) if bad == 0 && !sample.contains(&0) => {
                return Err(not_valid(if encoding == Encoding::Utf16Le { "UTF-16LE" } else { "UTF-16BE" }, 0));
            }
            Some(encoding) => return Ok((Decoder::of(Some(encoding), false), 0)),
            None => {}
        }
        if sample.contains(&0) {
            return match utf16_by_zeros(sample) {
                Some(encoding) => Ok((Decoder::of(Some(encoding), false), 0)),
                None => Err(not_text("binary")),
            };
        }
        Ok((
            match (good, bad) {
                (0, 0) => Decoder::of(None, false),
                (good, bad) if good > bad => Decoder::of(Some(Encoding::Utf8), false),
                _ => Decoder::of(Some(Encoding::Windows1252), true),
            },
            0,
        ))
    }

    /// For text of our own making.
    pub(super) fn utf8() -> Self {
        Decoder::of(Some(Encoding::Utf8), false)
    }

    fn of(encoding: Option<Encoding>, guessed: bool) -> Self {
        Decoder { encoding, guessed, cut: Vec::new() }
    }

    /// The encoding, as far as is known.
    pub(super) fn encoding(&self) -> Encoding {
        self.encoding.unwrap_or_default()
    }

    /// Whether the encoding is Windows-1252 only because the bytes were not UTF-8.
    pub(super) fn guessed(&self) -> bool {
        self.guessed
    }

    /// Decodes what stands in `chunk` from `from` on, and says where the text starts in the answer.
    /// With `last`, a character that was cut in two is damaged. UTF-8 is handed back without a copy.
    pub(super) fn decode(&mut self, mut chunk: Vec<u8>, mut from: usize, last: bool) -> (Vec<u8>, usize) {
        if self.encoding == Some(Encoding::Utf8) {
            return (chunk, from);
        }
        if !self.cut.is_empty() {
            self.cut.extend_from_slice(&chunk[from..]);
            chunk = std::mem::take(&mut self.cut);
            from = 0;
        }
        if self.encoding.is_none() {
            if chunk[from..].is_ascii() {
                return (chunk, from);
            }
            let Some(start) = chunk[from..].iter().position(|byte| !byte.is_ascii()).map(|at| from + at) else {
                return (chunk, from);
            };
            let first = &chunk[start..chunk.len().min(start + 4)];
            let valid = match std::str::from_utf8(first) {
                Ok(_) => true,
                Err(error) if error.valid_up_to() > 0 => true,
                Err(error) if error.error_len().is_none() && !last => {
                    self.cut = chunk.split_off(start);
                    return (chunk, from);
                }
                Err(_) => false,
            };
            self.guessed = !valid;
            self.encoding = Some(if valid { Encoding::Utf8 } else { Encoding::Windows1252 });
        }
        match self.encoding() {
            Encoding::Utf8 => (chunk, from),
            Encoding::Windows1252 => (windows_1252(&chunk[from..]), 0),
            Encoding::Utf16Le => (self.utf16(&chunk[from..], u16::from_le_bytes, last), 0),
            Encoding::Utf16Be => (self.utf16(&chunk[from..], u16::from_be_bytes, last), 0),
        }
    }

    fn utf16(&mut self, bytes: &[u8], unit: fn([u8; 2]) -> u16, last: bool) -> Vec<u8> {
        let mut whole = bytes.len() & !1;
        if !last && whole >= 2 && (0xd800..0xdc00).contains(&unit([bytes[whole - 2], bytes[whole - 1]])) {
            whole -= 2;
        }
        if !last {
            self.cut = bytes[whole..].to_vec();
        }
        let mut text = String::with_capacity(whole);
        let units = bytes[..whole].chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        text.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
        if last && whole < bytes.len() {
            text.push(char::REPLACEMENT_CHARACTER);
        }
        text.into_bytes()
    }
}

fn windows_1252(bytes: &[u8]) -> Vec<u8> {
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 8);
    text.extend(bytes.iter().map(|&byte| match byte {
        0x80..=0x9f => {
            char::from_u32(u32::from(WINDOWS_1252[usize::from(byte - 0x80)])).unwrap_or(char::REPLACEMENT_CHARACTER)
        }
        _ => char::from(byte),
    }));
    text.into_bytes()
}

/// Good characters past ASCII, bad sequences, and where the first bad one is.
fn count_utf8(text: &[u8]) -> (usize, usize, usize) {
    let (mut good, mut bad, mut first_bad, mut at) = (0, 0, 0, 0);
    for part in text.utf8_chunks() {
        good += part.valid().chars().filter(|character| !character.is_ascii()).count();
        at += part.valid().len();
        if !part.invalid().is_empty() {
            if bad == 0 {
                first_bad = at;
            }
            bad += 1;
            at += part.invalid().len();
        }
    }
    (good, bad, first_bad)
}

/// How many bytes at the end belong to a character that is not complete.
fn cut_utf8(bytes: &[u8]) -> usize {
    let tail = &bytes[bytes.len().saturating_sub(3)..];
    let Some(back) = tail.iter().rev().position(|byte| byte & 0xc0 == 0xc0) else { return 0 };
    match std::str::from_utf8(&tail[tail.len() - 1 - back..]) {
        Err(error) if error.error_len().is_none() => back + 1,
        _ => 0,
    }
}

/// Latin letters, digits and line ends have a zero byte in UTF-16, always on the same side.
fn utf16_by_zeros(sample: &[u8]) -> Option<Encoding> {
    let (mut even, mut odd) = (0, 0);
    for pair in sample.chunks_exact(2) {
        even += usize::from(pair[0] == 0);
        odd += usize::from(pair[1] == 0);
    }
    // Some characters have a zero byte on the other side (U+0100, U+D800), so a few are no contradiction.
    let enough = sample.len() / 8;
    if odd > enough && even * 8 < odd {
        Some(Encoding::Utf16Le)
    } else if even > enough && odd * 8 < even {
        Some(Encoding::Utf16Be)
    } else {
        None
    }
}

fn not_valid(name: &str, offset: usize) -> Error {
    Error::new(
        Code::UploadEncoding,
        format!("The file is not {name}: byte {offset} cannot stand there. Leave the encoding out to have it found."),
    )
    .with("encoding", name)
    .with("offset", offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8], size: usize) -> (String, Encoding) {
        let (mut decoder, mark) = Decoder::choose(bytes, true, None).unwrap();
        let mut text = Vec::new();
        let chunks: Vec<_> = bytes[mark..].chunks(size).collect();
        for (index, chunk) in chunks.iter().enumerate() {
            let (part, from) = decoder.decode(chunk.to_vec(), 0, index + 1 == chunks.len());
            text.extend_from_slice(&part[from..]);
        }
        (String::from_utf8(text).unwrap(), decoder.encoding())
    }

    #[test]
    fn every_encoding_is_found_and_read_at_any_chunk_size() {
        let text = "Gutschein;Größe\r\n🎁-10;5€\r\nA\u{10348}B;x\r\n";
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let marked = |mark: &[u8], bytes: &[u8]| [mark, bytes].concat();
        for size in [1, 2, 3, 5, 7, 1000] {
            for (bytes, encoding) in [
                (text.as_bytes().to_vec(), Encoding::Utf8),
                (marked(b"\xef\xbb\xbf", text.as_bytes()), Encoding::Utf8),
                (le.clone(), Encoding::Utf16Le),
                (marked(b"\xff\xfe", &le), Encoding::Utf16Le),
                (be.clone(), Encoding::Utf16Be),
                (marked(b"\xfe\xff", &be), Encoding::Utf16Be),
            ] {
                assert_eq!(decode(&bytes, size), (text.to_owned(), encoding), "{encoding:?} {size}");
            }
            let western = decode(b"Gr\xf6\xdfe \x80 \x84x\x93", size);
            assert_eq!(western, ("Größe € „x“".to_owned(), Encoding::Windows1252));
        }
    }

    #[test]
    fn the_first_character_past_ascii_decides_however_late_it_comes() {
        for (tail, encoding) in
            [("ä".as_bytes(), Encoding::Utf8), (b"\xe4,", Encoding::Windows1252), (b"\xe4", Encoding::Windows1252)]
        {
            for size in [1, 2, 3] {
                let (mut decoder, _) = Decoder::choose(b"ABC", false, None).unwrap();
                let bytes = [b"ABC\n", tail].concat();
                let chunks: Vec<_> = bytes.chunks(size).collect();
                let mut text = Vec::new();
                for (index, chunk) in chunks.iter().enumerate() {
                    let (part, from) = decoder.decode(chunk.to_vec(), 0, index + 1 == chunks.len());
                    text.extend_from_slice(&part[from..]);
                }
                assert_eq!(decoder.encoding(), encoding);
                assert!(String::from_utf8(text).unwrap().starts_with("ABC\nä"));
            }
        }
    }

    #[test]
    fn one_damaged_byte_does_not_turn_utf8_into_another_encoding() {
        let (decoder, _) = Decoder::choose(b"\xc3\xa4\xc3\xb6\xff\xc3\xbc", true, None).unwrap();
        assert_eq!(decoder.encoding(), Encoding::Utf8);
    }

    #[test]
    fn an_encoding_that_the_bytes_contradict_is_refused() {
        let refused = |bytes: &[u8], encoding| Decoder::choose(bytes, true, Some(encoding)).err().unwrap().code();
        assert_eq!(refused(b"caf\xe9\n", Encoding::Utf8), Code::UploadEncoding);
        assert_eq!(refused(b"ABC\nDEF\n", Encoding::Utf16Le), Code::UploadEncoding);
        assert_eq!(Decoder::choose(b"a\0\0\0b\0\x01\x02", true, None).err().unwrap().code(), Code::UploadNotText);
    }
}
