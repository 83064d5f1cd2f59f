//! Making a value safe for its place.

use super::next::Next;
use super::place::Place;

/// Adds `text` to `out`, escaped for `place`. Cost: one pass.
///
/// `next` is an engine that reads the mail after us: its delimiters are hidden, but in plain text, which has no escape.
///
/// `commented` says that the place lies in a downlevel-hidden conditional comment: there the text must also not be
/// able to end the comment, alone or together with what stands around it.
pub(super) fn escape(place: Place, commented: bool, next: Option<Next>, text: &str, out: &mut String) {
    // A single hyphen between other characters ends no comment, and codes with hyphens are common.
    let hyphens = commented && (text.starts_with('-') || text.ends_with('-') || text.contains("--"));
    match place {
        // A date comes from the host: a line break in it must not start a new header in a subject.
        Place::Plain => {
            out.extend(text.chars().map(|character| if breaks_line(character) { ' ' } else { character }));
        }
        Place::Markup => markup(text, hyphens, next, out),
        Place::UrlPath if matches!(text, "." | "..") => {
            // Browsers resolve `.` and `..` as steps in a path, `%2E` too. Encoded twice the server sees no step.
            text.chars().for_each(|_| out.push_str("%252E"));
        }
        Place::UrlPath | Place::UrlTail => percent(text, hyphens, out),
        Place::Json => json(text, hyphens, next, out),
    }
}

fn breaks_line(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

/// Character references for the five characters that mean something in text or a quoted attribute.
fn markup(text: &str, hyphens: bool, next: Option<Next>, out: &mut String) {
    let mut kept = 0;
    for (at, byte) in text.bytes().enumerate() {
        let reference = match byte {
            b'{' | b'}' | b'%' | b'#' | b'\\' if hidden(next, byte.into()) => match byte {
                b'{' => "&#123;",
                b'}' => "&#125;",
                b'%' => "&#37;",
                b'#' => "&#35;",
                _ => "&#92;",
            },
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            b'\'' => "&#39;",
            b'-' if hyphens => "&#45;",
            _ => continue,
        };
        out.push_str(&text[kept..at]);
        out.push_str(reference);
        kept = at + 1;
    }
    out.push_str(&text[kept..]);
}

/// Percent-encodes every byte of the UTF-8 form but RFC 3986's unreserved characters.
fn percent(text: &str, hyphens: bool, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'~') || (byte == b'-' && !hyphens) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            push_hex(u32::from(byte), 2, out);
        }
    }
}

/// JSON string content (RFC 8259, section 7) that is also inert in HTML.
fn json(text: &str, hyphens: bool, next: Option<Next>, out: &mut String) {
    for character in text.chars() {
        match character {
            special if hidden(next, special) => unicode(special, out),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '<' | '>' | '&' | '\'' | '\u{2028}' | '\u{2029}' => unicode(character, out),
            '-' if hyphens => unicode(character, out),
            control if control.is_control() => unicode(control, out),
            other => out.push(other),
        }
    }
}

fn hidden(next: Option<Next>, character: char) -> bool {
    next.is_some_and(|next| next.hides(character))
}

fn unicode(character: char, out: &mut String) {
    out.push_str("\\u");
    push_hex(character as u32, 4, out);
}

fn push_hex(value: u32, digits: u32, out: &mut String) {
    for digit in (0..digits).rev() {
        out.extend(char::from_digit(value >> (4 * digit) & 0xf, 16).map(|hex| hex.to_ascii_uppercase()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(place: Place, text: &str) -> String {
        let mut out = String::new();
        escape(place, false, None, text, &mut out);
        out
    }

    #[test]
    fn text_and_attributes_get_character_references() {
        assert_eq!(escaped(Place::Markup, r#"a&<b>"'ß"#), "a&amp;&lt;b&gt;&quot;&#39;ß");
    }

    #[test]
    fn addresses_get_percent_encoding_of_everything_but_unreserved() {
        assert_eq!(escaped(Place::UrlTail, "A-z_0.~ &=/?#%ß🎁"), "A-z_0.~%20%26%3D%2F%3F%23%25%C3%9F%F0%9F%8E%81");
        assert_eq!(escaped(Place::UrlTail, ".."), "..");
        assert_eq!(escaped(Place::UrlPath, ".."), "%252E%252E", "a code is no step in a path");
        assert_eq!(escaped(Place::UrlPath, "..."), "...");
    }

    #[test]
    fn json_strings_get_json_escapes() {
        assert_eq!(escaped(Place::Json, "a\"b\\</script>"), "a\\\"b\\\\\\u003C/script\\u003E");
    }

    #[test]
    fn plain_text_stays_but_never_breaks_a_line() {
        assert_eq!(escaped(Place::Plain, "<a>&\r\nBcc: x"), "<a>&  Bcc: x");
    }

    #[test]
    fn in_a_conditional_comment_no_value_ends_the_comment() {
        for (place, wanted) in
            [(Place::Markup, "&#45;&#45;&gt;"), (Place::UrlTail, "%2D%2D%3E"), (Place::Json, "\\u002D\\u002D\\u003E")]
        {
            let mut out = String::new();
            escape(place, true, None, "-->", &mut out);
            assert_eq!(out, wanted);
        }
        let mut out = String::new();
        escape(Place::Markup, true, None, "SPRING-10", &mut out);
        assert_eq!(out, "SPRING-10");
    }

    #[test]
    fn what_the_next_engine_reads_is_hidden_where_there_is_an_escape() {
        for (next, place, wanted) in [
            (Next::Liquid, Place::Markup, "&#123;&#125;&#37;#\\&lt;"),
            (Next::Jinja, Place::Markup, "&#123;&#125;&#37;&#35;\\&lt;"),
            (Next::Handlebars, Place::Markup, "&#123;&#125;%#&#92;&lt;"),
            (Next::Ejs, Place::Markup, "{}&#37;#\\&lt;"),
            (Next::Liquid, Place::UrlTail, "%7B%7D%25%23%5C%3C"),
            (Next::Handlebars, Place::Json, "\\u007B\\u007D%#\\u005C\\u003C"),
            (Next::Liquid, Place::Json, "\\u007B\\u007D\\u0025#\\\\\\u003C"),
        ] {
            let mut out = String::new();
            escape(place, false, Some(next), "{}%#\\<", &mut out);
            assert_eq!(out, wanted, "{next:?} {place:?}");
        }
    }
}
