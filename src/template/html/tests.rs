use super::*;

/// Reads `html`, in which `{}` stands for another engine's expression.
fn standing(html: &str) -> Standing {
    read(html).standing()
}

fn read(html: &str) -> State {
    let mut state = State::START;
    for (index, piece) in html.split("{}").enumerate() {
        if index > 0 {
            state.skip();
        }
        state.read(piece.as_bytes());
    }
    state
}

const MARKUP: Standing = Standing::Place(Place::Markup, false);

#[test]
fn text_and_quoted_attributes_take_values() {
    for html in [
        "",
        "<p>",
        "<p>a < b ",
        "</p>",
        "<br/>",
        "<p title=\"",
        "<p title='a\" ",
        "<p\ntitle = \"",
        "<p a=b title=\"",
        "<p/title=\"",
        "<title>",
        "<textarea>",
        "<title>5 < 6 ",
        "<style>p{}</style>",
        "<script>1</script >",
        "<STYLE></sTyLe><b>",
        "<!-- x --><p>",
        "<!--><p>",
        "<!---><p>",
        "<!-- a --!><p>",
        "<!DOCTYPE html>",
        "<?xml version=\"1.0\"?>",
        "<![if !mso]>",
        "<!--[if !mso]><!--><p>",
        "<!--[if mso]><p><![endif]-->",
        "<!--[if mso]><!-- x --><p>",
        "<svg/><title>",
        "<svg><path/></svg>",
        "<![CDATA[a]]>",
        "<template></template>",
        "<noscript>",
        "</>",
        "</ x>",
        "<script><!-- x</script>",
        "<p title=\"a\"class=\"",
        "<meta itemprop=\"discountCode\" content=\"",
        "<mj-text>",
        "<mj-style/>",
        "<title></b>",
    ] {
        assert_eq!(standing(html), MARKUP, "{html}");
    }
}

#[test]
fn conditional_comments_are_read_as_the_html_inside() {
    for html in ["<!--[if mso]>", "<!--[if gte mso 9]><p>", "<!--[IF mso]><p title=\"", "<!--[if mso]><!--[if x]>"] {
        assert_eq!(standing(html), Standing::Place(Place::Markup, true), "{html}");
    }
    assert_eq!(standing("<!--[if mso]><a href=\"https://a/?c="), Standing::Place(Place::UrlTail, true));
}

#[test]
fn ordinary_comments_hold_no_tags() {
    for html in [
        "<!--",
        "<!-- <p>",
        "<!-->a<!--",
        "<!--!>",
        "<!---!>",
        "<!-- [if mso]>",
        "<!--[if mso",
        "<!DOCTYPE ",
        "<!x<!-- ",
        "<?php ",
        "</ ",
        "<!--[if !mso]><!--> <!--",
    ] {
        assert_eq!(standing(html), Standing::Comment, "{html}");
    }
}

#[test]
fn addresses_and_json_have_places_of_their_own() {
    assert_eq!(standing("<a href=\"https://a.example/"), Standing::Place(Place::UrlPath, false));
    assert_eq!(standing("<a class=b href='https://a.example?c="), Standing::Place(Place::UrlTail, false));
    assert_eq!(standing("<a href=\"{}/x?c="), Standing::Place(Place::UrlTail, false));
    for html in [
        "<script type=\"application/ld+json\">{\"a\": \"",
        "<script type=application/ld+json>{\"a\\\"\": \"b\", \"c\": \"x<y ",
        "<SCRIPT id='x' TYPE=' application/LD+json '>[\"",
    ] {
        assert_eq!(standing(html), Standing::Place(Place::Json, false), "{html}");
    }
}

#[test]
fn other_places_are_refused_with_their_reason() {
    for (html, reason) in [
        ("<style>", Refusal::Style),
        ("<style></style", Refusal::Style),
        ("<style></styles>", Refusal::Style),
        ("<mj-style>", Refusal::Style),
        ("<script>", Refusal::Script),
        ("<script>\"", Refusal::Script),
        ("<script type=\"{}application/ld+json\">\"", Refusal::Script),
        ("<script type=\"text/javascript\" type=\"application/ld+json\">\"", Refusal::Script),
        ("<script type=\"application/ld+json\">", Refusal::JsonBare),
        ("<script type=\"application/ld+json\">\"a\\", Refusal::JsonBare),
        ("<script type=\"application/ld+json\">\"</scr", Refusal::HalfEndTag),
        ("<script type=\"application/ld+json\">\"<!-", Refusal::HalfEndTag),
        ("<title></ti", Refusal::HalfEndTag),
        ("<textarea><", Refusal::HalfEndTag),
        ("<", Refusal::TagName),
        ("</", Refusal::TagName),
        ("<b", Refusal::TagName),
        ("<b ", Refusal::InTag),
        ("<b a", Refusal::InTag),
        ("<b a ", Refusal::InTag),
        ("<b a=\"\"", Refusal::InTag),
        ("</b title=\"", Refusal::InTag),
        ("<b a=", Refusal::Unquoted),
        ("<b a=b", Refusal::Unquoted),
        ("<b style=\"", Refusal::StyleAttribute),
        ("<b onclick=\"", Refusal::Handler),
        ("<b ONCLICK = '", Refusal::Handler),
        ("<b/onclick='", Refusal::Handler),
        ("<b srcset=\"", Refusal::Srcset),
        ("<iframe srcdoc=\"", Refusal::Srcdoc),
        ("<iframe>", Refusal::RawText),
        ("<iframe></iframes>", Refusal::RawText),
        ("<xmp>", Refusal::RawText),
        ("<noembed>", Refusal::RawText),
        ("<noframes>", Refusal::RawText),
        ("<mj-html-attribute name=\"x\">", Refusal::RawText),
        ("<plaintext>a</plaintext>", Refusal::RawText),
        ("<svg><title>", Refusal::RawText),
        ("<template>", Refusal::Template),
        ("<template><template></template>", Refusal::Template),
        ("<template><p title=\"", Refusal::Template),
        ("<script type=\"text/plain\" src=\"https://a/?", Refusal::Guarded),
        ("<object name=\"", Refusal::Guarded),
        ("<meta content=\"", Refusal::MetaContent),
        ("<meta http-equiv=refresh content=\"", Refusal::Guarded),
        ("<meta name=x http-equiv=refresh content=\"", Refusal::Guarded),
        ("<mj-text color=\"", Refusal::MjmlAttribute),
        ("<b {}=\"", Refusal::UnknownAttribute),
        ("<b da{}=\"", Refusal::UnknownAttribute),
        ("<a href=\"", Refusal::UrlStart),
        ("<a href=\"{}", Refusal::UrlStart),
        ("<a HREF='https://a", Refusal::UrlStart),
        ("<a href=\"javascript:", Refusal::UrlScript),
        ("<a href=\"java&#115;cript:", Refusal::UrlOdd),
        ("<![CDATA[", Refusal::Cdata),
        ("<![CDATA[>]]>", Refusal::Doubt(Doubt::Cdata)),
        ("<{} a=\"b\">", Refusal::Doubt(Doubt::Element)),
        ("<script><!-- <script></script>", Refusal::Doubt(Doubt::Script)),
        ("<!--[if mso]><a title=\"--><p>", Refusal::Doubt(Doubt::Conditional)),
    ] {
        assert_eq!(standing(html), Standing::Refused(reason), "{html}");
    }
}

#[test]
fn a_meta_with_a_code_must_not_turn_into_a_refresh() {
    let mut state = read("<meta itemprop=\"x\" content=\"");
    state.fill();
    state.read(b"\" http-equiv=\"refresh\">");
    assert!(state.meta_turned());
}

#[test]
fn branches_meet_where_the_future_is_the_same() {
    let join = |a: &str, b: &str| read(a).join(read(b));
    for (a, b) in [
        ("", "<p>text</p>"),
        ("<style>", "<style>p{}"),
        ("<td ", "<td class=\"x\""),
        ("<input ", "<input checked"),
        ("<input ", "<input checked "),
        ("<td ", "<td width=100"),
        ("<a href=\"https://a/x", "<a href=\"https://a/x?y"),
        ("<p title=\"", "<p title=\"x"),
        ("<!-- ", "<!-- xyz"),
        ("<!--[if mso]> ", "<!--[if mso]><p>a "),
        ("<script type=\"application/ld+json\">[", "<script type=\"application/ld+json\">[\"a\","),
    ] {
        assert!(join(a, b).is_some(), "{a} and {b}");
        assert_eq!(join(a, b), join(b, a), "{a} and {b}");
    }
    for (a, b) in [
        ("", "<p title=\""),
        ("", "<style>"),
        ("", "<!--"),
        ("", "<template>"),
        ("<p title=\"", "<p title='"),
        ("<p title=\"", "<p style=\""),
        ("<td ", "<script "),
        ("<!--[if mso]>", ""),
        ("<script type=\"application/ld+json\">[", "<script type=\"application/ld+json\">[\""),
        ("<title>", "<title></ti"),
    ] {
        assert!(join(a, b).is_none(), "{a} and {b}");
    }
    let start = join("<a href=\"", "<a href=\"https://a/").unwrap();
    assert_eq!(start.standing(), Standing::Refused(Refusal::UrlStart));
}

#[test]
fn an_attribute_that_may_be_there_makes_only_itself_unknown() {
    let mut state = read("<input ").join(read("<input checked")).unwrap();
    state.read(b" title=\"");
    assert_eq!(state.standing(), MARKUP);
}
