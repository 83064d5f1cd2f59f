//! Markers: tags that another template engine carries through to us.
//!
//! A marker is `[[coupon:NONCE:TEXT]]`, TEXT being the tag's inside in URL-safe Base64 (RFC 4648, section 5, without
//! padding). Its characters are changed by no HTML or JSON escaper. Only a plugin that knows this render's nonce can
//! make one, so a contact who calls himself `{% coupon "vip" %}` stays a name.

use crate::error::{Code, Error, Result};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// What stands before the nonce.
pub(super) const OPEN: &str = "[[coupon:";
/// So many characters of a nonce tell that a marker was there, whatever was done to it: a template that holds them by
/// chance is one in some hundred million.
pub(super) const TELLING: usize = 8;

/// The marker that stands for a tag in this render, such as `marker(nonce, "coupon \"spring-sale\"")`; `{%` and `%}`
/// around the tag may be left out. The tag is checked when the marker is read.
pub fn marker(nonce: &str, tag: &str) -> String {
    let tag = tag.trim();
    let tag = tag.strip_prefix("{%").unwrap_or(tag);
    let tag = tag.strip_suffix("%}").unwrap_or(tag).trim();
    let mut out = String::with_capacity(OPEN.len() + nonce.len() + tag.len() * 4 / 3 + 6);
    out.push_str(OPEN);
    out.push_str(nonce);
    out.push(':');
    for chunk in tag.as_bytes().chunks(3) {
        let bits = chunk.iter().fold(0, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for sextet in 0..=chunk.len() {
            out.push(char::from(ALPHABET[(bits >> (18 - 6 * sextet) & 63) as usize]));
        }
    }
    out.push_str("]]");
    out
}

/// Checks that a nonce can be told from text: 16 to 128 letters, digits, `-` or `_`.
pub(super) fn check_nonce(nonce: &str) -> Result<()> {
    if (16..=128).contains(&nonce.len()) && nonce.bytes().all(|byte| ALPHABET.contains(&byte)) {
        return Ok(());
    }
    let text = "a nonce is 16 to 128 letters, digits, - or _, random and new for each render";
    Err(Error::new(Code::InvalidArgument, text).with("option", "nonce"))
}

/// Reads what follows the nonce: the tag's inside, closed with `%}`, and the length of the marker's rest.
pub(super) fn read(rest: &str) -> Option<(String, usize)> {
    let text = rest.strip_prefix(':')?;
    let length = text.bytes().take_while(|byte| ALPHABET.contains(byte)).count();
    if !text[length..].starts_with("]]") {
        return None;
    }
    let mut bytes = Vec::with_capacity(length);
    for chunk in text.as_bytes()[..length].chunks(4) {
        let mut bits = 0;
        for byte in chunk {
            bits = bits << 6 | ALPHABET.iter().position(|known| known == byte)? as u32;
        }
        bits <<= 6 * (4 - chunk.len());
        bytes.extend_from_slice(bits.to_be_bytes().get(1..chunk.len())?);
    }
    let mut inside = String::from_utf8(bytes).ok()?;
    inside.push_str(" %}");
    Some((inside, 1 + length + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: &str = "0123456789abcdef";

    #[test]
    fn a_marker_carries_any_tag_through_every_escaper() {
        for tag in ["coupon \"a\"", "coupon 'ab'", "coupon \"abc\", fallback: \"ß🎁<\"", "else", "endifcoupon"] {
            let marker = marker(NONCE, &format!("{{% {tag} %}}"));
            assert!(marker.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"[]:-_".contains(&byte)), "{marker}");
            let rest = marker.strip_prefix("[[coupon:0123456789abcdef").unwrap();
            assert_eq!(read(&format!("{rest} tail")), Some((format!("{tag} %}}"), rest.len())));
        }
    }

    #[test]
    fn a_damaged_marker_is_none() {
        for rest in ["", ":", ":QQ", ":QQ]", "QQ]]", ":Q Q]]", "%3AQQ]]", ":_w]]"] {
            assert_eq!(read(rest), None, "{rest}");
        }
    }

    #[test]
    fn a_nonce_cannot_be_guessed_or_hide_in_text() {
        assert!(check_nonce(NONCE).is_ok());
        for nonce in ["", "short", "0123456789abcde ", "0123456789abcdeß"] {
            assert!(check_nonce(nonce).is_err(), "{nonce}");
        }
    }
}
