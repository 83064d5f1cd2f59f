//! `next`: another template engine reads the mail after us.
//!
//! A code must stay a text for that engine too. Where a place has an escape that hides a character (an entity,
//! percent-encoding, `\\u007B`), every character of the engine's delimiters is hidden. In plain text nothing hides
//! them, so a value with a character that can begin or disturb a tag there is refused. The text of the template is
//! checked when it is parsed: no tag of ours may stand inside an expression of that engine, or right after a character
//! that could begin one together with the value.
//!
//! Delimiters are the usual ones of each engine, from its own documentation: Liquid (shopify.github.io/liquid),
//! Handlebars (handlebarsjs.com), mustache(5), Nunjucks (mozilla.github.io/nunjucks), Jinja
//! (jinja.palletsprojects.com), Twig (twig.symfony.com), EJS (ejs.co).

/// An engine that runs after ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Next {
    /// `{{ … }}`, `{% … %}`.
    Liquid,
    /// `{{ … }}`, of which a backslash takes the meaning away.
    Handlebars,
    /// `{{ … }}`; its delimiters can be changed in the text.
    Mustache,
    /// `{{ … }}`, `{% … %}`, `{# … #}`: Nunjucks, Jinja and Twig are alike.
    Jinja,
    /// `<% … %>`.
    Ejs,
}

/// What in a template cannot be read for certain once another engine follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clash {
    /// An expression of the engine is open.
    Inside,
    /// The character before the tag could begin an expression.
    Border,
    /// The delimiters are changed.
    Delimiters,
}

impl Next {
    /// The engine of this name, as the public face has it.
    pub fn named(name: &str) -> Option<Next> {
        Some(match name {
            "liquid" => Next::Liquid,
            "handlebars" => Next::Handlebars,
            "mustache" => Next::Mustache,
            "nunjucks" | "jinja" | "twig" => Next::Jinja,
            "ejs" => Next::Ejs,
            _ => return None,
        })
    }

    /// Whether a character is hidden wherever the place has an escape for it.
    pub(super) fn hides(self, character: char) -> bool {
        match self {
            Next::Liquid => matches!(character, '{' | '}' | '%'),
            Next::Handlebars | Next::Mustache => matches!(character, '{' | '}' | '\\'),
            Next::Jinja => matches!(character, '{' | '}' | '%' | '#'),
            Next::Ejs => matches!(character, '<' | '>' | '%'),
        }
    }

    /// Whether a value cannot stand in plain text. Every expression begins with the first character of an opener, and
    /// the template's own text does not end in one before a tag ([`Clash::Border`]), so the others do no harm there.
    pub(super) fn refuses(self, value: &str) -> bool {
        value.contains(|character| match self {
            Next::Liquid | Next::Jinja => character == '{',
            Next::Handlebars | Next::Mustache => matches!(character, '{' | '\\'),
            // EJS takes its closing delimiter out of the text too.
            Next::Ejs => matches!(character, '<' | '%'),
        })
    }

    /// What is wrong with the text between two tags of ours, if anything. `tag` says that a tag follows.
    pub(super) fn clash(self, text: &str, tag: bool) -> Option<Clash> {
        let set = |at: usize| text.as_bytes().get(at + 2) == Some(&b'=');
        if self == Next::Mustache && text.match_indices("{{").any(|(at, _)| set(at)) {
            return Some(Clash::Delimiters);
        }
        if !tag {
            return None;
        }
        let first = if self == Next::Ejs { '<' } else { '{' };
        // Engines disagree whether a delimiter inside quotes counts: neither reading may be inside an expression.
        if self.open(text, false) || self.open(text, true) {
            Some(Clash::Inside)
        } else if text.ends_with(first) {
            Some(Clash::Border)
        } else {
            None
        }
    }

    /// Whether an expression that begins in the text does not end in it. `quotes` says that delimiters in quoted texts
    /// do not count.
    fn open(self, text: &str, quotes: bool) -> bool {
        let mut rest = text;
        loop {
            let Some((start, close, plain)) = self.opener(rest) else {
                return false;
            };
            rest = &rest[start + 2..];
            let Some(end) = (if quotes && !plain { quoted_end(rest, close) } else { rest.find(close) }) else {
                return true;
            };
            rest = &rest[end + close.len()..];
        }
    }

    /// The next expression: where it opens, what closes it, and whether quotes mean nothing in it.
    fn opener(self, text: &str) -> Option<(usize, &'static str, bool)> {
        if self == Next::Ejs {
            return text.find("<%").map(|start| (start, "%>", true));
        }
        let mustache = matches!(self, Next::Handlebars | Next::Mustache);
        text.match_indices('{').find_map(|(start, _)| {
            let after = &text[start + 1..];
            match after.bytes().next()? {
                b'{' if mustache && after.starts_with("{!--") => Some((start, "--}}", true)),
                b'{' => Some((start, "}}", mustache && after.starts_with("{!"))),
                b'%' if !mustache => Some((start, "%}", false)),
                b'#' if self == Next::Jinja => Some((start, "#}", true)),
                _ => None,
            }
        })
    }
}

/// Where `close` stands outside of quotes.
fn quoted_end(text: &str, close: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = text.get(at..)?;
        if rest.starts_with(close) {
            return Some(at);
        }
        at += match rest.chars().next()? {
            quote @ ('"' | '\'') => rest[1..].find(quote)? + 2,
            other => other.len_utf8(),
        };
    }
}

impl Clash {
    /// What is wrong and what to do.
    pub(super) fn advice(self) -> &'static str {
        match self {
            Clash::Inside => {
                "this tag stands inside an expression of the engine that runs next, where a code would be read as a program; close the expression before it, or run that engine first, with marks"
            }
            Clash::Border => {
                "the character right before this tag could open an expression of the engine that runs next; write a space after it, or &#123; for {, &lt; for <"
            }
            Clash::Delimiters => {
                "with next: \"mustache\" its delimiters cannot be changed in the text ({{=); keep {{ and }}, or run Mustache first, with marks"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_inside_an_expression_is_known_by_either_reading_of_quotes() {
        for (next, text) in [
            (Next::Liquid, "a {{ b"),
            (Next::Liquid, "{% if x %}{% x"),
            (Next::Liquid, "{{ \"}}\" | append: \""),
            (Next::Liquid, "{{ '%}' }} {{ \"}}"),
            (Next::Handlebars, "{{{ a }} {{!-- }} "),
            (Next::Mustache, "{{#a}}{{! don't"),
            (Next::Jinja, "{# don't }} %}"),
            (Next::Jinja, "{% set a = '%}"),
            (Next::Ejs, "<p><%= a"),
        ] {
            assert_eq!(next.clash(text, true), Some(Clash::Inside), "{next:?} {text}");
            assert_eq!(next.clash(text, false), None, "{next:?} {text}");
        }
        for (next, text) in [
            (Next::Liquid, "a {{ b }} } %} {% if 'x' %} { # {"),
            (Next::Handlebars, "{{!-- don't }} --}}{{! don't }}{{#if a}} {% x {"),
            (Next::Mustache, "{{#a}} <% {# "),
            (Next::Jinja, "{# don't #}{{ '}}' }}"),
            (Next::Ejs, "<p>{{ <%= it's %> %> <"),
        ] {
            assert_ne!(next.clash(text, true), Some(Clash::Inside), "{next:?} {text}");
        }
    }

    #[test]
    fn a_delimiter_may_not_be_completed_by_a_value() {
        assert_eq!(Next::Liquid.clash("a {", true), Some(Clash::Border));
        assert_eq!(Next::Ejs.clash("a <", true), Some(Clash::Border));
        assert_eq!(Next::Ejs.clash("a {", true), None);
        assert_eq!(Next::Mustache.clash("{{=<% %>=}}", false), Some(Clash::Delimiters));
        assert_eq!(Next::Handlebars.clash("{{=x=}}", true), None);
    }

    #[test]
    fn in_plain_text_only_what_could_be_syntax_is_refused() {
        for (next, value) in
            [(Next::Liquid, "A{"), (Next::Handlebars, "A\\"), (Next::Jinja, "{#"), (Next::Ejs, "50%"), (Next::Ejs, "<")]
        {
            assert!(next.refuses(value), "{next:?} {value}");
        }
        for (next, value) in
            [(Next::Liquid, "50% #1 }} A\\"), (Next::Mustache, "50%<"), (Next::Jinja, "#}%"), (Next::Ejs, "{{A}}")]
        {
            assert!(!next.refuses(value), "{next:?} {value}");
        }
    }
}
