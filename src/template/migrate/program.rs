//! AMPscript as far as it claims codes: where it stands in a text, and its tokens.
//!
//! Blocks are `%%[ … ]%%`, inline expressions `%%= … =%%`; names are read without regard to case; a text is in single or
//! double quotes, in which a doubled quote is one ("AMPscript syntax guide", developer.salesforce.com/docs/marketing).

use std::ops::Range;

/// A piece of AMPscript.
#[derive(Debug)]
pub(super) struct Piece<'a> {
    pub(super) kind: Kind,
    /// With its delimiters.
    pub(super) span: Range<usize>,
    pub(super) tokens: Vec<Token<'a>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Block,
    Inline,
    /// `<script runat="server">`, which may hold AMPscript too.
    Script,
}

/// What a token is. Names are compared without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word<'a> {
    Name(&'a str),
    Variable(&'a str),
    Text(String, char),
    Sign(char),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) word: Word<'a>,
    pub(super) span: Range<usize>,
}

impl Token<'_> {
    pub(super) fn is(&self, name: &str) -> bool {
        matches!(self.word, Word::Name(word) if word.eq_ignore_ascii_case(name))
    }

    pub(super) fn is_sign(&self, sign: char) -> bool {
        self.word == Word::Sign(sign)
    }

    pub(super) fn variable(&self) -> Option<String> {
        if let Word::Variable(name) = self.word { Some(name.to_ascii_lowercase()) } else { None }
    }
}

/// Every piece of AMPscript in a text, in order.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find(['%', '<']).map(|found| at + found) {
        let rest = &text[start..];
        let (kind, open, close) = if rest.starts_with("%%[") {
            (Kind::Block, 3, "]%%")
        } else if rest.starts_with("%%=") {
            (Kind::Inline, 3, "=%%")
        } else if rest.get(..7).is_some_and(|name| name.eq_ignore_ascii_case("<script")) {
            (Kind::Script, 7, "</script")
        } else {
            at = start + 1;
            continue;
        };
        let inside = start + open;
        let (tokens, end) = tokens(text, inside, close);
        at = end;
        pieces.push(Piece { kind, span: start..end, tokens });
    }
    pieces
}

/// The tokens up to `close`, and where that ends.
fn tokens<'a>(text: &'a str, from: usize, close: &str) -> (Vec<Token<'a>>, usize) {
    let mut tokens = Vec::new();
    let mut at = from;
    while let Some(character) = text[at..].chars().next() {
        let rest = &text[at..];
        if rest.get(..close.len()).is_some_and(|end| end.eq_ignore_ascii_case(close)) {
            return (tokens, at + close.len());
        }
        let word_end = |from: usize| {
            rest[from..]
                .find(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
                .map_or(rest.len(), |end| from + end)
        };
        let (word, length) = match character {
            '/' if rest.starts_with("/*") => {
                at += rest.find("*/").map_or(rest.len(), |end| end + 2);
                continue;
            }
            '"' | '\'' => match quoted(rest, character) {
                Some((value, length)) => (Word::Text(value, character), length),
                None => (Word::Sign(character), 1),
            },
            '@' => {
                let end = word_end(1);
                (Word::Variable(&rest[..end]), end)
            }
            letter if letter.is_alphanumeric() || letter == '_' => {
                let end = word_end(0);
                (Word::Name(&rest[..end]), end)
            }
            space if space.is_whitespace() => {
                at += space.len_utf8();
                continue;
            }
            sign => (Word::Sign(sign), sign.len_utf8()),
        };
        tokens.push(Token { word, span: at..at + length });
        at += length;
    }
    (tokens, text.len())
}

/// A text that starts with its quote, and how long it is.
fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut at = 1;
    loop {
        let end = at + text[at..].find(quote)?;
        value.push_str(&text[at..end]);
        at = end + 1;
        if !text[at..].starts_with(quote) {
            return Some((value, at));
        }
        value.push(quote);
        at += 1;
    }
}
