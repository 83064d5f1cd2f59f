//! A real HTML parser judges: whatever the code, the document is the same but for the code's text.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use coupon_pools::template::{Answer, Mode, PartName, Source, Template, parse};
use html5ever::tendril::TendrilSink;
use html5ever::tree_builder::TreeBuilderOpts;
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom};

const PLAIN: &str = "Xq7Zz";

const HOSTILE: &[&str] = &[
    "\"'><script>alert(1)</script>",
    "</title></textarea></style></script><b onclick=x>",
    "--><img src=x onerror=y><!--",
    "--!>q",
    "q--",
    "-",
    "javascript:alert(1)",
    "//evil.example/x",
    "..",
    "&lt;b&gt;&#60;",
    "\\\"\\u003c/script>",
    "]]><![endif]--><b>",
    "x\" onmouseover=\"y` {{z}} {% if %}",
];

fn render(template: &Template, text: &str, code: &str) -> String {
    let answers: Vec<_> = template
        .questions()
        .iter()
        .map(|_| Some(Answer::Code { code: code.into(), expires_at: None, time_zone: "UTC".into() }))
        .collect();
    let filled = template.fill(&answers, &[]);
    let units: Vec<u16> = text.encode_utf16().collect();
    let part = &filled.parts[0];
    let piece = |piece: &i32| match usize::try_from(*piece) {
        Ok(segment) => {
            let (start, end) = template.parts()[0].segments()[segment];
            String::from_utf16(&units[start as usize..end as usize]).unwrap()
        }
        Err(_) => part.values[!*piece as usize].clone(),
    };
    part.pieces.iter().map(piece).collect()
}

fn percent(code: &str) -> String {
    code.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// The tree as text, with every form of the code replaced.
fn outline(html: &str, code: &str) -> String {
    // Mail clients run no scripts, so `<noscript>` is markup.
    let tree_builder = TreeBuilderOpts { scripting_enabled: false, ..TreeBuilderOpts::default() };
    let dom = parse_document(RcDom::default(), ParseOpts { tree_builder, ..ParseOpts::default() }).one(html);
    let json: String = code
        .chars()
        .map(|c| match c {
            '"' | '\\' => format!("\\{c}"),
            '<' | '>' | '&' | '\'' => format!("\\u{:04X}", c as u32),
            c => c.to_string(),
        })
        .collect();
    let same = |text: &str| {
        // In a path, `..` is encoded twice; in a conditional comment, hyphens are encoded.
        let mut text = text.to_owned();
        let forms =
            [code.to_owned(), percent(code), percent(code).replace('-', "%2D"), "%252E%252E".to_owned(), json.clone()];
        for form in forms {
            text = text.replace(&form, "§");
        }
        text
    };
    let mut out = String::new();
    walk(&dom.document, &same, &mut out);
    out
}

fn walk(node: &Handle, same: &impl Fn(&str) -> String, out: &mut String) {
    match &node.data {
        NodeData::Text { contents } => out.push_str(&format!("[{}]", same(&contents.borrow()))),
        // A comment's inside is nobody's markup; Outlook's reading of it is judged by itself.
        NodeData::Comment { .. } => out.push_str("[comment]"),
        NodeData::Element { name, attrs, .. } => {
            out.push_str(&format!("<{}", name.local));
            for attribute in attrs.borrow().iter() {
                out.push_str(&format!(" {}={:?}", attribute.name.local, same(&attribute.value)));
            }
            out.push('>');
        }
        _ => {}
    }
    for child in node.children.borrow().iter() {
        walk(child, same, out);
    }
    out.push(')');
}

/// What Outlook reads: the inside of conditional comments as HTML.
fn revealed(html: &str) -> Option<String> {
    let start = html.find("<!--[if mso]>")?;
    let rest = &html[start + 13..];
    Some(rest[..rest.find("<![endif]-->")?].to_owned())
}

fn judge(text: &str) -> bool {
    let Ok(template) = parse(&[Source { part: PartName::Whole, text }], Mode::Html, None) else { return false };
    if template.tags().is_empty() {
        return false;
    }
    let plain = render(&template, text, PLAIN);
    let expected = outline(&plain, PLAIN);
    for &code in HOSTILE {
        let output = render(&template, text, code);
        // A single hyphen cannot be told from the template's own.
        if code.len() > 2 {
            assert_eq!(outline(&output, code), expected, "\n{text}\n{output}");
        }
        let tree = |html: &str| outline(html, "\u{1}").matches(['<', '=']).count();
        if code.len() <= 2 {
            assert_eq!(tree(&output), tree(&plain), "\n{text}\n{output}");
        }
        if let (Some(a), Some(b)) = (revealed(&plain), revealed(&output)) {
            let count = |html: &str| outline(html, "\u{1}").matches('<').count();
            assert!(code.len() <= 2 || count(&a) <= count(&b), "{text}");
            assert!(!b.contains(code) || code.len() <= 3 || !code.contains(['<', '>', '"']), "{text}\n{b}");
        }
    }
    true
}

#[test]
fn every_place_holds_every_code() {
    for text in [
        "<p>§</p>",
        "<title>§</title><body>§",
        "<textarea>§</textarea>",
        "<p title=\"§\" class='§'>",
        "<a href=\"https://a.example/§?b=§#§\">§</a>",
        "<!--[if mso]><a href=\"https://a.example/?c=§\">§</a><![endif]-->§",
        "<!--[if !mso]><!-->§<!--<![endif]-->",
        "<script type=\"application/ld+json\">{\"a\": \"§\"}</script>§",
        "<meta itemprop=\"discountCode\" content=\"§\">",
        "<svg><text>§</text></svg>",
        "<table><tr><td>§</td></tr></table>",
        "<noscript><p title=\"§\">§</noscript>",
    ] {
        assert!(judge(&text.replace('§', "{% coupon \"a\" %}")), "{text}");
    }
}

#[test]
fn what_the_reader_takes_a_browser_reads_alike() {
    const TOKENS: &[&str] = &[
        "{{ \"x\" }}",
        "{{ a > b }}",
        "{{ x }}",
        "<meta name=\"x\" content=\"",
        "<xmp>",
        "</xmp>",
        "<select>",
        "<option>",
        "script",
        "{% ifcoupon 'a' %}",
        "{% endifcoupon %}",
        "§",
        "§",
        "§",
        "§",
        "<p>",
        "</p>",
        "<a href=\"https://a.example/",
        "<a href='/",
        "?c=",
        "\"",
        "'",
        ">",
        "<",
        "<!--",
        "-->",
        "--!>",
        "<!-->",
        "<!--[if mso]>",
        "<![endif]-->",
        "<![if x]>",
        "<script>",
        "</script>",
        "<script type=\"application/ld+json\">",
        "\\",
        "<style>",
        "</style>",
        "<title>",
        "</title>",
        "<textarea>",
        "</textarea>",
        "<svg>",
        "</svg>",
        "<math>",
        "<![CDATA[",
        "]]>",
        "<template>",
        "</template>",
        " ",
        "=",
        "/",
        " title=\"",
        " title='",
        " onclick=\"",
        "<?",
        "</ ",
        "<plaintext",
        "a",
        "-",
        "<noscript>",
        "</noscript>",
        "<br/",
        "<iframe>",
    ];
    let mut seed = 0x9e37_79b9_7f4a_7c15u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let mut judged = 0;
    for _ in 0..40_000 {
        let text: String = (0..=random(9)).map(|_| TOKENS[random(TOKENS.len())]).collect();
        judged += usize::from(judge(&text.replace('§', "{% coupon \"a\" %}")));
    }
    assert!(judged > 1_000, "{judged}");
}
