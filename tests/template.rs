//! What a template promises, told through its public face.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use coupon_pools::error::{Code, Detail, Error};
use coupon_pools::template::{
    Answer, DateFormat, Kind, Mode, OnEmpty, Outcome, PartName, Source, Template, marker, parse,
};

fn whole(text: &str) -> Source<'_> {
    Source { part: PartName::Whole, text }
}

fn html(text: &str) -> Template {
    parse(&[whole(text)], Mode::Html, None).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(text: &str) -> Error {
    match parse(&[whole(text)], Mode::Html, None) {
        Ok(_) => panic!("{text} was taken"),
        Err(error) => error,
    }
}

fn code(text: &str) -> Answer {
    Answer::Code { code: text.into(), expires_at: None, time_zone: "UTC".into() }
}

fn nothing(policy: OnEmpty) -> Answer {
    Answer::Nothing { policy }
}

fn stop() -> Answer {
    nothing(OnEmpty::Stop)
}

fn detail(error: &Error, name: &str) -> Option<Detail> {
    error.details().iter().find(|(known, _)| *known == name).map(|(_, detail)| detail.clone())
}

fn spot(error: &Error) -> (f64, f64) {
    match (detail(error, "line"), detail(error, "column")) {
        (Some(Detail::Number(line)), Some(Detail::Number(column))) => (line, column),
        _ => panic!("{error} has no spot"),
    }
}

/// Puts the parts together as the JavaScript side does: by UTF-16 offsets of its own strings.
fn put_together(template: &Template, texts: &[&str], answers: &[Option<Answer>], dates: &[String]) -> Vec<String> {
    let filled = template.fill(answers, dates);
    texts
        .iter()
        .zip(template.parts())
        .zip(&filled.parts)
        .map(|((text, part), filled)| {
            let units: Vec<u16> = text.encode_utf16().collect();
            let pieces = filled.pieces.iter().map(|piece| match usize::try_from(*piece) {
                Ok(segment) => {
                    let (start, end) = part.segments()[segment];
                    String::from_utf16(&units[start as usize..end as usize]).unwrap()
                }
                Err(_) => filled.values[!*piece as usize].clone(),
            });
            pieces.collect()
        })
        .collect()
}

/// Renders with pools that answer alike in every slot; an unlisted pool gives `CODE`. Says what was asked in each round.
fn rounds(text: &str, pools: &[(&str, Answer)]) -> (Result<String, String>, Vec<Vec<String>>) {
    let template = html(text);
    let pools: BTreeMap<&str, &Answer> = pools.iter().map(|(handle, answer)| (*handle, answer)).collect();
    let mut answers = template.unanswered();
    let mut asked = Vec::new();
    loop {
        let wants = template.wants(&answers);
        if wants.is_empty() {
            break;
        }
        asked.push(wants.iter().map(|want| template.questions()[want.question].handle.clone()).collect::<Vec<_>>());
        for want in wants {
            assert!(answers[want.question].is_none(), "each question is asked once");
            let question = &template.questions()[want.question];
            answers[want.question] = Some(pools.get(question.handle.as_str()).map_or(code("CODE"), |a| (*a).clone()));
        }
    }
    let output = match template.outcome(&answers) {
        Outcome::Failed(question) => Err(template.questions()[question].handle.clone()),
        Outcome::Shown => Ok(put_together(&template, &[text], &answers, &[]).remove(0)),
    };
    (output, asked)
}

fn render(text: &str, pools: &[(&str, Answer)]) -> String {
    rounds(text, pools).0.unwrap()
}

mod everything_else_stays_byte_for_byte {
    use super::*;

    #[test]
    fn a_template_without_tags_is_one_segment() {
        for text in [
            "<p>{{ name }} {% if a %}x{% else %}y{% endif %}</p>",
            "\r\n\t{%- assign a = 1 -%}{{{ raw }}}{# c #}",
            "{",
            "{%",
            "{% ",
            "{{",
            "<a href={{x}}>*|FNAME|* %%x%% [[coupon:y:z]] ${z} <%= q %>",
            "{% coupn \"x\" %}{% endif %}{% else %}",
            "\u{feff}ß🎁\u{0}",
            "<!-- {% coupon \"x\" %} {% ifcoupon %} {% raw %} -->",
        ] {
            let template = html(text);
            assert_eq!(template.parts()[0].segments(), [(0, text.encode_utf16().count() as u32)], "{text}");
            assert_eq!(render(text, &[]), text);
        }
        assert!(html("").parts()[0].segments().is_empty());
    }

    #[test]
    fn segments_count_utf16_units() {
        let text = "🎁ß{% coupon \"a\" %}日🎁";
        let template = html(text);
        assert_eq!(template.parts()[0].segments(), [(0, 3), (19, 22)]);
        assert_eq!(render(text, &[]), "🎁ßCODE日🎁");
    }

    #[test]
    fn raw_is_left_alone_and_only_its_tags_go() {
        let text = "a{% raw %} {% coupon \"x\" %}{{ y }}{% raw %}{% else %} {% endraw %}b{% coupon \"y\" %}";
        assert_eq!(render(text, &[]), "a {% coupon \"x\" %}{{ y }}{% raw %}{% else %} bCODE");
    }

    #[test]
    fn another_engines_else_stays_its_own() {
        let text = "{% ifcoupon \"a\" %}{% if x %}1{% else %}2{% endif %}{% for y in z %}{% else %}{% endfor %}{% else %}{% if x %}3{% else %}4{% endif %}{% endifcoupon %}";
        assert_eq!(render(text, &[]), "{% if x %}1{% else %}2{% endif %}{% for y in z %}{% else %}{% endfor %}");
        assert_eq!(render(text, &[("a", stop())]), "{% if x %}3{% else %}4{% endif %}");
        let around =
            "{% if x %}{% ifcoupon \"a\" %}1{% else %}2{% endifcoupon %}{% else %}{% coupon \"b\" %}{% endif %}";
        assert_eq!(render(around, &[]), "{% if x %}1{% else %}CODE{% endif %}");
    }
}

mod a_code_is_data_in_every_place {
    use super::*;

    #[test]
    fn hostile_codes_change_no_markup() {
        let hostile = "\"'><script>&alert(1)//</script>--></title>\\";
        let entities = "&quot;&#39;&gt;&lt;script&gt;&amp;alert(1)//&lt;/script&gt;--&gt;&lt;/title&gt;\\";
        let percent = "%22%27%3E%3Cscript%3E%26alert%281%29%2F%2F%3C%2Fscript%3E--%3E%3C%2Ftitle%3E%5C";
        for (before, after, wanted) in [
            ("<p>", "</p>", entities),
            ("<title>", "</title>", entities),
            ("<textarea>", "</textarea>", entities),
            ("<p title=\"", "\">", entities),
            ("<p title='", "'>", entities),
            ("<meta itemprop=\"discountCode\" content=\"", "\">", entities),
            ("<a href=\"https://shop.example/", "\">", percent),
            ("<a href='https://shop.example/?c=", "'>", percent),
            ("<a href=\"https://shop.example/#", "\">", percent),
            ("<a href=\"{{ base }}/x?c=", "\">", percent),
            ("<img src=\"/p.gif?c=", "\">", percent),
        ] {
            let text = format!("{before}{{% coupon \"a\" %}}{after}");
            assert_eq!(render(&text, &[("a", code(hostile))]), format!("{before}{wanted}{after}"));
            let own = format!("{before}{{% coupon \"a\", fallback: '<\"' %}}{after}");
            assert!(!render(&own, &[("a", stop())]).contains("<\""), "a fallback is data too");
            assert!(!render(&text, &[("a", nothing(OnEmpty::Fallback("<\"".into())))]).contains("<\""));
        }
        assert_eq!(
            render(
                "<script type=\"application/ld+json\">{\"c\": \"{% coupon \"a\" %}\"}</script>",
                &[("a", code(hostile))]
            ),
            "<script type=\"application/ld+json\">{\"c\": \"\\\"\\u0027\\u003E\\u003Cscript\\u003E\\u0026alert(1)//\\u003C/script\\u003E--\\u003E\\u003C/title\\u003E\\\\\"}</script>"
        );
    }

    #[test]
    fn a_conditional_comment_is_html_that_no_code_ends() {
        let text =
            "<!--[if mso]><a href=\"https://a.example/?c={% coupon \"a\" %}\">{% coupon \"a\" %}></a><![endif]-->";
        let output = render(text, &[("a", code("--"))]);
        assert_eq!(output, "<!--[if mso]><a href=\"https://a.example/?c=%2D%2D\">&#45;&#45;></a><![endif]-->");
        let text = "<!--[if !mso]><!-->{% coupon \"a\" %}<!--<![endif]-->";
        assert_eq!(render(text, &[("a", code("--"))]), "<!--[if !mso]><!-->--<!--<![endif]-->");
    }

    #[test]
    fn subjects_and_text_parts_are_not_escaped_and_never_break_a_line() {
        let texts = [
            "{% coupon \"a\" %}!",
            "<p>{% coupon \"a\" %}",
            "{% coupon 'a' %}",
            "{% coupon 'a' %}",
            "{% coupon 'a' %}",
        ];
        let names = [PartName::Subject, PartName::Html, PartName::Text, PartName::Preheader, PartName::Amp];
        let sources: Vec<_> = names.iter().zip(texts).map(|(part, text)| Source { part: *part, text }).collect();
        let template = parse(&sources, Mode::Html, None).unwrap();
        assert_eq!(template.questions().len(), 1, "one code for the whole mail");
        let outputs = put_together(&template, &texts, &[Some(code("<&>"))], &[]);
        assert_eq!(outputs, ["<&>!", "<p>&lt;&amp;&gt;", "<&>", "<&>", "&lt;&amp;&gt;"]);
    }

    #[test]
    fn mjml_takes_codes_in_content_and_addresses_only() {
        let mjml = |text| parse(&[whole(text)], Mode::Mjml, None);
        for text in [
            "<mjml><mj-text>{% coupon \"a\" %}</mj-text>",
            "<mj-button href=\"https://a.example/?c={% coupon \"a\" %}\">{% coupon \"a\" %}</mj-button>",
            "<mj-preview>{% coupon \"a\" %}</mj-preview><mj-title>{% coupon \"a\" %}</mj-title><mj-raw><b>{% coupon \"a\" %}",
        ] {
            assert!(mjml(text).is_ok(), "{text}");
        }
        for text in [
            "<mj-style>{% coupon \"a\" %}",
            "<mj-text color=\"{% coupon \"a\" %}\">",
            "<mj-button href=\"{% coupon \"a\" %}\">",
        ] {
            assert_eq!(mjml(text).unwrap_err().code(), Code::TemplatePlace, "{text}");
        }
    }

    #[test]
    fn where_nothing_makes_it_safe_there_is_an_error_with_line_and_column() {
        for text in [
            "<style>p{content:'§'}",
            "<script>var a='§'",
            "<b §>",
            "<b §=\"\">",
            "<§>",
            "</§>",
            "<b a=§>",
            "<b onclick=\"§\">",
            "<b style=\"§\">",
            "<a href=\"§\">",
            "<a href=\"https://§\">",
            "<a href=\"//§/\">",
            "<a href=\"javascript:f('§')\">",
            "<iframe srcdoc=\"§\">",
            "<img srcset=\"/a?§\">",
            "<template>§",
            "<plaintext>§",
            "<xmp>§",
            "<svg><![CDATA[§]]>",
            "<a href=\"{{ a }}§\">",
            "<script type=\"application/ld+json\">{\"a\": §}",
            "<p>&§",
            "<p>&#x§",
            "<a href=\"/?a=%§\">",
            "<title></§",
            "{% if a %}<script>{% endif %}</script>§{% if a %}<b title=\"{% endif %}§",
        ] {
            let error = refused(&text.replace('§', "{% coupon \"a\" %}"));
            assert_eq!(error.code(), Code::TemplatePlace, "{text}: {error}");
        }
        let error = refused("<p>ß🎁</p>\r\n <a href=\"{% coupon \"a\" %}\">");
        assert_eq!(spot(&error), (2.0, 11.0));
        assert!(error.message().contains("line 2, column 11") && error.message().contains("https://"), "{error}");
        assert_eq!(detail(&error, "part"), Some(Detail::Text("template".into())));
    }

    #[test]
    fn other_engines_branches_are_followed() {
        for text in [
            "{% if a %}<b title=\"x\">{% else %}<i>{% endif %}§",
            "<a href=\"{% if a %}https://a.example/{% else %}https://b.example/{% endif %}?c=§\">",
            "<a href=\"{% if a %}https://a.example{% endif %}/x?c=§\">",
            "<td {% if a > b %}class=\"x\"{% endif %} title=\"§\">",
            "<img src=\"{{ \"a.png\" | url }}\">§",
            "<!-- {% if a %} -->§<!-- {% endif %} -->",
        ] {
            html(&text.replace('§', "{% coupon \"a\" %}"));
        }
        for text in [
            "{% if a %}<b title=\"{% endif %}§",
            "{% if a %}<style>{% else %}<b>{% endif %}</style>§",
            "{% unless a %}<!--{% endunless %}-->§",
            "<a href=\"{{ \"a\" }}/?c=§\">",
        ] {
            assert_eq!(refused(&text.replace('§', "{% coupon \"a\" %}")).code(), Code::TemplatePlace, "{text}");
        }
    }
}

mod only_what_is_shown_is_drawn {
    use super::*;

    const NESTED: &str = "{% coupon \"a\" %} {% ifcoupon \"b\" %}[{% ifcoupon \"c\" %}{% coupon \"d\" %}{% else %}{% coupon \"e\" %}{% endifcoupon %}{% coupon \"f\" %}]{% else %}({% coupon \"g\" %}){% endifcoupon %}";

    #[test]
    fn each_round_claims_what_the_chosen_branches_show() {
        let (output, asked) = rounds(NESTED, &[]);
        assert_eq!(output.unwrap(), "CODE [CODECODE]");
        assert_eq!(asked, [vec!["a", "b"], vec!["c", "f"], vec!["d"]]);
        let (output, asked) = rounds(NESTED, &[("b", stop())]);
        assert_eq!(output.unwrap(), "CODE (CODE)");
        assert_eq!(asked, [vec!["a", "b"], vec!["g"]]);
    }

    #[test]
    fn a_required_pool_under_stop_fails_the_mail_and_nothing_more_is_claimed() {
        let (output, asked) = rounds(NESTED, &[("a", stop())]);
        assert_eq!(output, Err("a".into()));
        assert_eq!(asked.len(), 1);
        assert_eq!(rounds("{% coupon_expiry \"a\" %}", &[("a", stop())]).0, Err("a".into()));
    }

    #[test]
    fn what_is_wanted_says_whether_it_is_required() {
        let template = html(
            "{% coupon \"a\", fallback: \"x\" %}{% coupon \"b\" %}{% coupon \"b\", fallback: \"y\" %}{% ifcoupon \"c\" %}{% endifcoupon %}",
        );
        let wants: Vec<_> = template.wants(&template.unanswered()).iter().map(|w| (w.required, w.falls_back)).collect();
        assert_eq!(wants, [(false, true), (true, true), (false, false)]);
    }

    #[test]
    fn stop_inside_an_ifcoupon_means_its_else() {
        let text = "{% ifcoupon \"a\" %}1{% coupon \"b\" %}{% else %}2{% endifcoupon %}";
        assert_eq!(render(text, &[("b", stop())]), "2");
        assert_eq!(render(text, &[("b", nothing(OnEmpty::Omit))]), "1");
        assert_eq!(render(text, &[("b", nothing(OnEmpty::Fallback("F".into())))]), "1F");
        let own = "{% ifcoupon \"a\" %}1{% coupon \"b\", fallback: \"O\" %}{% else %}2{% endifcoupon %}";
        assert_eq!(render(own, &[("b", stop())]), "1O");
    }

    #[test]
    fn an_else_that_fails_too_is_the_outer_ifcoupons_matter() {
        let inner = "{% ifcoupon \"a\" %}1{% else %}2{% coupon \"b\" %}{% endifcoupon %}";
        let empty = [("a", stop()), ("b", stop())];
        assert_eq!(render(&format!("[{inner}]"), &empty), "[]", "the outermost prints nothing and fails no mail");
        let outer = format!("{{% ifcoupon \"c\" %}}({inner}){{% else %}}no{{% endifcoupon %}}");
        assert_eq!(render(&outer, &empty), "no");
        let twice = format!("{{% ifcoupon \"d\" %}}{outer}{{% else %}}none{{% endifcoupon %}}");
        assert_eq!(render(&twice, &empty), "no", "the nearest that can");
        let no_else = format!("[{{% ifcoupon \"c\" %}}({inner}){{% endifcoupon %}}]");
        assert_eq!(render(&no_else, &empty), "[]");
    }

    #[test]
    fn an_ifcoupon_is_true_for_codes_and_not_for_fallbacks() {
        let text = "{% ifcoupon \"a\" %}yes{% else %}no {% coupon \"a\" %}{% endifcoupon %}";
        assert_eq!(render(text, &[]), "yes");
        assert_eq!(render(text, &[("a", nothing(OnEmpty::Fallback("F".into())))]), "no F");
    }

    #[test]
    fn only_codes_that_are_shown_or_chose_a_branch_are_named_as_shown() {
        let template = html(
            "{% ifcoupon \"a\" %}{% coupon \"b\" %}{% else %}{% coupon \"c\", fallback: \"x\" %}{% endifcoupon %}",
        );
        let filled = template.fill(&[Some(code("A")), Some(code("B")), None], &[]);
        assert_eq!((filled.shown, filled.fell_back), (vec![0, 1], vec![]));
        let filled = template.fill(&[Some(code("A")), Some(stop()), Some(stop())], &[]);
        assert_eq!((filled.shown, filled.fell_back), (vec![], vec![2]));
    }

    #[test]
    fn the_same_pool_and_slot_is_one_question() {
        let template = html(
            "{% coupon \"a\" %}{% coupon_expiry 'a' %}{% ifcoupon \"a\" %}{% endifcoupon %}{% coupon \"a\", slot: \"2\" %}",
        );
        assert_eq!(template.questions().len(), 2);
        assert_eq!(template.pools(), ["a"]);
        assert_eq!(
            template.tags().iter().map(|tag| tag.kind).collect::<Vec<_>>(),
            [Kind::Coupon, Kind::Expiry, Kind::If, Kind::Coupon]
        );
    }

    #[test]
    fn comments_draw_nothing() {
        let template = html("<!-- {% coupon \"a\" %} --><![if x]><!doctype {% coupon \"b\" %}>");
        assert!(template.questions().is_empty());
        assert_eq!(template.warnings().len(), 2);
        assert_eq!((template.warnings()[0].spot.line, template.warnings()[0].spot.column), (1, 6));
    }

    #[test]
    fn a_gap_that_omit_would_leave_can_be_told() {
        let template = html(
            "{% coupon \"a\" %}{% ifcoupon \"a\", slot: \"x\" %}{% coupon \"a\" %}{% else %}{% coupon \"a\" %}{% endifcoupon %}",
        );
        let guarded: Vec<_> =
            template.tags().iter().filter(|tag| tag.kind == Kind::Coupon).map(|tag| tag.guarded).collect();
        assert_eq!(guarded, [false, true, false]);
    }
}

mod expiries {
    use super::*;

    #[test]
    fn an_expiry_shows_the_last_moment_in_the_pools_zone() {
        let text = "<p>{% coupon_expiry \"a\" %} {% coupon_expiry \"a\", format: \"%-d %B\", locale: \"de-DE\" %} {% coupon_expiry \"a\" %}";
        let template = html(text);
        let answers =
            [Some(Answer::Code { code: "X".into(), expires_at: Some(1_000), time_zone: "Europe/Berlin".into() })];
        let dates = template.dates(&answers);
        assert_eq!(dates.len(), 2, "each once");
        assert_eq!((dates[0].at, dates[0].time_zone.as_str(), dates[0].locale.as_str()), (999, "Europe/Berlin", "en"));
        assert_eq!((&dates[0].format, &dates[1].format), (&DateFormat::Long, &DateFormat::Pattern("%-d %B".into())));
        let texts = ["1 January 1970".to_owned(), "<1. Januar>".to_owned()];
        let output = put_together(&template, &[text], &answers, &texts);
        assert_eq!(output, ["<p>1 January 1970 &lt;1. Januar&gt; 1 January 1970"]);
        assert_eq!(
            put_together(&template, &[text], &answers, &[]),
            ["<p>  "],
            "a date that the host left out is nothing"
        );
    }

    #[test]
    fn without_a_date_the_tags_own_fallback_is_printed_or_nothing() {
        assert_eq!(render("[{% coupon_expiry \"a\" %}]", &[]), "[]");
        assert_eq!(render("[{% coupon_expiry \"a\", fallback: \"soon\" %}]", &[]), "[soon]");
        assert_eq!(render("{% coupon_expiry \"a\", fallback: \"soon\" %}", &[("a", stop())]), "soon");
        assert_eq!(render("[{% coupon_expiry \"a\" %}]", &[("a", nothing(OnEmpty::Fallback("F".into())))]), "[]");
    }
}

mod bad_input_gets_a_clear_answer {
    use super::*;

    #[test]
    fn broken_tags_are_told_with_line_and_column() {
        for (text, at, part) in [
            ("a\n {% coupon %}", (2.0, 12.0), "handle"),
            ("{% coupon \"a\" ", (1.0, 1.0), "never closed"),
            ("ß{% coupon \"a\", slto: \"b\" %}", (1.0, 17.0), "slto"),
            ("{% ifcoupon \"a\" %}", (1.0, 1.0), "endifcoupon"),
            ("x{% endifcoupon %}", (1.0, 2.0), "remove it"),
            ("{% ifcoupon \"a\" %}{% else %}{% else %}{% endifcoupon %}", (1.0, 29.0), "else already"),
            ("{% ifcoupon \"a\" %}{% elsif b %}{% endifcoupon %}", (1.0, 19.0), "elsif"),
            ("{% ifcoupon \"a\" %}{% if b %}{% endifcoupon %}", (1.0, 29.0), "still open"),
            ("{% if b %}{% ifcoupon \"a\" %}{% endif %}", (1.0, 29.0), "still open"),
            ("{% raw %}", (1.0, 1.0), "endraw"),
            ("{% endraw %}", (1.0, 1.0), "remove it"),
            ("{%- coupon \"a\" -%}", (1.0, 1.0), "white space"),
        ] {
            let error = refused(text);
            assert_eq!((error.code(), spot(&error)), (Code::TemplateSyntax, at), "{text}: {error}");
            assert!(error.message().contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn branches_must_end_alike() {
        for text in [
            "<p{% ifcoupon \"a\" %} title=\"{% endifcoupon %}",
            "{% ifcoupon \"a\" %}<style>{% else %}<b>{% endifcoupon %}",
        ] {
            let error = refused(text);
            assert_eq!(error.code(), Code::TemplatePlace);
            assert!(error.message().contains("different HTML states"), "{error}");
        }
        for text in [
            "<p {% ifcoupon \"a\" %}title=\"x\"{% endifcoupon %}>",
            "<a href=\"https://x.example/{% ifcoupon \"a\" %}?c={% coupon \"a\" %}{% endifcoupon %}\">",
            "<tr>{% ifcoupon \"a\" %}<td>{% endifcoupon %}",
        ] {
            html(text);
        }
    }

    #[test]
    fn a_likely_misspelling_is_warned_of_and_left() {
        let text = "{% coupn \"a\" %}{% coupon_code \"a\" %}{% if coupon %}{% endif %}";
        let template = html(text);
        assert!(template.questions().is_empty());
        assert_eq!(template.warnings().len(), 2);
    }

    #[test]
    fn limits_are_told() {
        for text in [
            "x".repeat((8 << 20) + 1),
            "{% coupon \"a\" %}".repeat(10_001),
            "{% ifcoupon \"a\" %}".repeat(33),
            "{% if a %}".repeat(300),
        ] {
            let error = refused(&text);
            assert_eq!(error.code(), Code::TemplateTooLarge, "{error}");
        }
        let deep = format!("{}x{}", "{% ifcoupon \"a\" %}".repeat(32), "{% endifcoupon %}".repeat(32));
        assert_eq!(render(&deep, &[]), "x");
    }
}

mod with_another_engine_only_markers_are_tags {
    use super::*;

    const NONCE: &str = "Zm9vYmFyYmF6cXV4";

    #[test]
    fn markers_are_filled_and_tags_in_data_stay_text() {
        let m = |tag: &str| marker(NONCE, tag);
        let text = format!(
            "<p>Hi {{% coupon \"vip\" %}}, {}{}{}{}</p><a href=\"https://x.example/?c={}\"> {{{{ x",
            m("{% ifcoupon \"a\" %}"),
            m("coupon \"a\""),
            m("else"),
            m("endifcoupon"),
            m("coupon \"a\", slot: \"2\"")
        );
        let template = parse(&[whole(&text)], Mode::Html, Some(NONCE)).unwrap();
        assert_eq!(template.pools(), ["a"]);
        let answers = [Some(code("<1>")), Some(code("&2"))];
        let output = put_together(&template, &[&text], &answers, &[]);
        assert_eq!(output, ["<p>Hi {% coupon \"vip\" %}, &lt;1&gt;</p><a href=\"https://x.example/?c=%262\"> {{ x"]);
    }

    #[test]
    fn other_renders_markers_stay_text_and_damaged_ones_are_told() {
        let old = marker("0123456789abcdef0123", "coupon \"a\"");
        assert!(parse(&[whole(&old)], Mode::Html, Some(NONCE)).unwrap().questions().is_empty());
        for text in [
            marker(NONCE, "coupon \"a\"").replace('[', "%5B"),
            marker(NONCE, "coupon \"a\"").replace("]]", "]"),
            marker(NONCE, "coupn \"a\""),
            marker(NONCE, "raw"),
            marker(NONCE, "coupon a"),
        ] {
            let error = parse(&[whole(&text)], Mode::Html, Some(NONCE)).unwrap_err();
            assert_eq!(error.code(), Code::TemplateSyntax, "{text}: {error}");
        }
        assert_eq!(parse(&[], Mode::Html, Some("short")).unwrap_err().code(), Code::InvalidArgument);
    }
}

#[test]
fn no_input_panics_and_what_is_taken_comes_out_whole() {
    const TOKENS: [&str; 64] = [
        "{% coupon \"a\" %}",
        "{% coupon 'b', fallback: \"<f>\" %}",
        "{% coupon_expiry \"a\" %}",
        "{% ifcoupon \"a\" %}",
        "{% ifcoupon \"b\" %}",
        "{% else %}",
        "{% endifcoupon %}",
        "{% endifcoupon %}",
        "{% raw %}",
        "{% endraw %}",
        "{% if x %}",
        "{% elsif %}",
        "{% endif %}",
        "{% for %}",
        "{% endfor %}",
        "{{ x }}",
        "{{ \"x\" }}",
        "{{{ x }}}",
        "{#",
        "#}",
        "{%",
        "%}",
        "{{",
        "}}",
        "<p>",
        "</p>",
        "<a href=\"",
        "\"",
        "'",
        ">",
        "<",
        "https://a/",
        "?c=",
        "<!--",
        "-->",
        "<!--[if mso]>",
        "<![endif]-->",
        "<script>",
        "</script>",
        "<style>",
        "</style>",
        "<title>",
        "</title>",
        "<svg>",
        "</svg>",
        "<![CDATA[",
        "]]>",
        "<template>",
        "</template>",
        " ",
        "=",
        "/",
        "title=\"",
        "<meta name=\"x\" content=\"",
        "<script type=\"application/ld+json\">",
        "ß",
        "🎁",
        "&",
        "\n",
        "-",
        "{% coupon ",
        "\\",
        "<plaintext",
        "a",
    ];
    let mut seed = 0x2545_f491_4f6c_dd1du64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let mut taken = 0;
    for _ in 0..60_000 {
        let text: String = (0..=random(12)).map(|_| TOKENS[random(TOKENS.len())]).collect();
        let mode = [Mode::Html, Mode::Mjml, Mode::Text][random(3)];
        let Ok(template) = parse(&[whole(&text)], mode, None) else { continue };
        taken += 1;
        let part = &template.parts()[0];
        let mut end = 0;
        for (start, stop) in part.segments() {
            assert!(*start >= end && stop > start, "{text}");
            end = *stop;
        }
        if template.tags().is_empty() && !text.contains("raw %}") {
            assert_eq!(end as usize, text.encode_utf16().count(), "{text}");
        }
        let mut answers = template.unanswered();
        for round in 0.. {
            assert!(round <= template.questions().len(), "{text}");
            let wants = template.wants(&answers);
            if wants.is_empty() {
                break;
            }
            for want in wants {
                answers[want.question] = Some([code("\"'>x"), stop(), nothing(OnEmpty::Omit)][random(3)].clone());
            }
        }
        let dates = template.dates(&answers);
        assert!(dates.is_empty());
        let output = put_together(&template, &[&text], &answers, &[]).remove(0);
        assert!(mode == Mode::Text || !output.contains("\"'>x") || text.contains("\"'>x"), "{text}: {output}");
    }
    assert!(taken > 5_000, "{taken}");
}

#[test]
fn parsing_takes_time_in_proportion_to_the_text() {
    for hostile in [
        "{{ ",
        "{% ",
        "{%",
        "{{{",
        "<!--",
        "<",
        "{# x",
        "{% if x %}{% endif %}",
        "&",
        "<a ",
        "{{ x }}<",
        "{% coupon",
        "'",
        "a\n",
    ] {
        let text = hostile.repeat((1 << 20) / hostile.len());
        let start = std::time::Instant::now();
        let _ = parse(&[whole(&text)], Mode::Html, None);
        assert!(start.elapsed().as_millis() < 2_000, "{hostile}: {:?}", start.elapsed());
    }
}
