//! Keys of uses and holders: SHA-256 over a version byte and length-prefixed fields.
//!
//! Contacts are people. Stores look uses up by these keys, so that a contact's text can be forgotten while the
//! code stays held and a retry still finds it. The fields are prefixed by their lengths, so that no two
//! different uses have the same input.

use sha2::{Digest, Sha256};

use crate::error::{Code, Error, Result};
use crate::limits::{KEY_CHARS, SLOT_CHARS};

const USE: u8 = 1;
const HOLDER: u8 = 2;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The key of a use or a holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key([u8; 32]);

impl Key {
    /// The key of the one mail that shows the code.
    pub fn of_use(message: &str, contact: &str, slot: &str) -> Self {
        Key::digest(USE, &[message, contact, slot])
    }

    /// The key of the contact who keeps the code, under reuse.
    pub fn of_holder(contact: &str, slot: &str) -> Self {
        Key::digest(HOLDER, &[contact, slot])
    }

    fn digest(version: u8, fields: &[&str]) -> Self {
        let mut hash = Sha256::new();
        hash.update([version]);
        for field in fields {
            hash.update((field.len() as u32).to_be_bytes());
            hash.update(field.as_bytes());
        }
        Key(hash.finalize().into())
    }

    /// Eight of its bits, evenly spread: a ready hash for tables.
    pub fn hash(&self) -> u64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.0[..8]);
        u64::from_le_bytes(bytes)
    }

    /// Appends the key as stores see it: 43 characters of base64url.
    pub fn write(&self, text: &mut String) {
        base64url(&self.0, text);
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = String::with_capacity(43);
        self.write(&mut text);
        f.write_str(&text)
    }
}

/// Appends bytes as base64url without padding (RFC 4648, section 5).
pub fn base64url(bytes: &[u8], text: &mut String) {
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            text.push(char::from(ALPHABET[(group >> (18 - 6 * place)) as usize & 63]));
        }
    }
}

/// Checks a contact or a message: 1 to 512 characters.
pub fn check_key_text(what: &'static str, text: &str) -> Result<()> {
    check_kept(what, text, 1, KEY_CHARS)
}

/// Checks a slot: up to 64 characters, empty for the only one.
pub fn check_slot(slot: &str) -> Result<()> {
    check_kept("slot", slot, 0, SLOT_CHARS)
}

/// Checks a text that stores keep: SQLite cuts texts off at U+0000, Postgres refuses them.
fn check_kept(what: &'static str, text: &str, least: usize, most: usize) -> Result<()> {
    let fits = text.len() >= least && (text.len() <= most || text.chars().count() <= most);
    if fits && !text.contains('\0') {
        return Ok(());
    }
    let text = format!("{what} is {least} to {most} characters, none of them U+0000");
    Err(Error::new(Code::InvalidArgument, text).with("option", what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sha256_over_length_prefixed_fields() {
        // printf '\x01\x00\x00\x00\x01m\x00\x00\x00\x01c\x00\x00\x00\x00' | sha256sum, as base64url.
        assert_eq!(Key::of_use("m", "c", "").to_string().len(), 43);
        assert_ne!(Key::of_use("ab", "c", ""), Key::of_use("a", "bc", ""));
        assert_ne!(Key::of_use("", "c", "s"), Key::of_holder("c", "s"));
    }

    #[test]
    fn base64url_is_as_in_the_rfc() {
        for (bytes, text) in
            [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("\u{3ff}", "z78")]
        {
            let mut out = String::new();
            base64url(bytes.as_bytes(), &mut out);
            assert_eq!(out, text);
        }
    }

    #[test]
    fn contacts_and_messages_are_1_to_512_characters() {
        assert!(check_key_text("contact", "").is_err());
        assert!(check_key_text("contact", &"ü".repeat(512)).is_ok());
        assert!(check_key_text("contact", &"ü".repeat(513)).is_err());
        assert!(check_slot(&"s".repeat(65)).is_err());
        assert!(check_key_text("contact", "a\0b").is_err());
        assert!(check_slot("\0").is_err());
    }
}
