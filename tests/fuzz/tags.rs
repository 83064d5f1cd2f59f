//! Any text as a template: parsed or refused with a place; what is no tag stays as it is; rounds that end; and codes
//! that never become markup.

use coupon_pools::error::Detail;
use coupon_pools::template::{Answer, Mode, OnEmpty, Outcome, PartName, Source, Template, parse};

/// A code that would break out of any place that is not escaped, and markup that only it could bring in.
const CODE: &str = "<x9y>&\"'`{% coupon \"x\" %}";
const MARKUP: &str = "<x9y>";

/// The first byte chooses the mode and what the pools answer; the rest is the template.
pub(crate) fn check(data: &[u8]) {
    let [choice, text @ ..] = data else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let mode = [Mode::Html, Mode::Html, Mode::Mjml, Mode::Text][usize::from(choice % 4)];
    let template = match parse(&[Source { part: PartName::Whole, text }], mode, None) {
        Ok(template) => template,
        Err(error) => {
            let line = error.details().iter().find(|(name, _)| *name == "line");
            let lines = 1 + text.matches(['\n', '\r']).count();
            if let Some((_, Detail::Number(line))) = line {
                assert!((1.0..=lines as f64).contains(line), "{error}");
            }
            return;
        }
    };
    let statics = statics(&template, text);
    let Some(output) = render(&template, &statics, usize::from(choice / 4)) else { return };
    if template.tags().is_empty() && !text.contains("{%") {
        assert_eq!(output, text, "a template without tags stays as it is");
    }
    if mode != Mode::Text && !text.contains("x9y>") {
        assert!(!output.contains(MARKUP), "a code became markup in {output:?}");
    }
}

/// The pieces of static text, which lie one after the other in the source.
fn statics(template: &Template, text: &str) -> Vec<String> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut last = 0;
    let segments = template.parts()[0].segments().iter().map(|&(start, end)| {
        assert!(last <= start && start < end && end as usize <= units.len());
        last = end;
        String::from_utf16(&units[start as usize..end as usize]).expect("no character is cut in two")
    });
    segments.collect()
}

/// Answers what is asked until nothing is, and puts the mail together; `None` if a pool fails it.
fn render(template: &Template, statics: &[String], choice: usize) -> Option<String> {
    let mut answers = template.unanswered();
    let mut rounds = 0;
    loop {
        let wants = template.wants(&answers);
        if wants.is_empty() {
            break;
        }
        rounds += 1;
        assert!(rounds <= template.questions().len(), "every round answers at least one question");
        for want in wants {
            assert!(answers[want.question].is_none(), "each question is asked once");
            answers[want.question] = Some(answer(choice.wrapping_add(want.question)));
        }
    }
    if let Outcome::Failed(question) = template.outcome(&answers) {
        assert!(matches!(answers[question], Some(Answer::Nothing { policy: OnEmpty::Stop })));
        return None;
    }
    let dates = vec!["2030-01-31".to_owned(); template.dates(&answers).len()];
    let filled = template.fill(&answers, &dates);
    let pieces = filled.parts[0].pieces.iter().map(|&piece| match usize::try_from(piece) {
        Ok(segment) => statics[segment].as_str(),
        Err(_) => filled.parts[0].values[!piece as usize].as_str(),
    });
    Some(pieces.collect())
}

fn answer(choice: usize) -> Answer {
    match choice % 5 {
        0 => Answer::Nothing { policy: OnEmpty::Omit },
        1 => Answer::Nothing { policy: OnEmpty::Stop },
        2 => Answer::Nothing { policy: OnEmpty::Fallback(CODE.into()) },
        3 => Answer::Code { code: CODE.into(), expires_at: None, time_zone: "UTC".into() },
        _ => Answer::Code { code: CODE.into(), expires_at: Some(1_900_000_000_000), time_zone: "UTC".into() },
    }
}
