//! How far a URL in an attribute has come: from where on a code can no longer change where it leads.
//!
//! It follows the URL standard's parser (url.spec.whatwg.org, "basic URL parser") as far as scheme and host; what
//! cannot be read for certain from the raw attribute (entities, tabs, backslashes) is refused, not interpreted.

use super::names::Name;
use super::place::{Place, Refusal};

/// Schemes that run programs, read local files or wrap another URL.
const PROGRAMS: [&[u8]; 12] = [
    b"javascript",
    b"data",
    b"vbscript",
    b"livescript",
    b"mocha",
    b"blob",
    b"filesystem",
    b"view-source",
    b"about",
    b"file",
    b"jar",
    b"feed",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Url {
    /// Nothing but leading white space.
    Start,
    /// Letters that may still become a scheme.
    Scheme,
    /// The first segment of a relative path, which cannot become a scheme any more.
    First,
    /// After `https:`.
    Colon,
    /// After `https:/`.
    ColonSlash,
    /// After `//`, where a host must start.
    HostStart,
    Host,
    /// After a single leading `/`: another one would start a host.
    Slash,
    /// `mailto:` and its like before their `?`.
    Recipient,
    /// An expression of another engine came first: it may hold scheme and host, or nothing.
    Opaque,
    Path,
    Tail,
    /// A scheme that runs programs.
    Program,
    /// Cannot be read for certain.
    Odd,
}

impl Url {
    /// The state after one more byte. `name` collects the scheme.
    pub(super) fn step(self, byte: u8, name: &mut Name) -> Url {
        // The URL parser drops tabs and line breaks wherever they stand, and reads `\` as `/`.
        let odd = matches!(byte, b'\\' | b'&' | 0..=0x1f);
        match (self, byte) {
            (Url::Path | Url::Slash | Url::First | Url::Scheme | Url::Host | Url::Opaque, b'?' | b'#') => Url::Tail,
            (Url::Path | Url::Tail | Url::Program | Url::Odd, _) => self,

            (Url::Start, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c') => Url::Start,
            (Url::Start, b'/') => Url::Slash,
            (Url::Start, b'?' | b'#') => Url::Tail,
            (Url::Start, letter) if letter.is_ascii_alphabetic() => {
                *name = Name::default();
                name.push(letter);
                Url::Scheme
            }
            (Url::Scheme, b':') => scheme(name),
            (Url::Scheme, b'/') => Url::Path,
            (Url::Scheme, letter) if letter.is_ascii_alphanumeric() || matches!(letter, b'+' | b'-' | b'.') => {
                name.push(letter);
                Url::Scheme
            }
            (Url::First, b'/') => Url::Path,
            (Url::First, _) => Url::First,
            (Url::Recipient, b'?') => Url::Tail,
            (Url::Recipient, _) => Url::Recipient,

            _ if odd => Url::Odd,
            (Url::Start | Url::Scheme, _) => Url::First,
            (Url::Colon, b'/') => Url::ColonSlash,
            (Url::ColonSlash, b'/') => Url::HostStart,
            (Url::Colon | Url::ColonSlash, _) => Url::Odd,
            (Url::HostStart, b'/' | b'?' | b'#') => Url::Odd,
            (Url::Host, b'/') => Url::Path,
            (Url::HostStart | Url::Host, b' ') => Url::Odd,
            (Url::HostStart | Url::Host, _) => Url::Host,
            (Url::Slash, b'/') => Url::HostStart,
            (Url::Slash, _) => Url::Path,
            (Url::Opaque, b'/') => Url::Slash,
            (Url::Opaque, _) => Url::Opaque,
        }
    }

    /// The state after an expression of another engine whose value is not known.
    pub(super) fn opaque(self) -> Url {
        match self {
            Url::Start | Url::Scheme | Url::Colon | Url::ColonSlash => Url::Opaque,
            Url::HostStart => Url::Host,
            Url::Slash => Url::Path,
            other => other,
        }
    }

    /// The state where two branches meet.
    pub(super) fn join(self, other: Url) -> Url {
        let complete = |url| matches!(url, Url::Path | Url::Tail | Url::Slash);
        match (self, other) {
            (a, b) if a == b => a,
            (Url::Program, _) | (_, Url::Program) => Url::Program,
            (Url::Odd, _) | (_, Url::Odd) => Url::Odd,
            (Url::Slash, b) if complete(b) => Url::Slash,
            (a, Url::Slash) if complete(a) => Url::Slash,
            (a, b) if complete(a) && complete(b) => Url::Path,
            _ => Url::Opaque,
        }
    }

    /// The place here, or why there is none.
    pub(super) fn place(self) -> Result<Place, Refusal> {
        match self {
            Url::Slash | Url::Path => Ok(Place::UrlPath),
            Url::Tail => Ok(Place::UrlTail),
            Url::Program => Err(Refusal::UrlScript),
            Url::Odd => Err(Refusal::UrlOdd),
            _ => Err(Refusal::UrlStart),
        }
    }
}

fn scheme(name: &mut Name) -> Url {
    let next = match name.as_bytes() {
        Some(b"mailto" | b"sms" | b"tel") => Url::Recipient,
        Some(scheme) if PROGRAMS.contains(&scheme) => Url::Program,
        Some(_) => Url::Colon,
        None => Url::Odd,
    };
    *name = Name::default();
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a URL in which `{}` stands for another engine's expression.
    fn read(text: &str) -> Url {
        let mut name = Name::default();
        let mut url = Url::Start;
        for (index, piece) in text.split("{}").enumerate() {
            if index > 0 {
                url = url.opaque();
            }
            url = piece.bytes().fold(url, |url, byte| url.step(byte, &mut name));
        }
        url
    }

    #[test]
    fn a_code_fits_where_scheme_and_host_are_complete() {
        for text in [
            "https://a.example/",
            "HTTP://a.example?c=",
            "https://u@a.example:8080/x/",
            "https://a.example#",
            "/",
            "?c=",
            "#",
            "shop/",
            "a b/",
            " \n/x",
            "mailto:a@b.example?body=",
            "sms:?body=",
            "{}/x?c=",
            "{}?c=",
            "https://{}/",
            "https://a.{}.example/x",
            "myapp://open/",
            "1:/",
            "//a.example/",
            "{}://a.example/x",
            "img.png?",
        ] {
            assert!(read(text).place().is_ok(), "{text}: {:?}", read(text));
        }
    }

    #[test]
    fn a_code_is_refused_where_it_could_choose_the_target() {
        for text in [
            "",
            " ",
            "h",
            "https",
            "https:",
            "https:/",
            "https://",
            "https://a",
            "https://a.example:80",
            "//",
            "//a",
            "/\\",
            "\\",
            "https:a/",
            "https:///",
            "https:\\\\a/",
            "java&#115;cript:",
            "java\tscript:/",
            "/\t/",
            "https&colon;//a/",
            "javascript:/",
            "JavaScript://a/?x=",
            "data:text/html,?",
            "vbscript:/",
            "mailto:",
            "mailto:a@b",
            "tel:+1",
            "{}",
            "{}.example",
            "{}x",
            "shop",
            "1",
            "https://a\t/",
            "https:///a/",
        ] {
            assert!(read(text).place().is_err(), "{text}: {:?}", read(text));
        }
    }

    #[test]
    fn a_slash_after_an_unknown_start_may_start_a_host() {
        assert!(read("{}//").place().is_err());
        assert!(read("{}//x/").place().is_ok());
    }

    #[test]
    fn branches_meet_in_the_more_careful_state() {
        assert_eq!(read("https://a/x").join(read("https://a/?")), Url::Path);
        assert_eq!(read("/").join(read("/x")), Url::Slash);
        assert_eq!(Url::Start.join(read("https://a/")), Url::Opaque);
        assert_eq!(read("javascript:").join(Url::Path), Url::Program);
    }
}
