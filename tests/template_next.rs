//! `next`: whatever the template and the code, the engine that reads the mail after us finds no syntax that the template
//! did not have.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use coupon_pools::error::Code;
use coupon_pools::template::{Answer, Mode, Next, PartName, Source, Template, parse_before};

const ENGINES: [(&str, &[&str]); 5] = [
    ("liquid", &["{{", "{%"]),
    ("handlebars", &["{{", "\\{{", "\\\\{{"]),
    ("mustache", &["{{"]),
    ("jinja", &["{{", "{%", "{#"]),
    ("ejs", &["<%", "%>"]),
];

const CODES: [&str; 16] =
    ["{{x}}", "{%x%}", "{#x#}", "<%x%>", "{", "}", "%", "#", "\\", "<", ">", "%>", "\\\\", "{{", "..", "\"{{'"];

const TOKENS: [&str; 34] = [
    "{% coupon \"a\" %}",
    "{% coupon \"a\" %}",
    "{% ifcoupon \"a\" %}",
    "{% else %}",
    "{% endifcoupon %}",
    "{% raw %}",
    "{% endraw %}",
    "{{ x }}",
    "{% if x %}",
    "{{",
    "}}",
    "{%",
    "%}",
    "<%= x %>",
    "<%",
    "%>",
    "{#",
    "#}",
    "{",
    "}",
    "%",
    "#",
    "<",
    ">",
    "\\",
    "\"",
    "'",
    "<p title=\"",
    "<a href=\"https://a/?",
    "\">",
    "<script type=\"application/ld+json\">\"",
    "</script>",
    "<!--[if mso]>",
    " ",
];

/// The mail with this code, or none if plain text cannot hold it.
fn fill(template: &Template, text: &str, code: &str) -> Option<String> {
    let answer = Answer::Code { code: code.to_owned(), expires_at: None, time_zone: "UTC".to_owned() };
    let answers: Vec<_> = template.questions().iter().map(|_| Some(answer.clone())).collect();
    let filled = template.fill(&answers, &[]);
    if !filled.refused.is_empty() {
        return None;
    }
    let statics = template.parts()[0].segments();
    let pieces = filled.parts[0].pieces.iter().map(|piece| match usize::try_from(*piece) {
        Ok(segment) => &text[statics[segment].0 as usize..statics[segment].1 as usize],
        Err(_) => &filled.parts[0].values[!*piece as usize],
    });
    Some(pieces.collect())
}

#[test]
fn no_code_adds_a_delimiter_to_any_template() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..60_000 {
        let text: String = (0..1 + random(12)).map(|_| TOKENS[random(TOKENS.len())]).collect();
        let mode = [Mode::Html, Mode::Text, Mode::Mjml][random(3)];
        let (name, delimiters) = ENGINES[random(ENGINES.len())];
        let sources = [Source { part: PartName::Whole, text: &text }];
        let Ok(template) = parse_before(&sources, mode, None, Next::named(name)) else { continue };
        if template.tags().is_empty() {
            continue;
        }
        let harmless = fill(&template, &text, "Z").unwrap();
        let code = CODES[random(CODES.len())];
        let Some(output) = fill(&template, &text, code) else {
            assert!(mode == Mode::Text, "{text}: only plain text has no escape");
            refused += 1;
            continue;
        };
        taken += 1;
        for delimiter in delimiters {
            let count = |text: &str| text.matches(delimiter).count();
            assert_eq!(count(&output), count(&harmless), "{name}: {text:?} with {code:?} gives {output:?}");
        }
    }
    assert!(taken > 2_000 && refused > 200, "{taken} taken, {refused} refused: the templates are no test");
}

#[test]
fn a_tag_in_an_expression_or_at_its_border_is_refused_with_its_place() {
    for (name, text, column) in [
        ("liquid", "x {{ {% coupon \"a\" %} }}", 6),
        ("liquid", "{% if '{% coupon \"a\" %}' %}", 8),
        ("handlebars", "x{{% coupon \"a\" %}", 3),
        ("jinja", "{# {% coupon \"a\" %} #}", 4),
        ("ejs", "<%= '{% coupon \"a\" %}' %>", 6),
        ("ejs", "<{% coupon \"a\" %}", 2),
        ("mustache", "{{=<% %>=}}", 12),
    ] {
        let sources = [Source { part: PartName::Text, text }];
        let error = parse_before(&sources, Mode::Text, None, Next::named(name)).unwrap_err();
        assert_eq!(error.code(), Code::TemplatePlace, "{text}: {error}");
        assert!(error.message().contains(&format!("line 1, column {column}:")), "{text}: {error}");
        assert!(parse_before(&sources, Mode::Text, None, None).is_ok(), "{text}");
    }
}
