//! Only what is shown is drawn, and an empty pool is a decision: every mail is worked out a second time, the slow way.

use std::collections::BTreeSet;
use std::rc::Rc;

use coupon_pools::error::{Code, Result};
use coupon_pools::flow::draw::{Drawn, Status};
use coupon_pools::flow::render::Made;
use coupon_pools::pool::document::{Kind, OnEmpty};
use coupon_pools::pool::keys::Key;

use super::draws::Draws;
use super::{Heard, Use, ensure};
use crate::chores::FIXED;
use crate::mails::{Answer, Mail, Place, Verdict};
use crate::orders::Showing;
use crate::schedule::Kept;
use crate::store::Store;

/// Whoever drew is told.
pub(super) fn drawn(
    draws: &mut Draws,
    heard: &Heard,
    pool: &str,
    uses: &[Showing],
    drawn: &Result<Drawn>,
    disturbed: bool,
    store: &Store,
) -> Kept {
    let Ok(drawn) = drawn else {
        return if disturbed { Ok(()) } else { draws.nothing_kept(heard, &BTreeSet::new(), store) };
    };
    ensure!(drawn.status.len() == uses.len() && drawn.codes.len() == uses.len(), "not one result for each use");
    for (index, showing) in uses.iter().enumerate() {
        let (status, code, number) = (drawn.status[index], drawn.codes.get(index), drawn.numbers[index]);
        let place = use_of(pool, showing);
        if status == Status::Drawn && number > 0 {
            draws.tell(place.clone(), number, code)?;
        }
        if disturbed || heard.mixed {
            continue;
        }
        let policy = heard.documents.get(pool).map(|document| &document.on_empty);
        let expected = match answer_to(heard, place) {
            Some(Answer::Code(code, _)) => (Status::Drawn, code),
            Some(Answer::Nothing(OnEmpty::Fallback(fallback))) => (Status::Fallback, fallback),
            Some(Answer::Nothing(_)) if status == Status::Expired => (Status::Expired, String::new()),
            _ => (Status::Empty, String::new()),
        };
        ensure!((status, code) == (expected.0, &expected.1), "{showing:?} drew {status:?} {code}, not {expected:?}");
        ensure!(drawn.when_empty.is_some() == (policy == Some(&OnEmpty::Stop)), "empty hands under {policy:?}");
    }
    Ok(())
}

/// Whoever rendered is told.
pub(super) fn made(
    draws: &mut Draws,
    heard: &Heard,
    mails: &[(Rc<Mail>, String, String)],
    made: &Result<Vec<Result<Made>>>,
    disturbed: bool,
    store: &Store,
) -> Kept {
    let Ok(made) = made else { return Err("a render failed as a whole".to_owned()) };
    ensure!(made.len() == mails.len(), "not one result for each mail");
    let mut shown = BTreeSet::new();
    for ((mail, message, contact), made) in mails.iter().zip(made) {
        let key = |(pool, slot): &Place| {
            let showing = Showing { message: message.clone(), contact: contact.clone(), slot: slot.clone() };
            use_of(pool, &showing)
        };
        if let Ok(made) = made {
            for draw in made.draws.iter().filter(|draw| draw.number > 0) {
                let place = key(&(draw.handle.clone(), draw.slot.clone()));
                draws.tell(place.clone(), draw.number, &draw.code)?;
                shown.insert(place);
            }
        }
        if disturbed || heard.mixed {
            continue;
        }
        let verdict = mail.verdict(&|place| answer_to(heard, key(place)));
        match (made, verdict) {
            (Ok(made), Verdict::Shown { text, places }) => {
                let assembled = mail.assemble(made);
                ensure!(assembled == text, "a mail reads {assembled:?} and not {text:?}: {}", mail.text);
                let told = made.draws.iter().map(|draw| (draw.handle.clone(), draw.slot.clone()));
                let told: BTreeSet<Place> = told.collect();
                ensure!(told == places, "a mail shows {places:?} and tells {told:?}: {}", mail.text);
            }
            (Err(error), Verdict::Fails) if error.code() == Code::OutOfCodes => {}
            (Err(error), _) if matches!(error.code(), Code::PoolArchived | Code::HostFailed) => {}
            (made, verdict) => {
                let made = made.as_ref().map(|made| mail.assemble(made));
                return Err(format!("a mail came to {made:?} and not {verdict:?}: {}", mail.text));
            }
        }
    }
    if disturbed { Ok(()) } else { draws.nothing_kept(heard, &shown, store) }
}

fn use_of(pool: &str, showing: &Showing) -> Use {
    (pool.to_owned(), Key::of_use(&showing.message, &showing.contact, &showing.slot).to_string())
}

/// What the pool answered the flow about this use, if it was asked.
fn answer_to(heard: &Heard, place: Use) -> Option<Answer> {
    let document = heard.documents.get(&place.0)?;
    if document.kind == Kind::Fixed {
        return Some(Answer::Code(FIXED.to_owned(), document.expires_at));
    }
    let answered = heard.answers.get(&place)?;
    Some(match &answered.code {
        Some((code, _, expires_at)) => Answer::Code(code.clone(), *expires_at),
        None => Answer::Nothing(document.on_empty.clone()),
    })
}
