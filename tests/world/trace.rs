//! What happened, in lines short enough to be read.

use std::fmt::Debug;

use coupon_pools::flow::step::{Claim, ClaimAnswer, Outcome, Reply, Step};

/// A step and its answer.
pub(crate) fn line(step: &Step, answer: &Reply) -> String {
    match (step, answer) {
        (Step::Claim(request), Reply::Claim(answer)) => claim(request, answer),
        (Step::SaveAlerts(request), Reply::SaveAlerts(answer)) => {
            let rungs = request.state.rungs.iter().map(|rung| {
                let pending = rung.pending.as_ref().map(|pending| (pending.arming, pending.at, pending.taken));
                format!("{}/{} armed {} pending {pending:?}", rung.rung, rung.arming, rung.armed)
            });
            let rungs: Vec<_> = rungs.collect();
            format!("saveAlerts {} {:?}: {rungs:?} -> {}", request.pool, request.expected, answer.saved)
        }
        _ => format!("{} -> {}", short(step), short(answer)),
    }
}

fn claim(request: &Claim, answer: &ClaimAnswer) -> String {
    let mut text = format!("claim {} v{} at {}", request.pool, request.version, request.now);
    let ClaimAnswer::Claimed { outcomes, remaining, .. } = answer else { return text + " -> stale" };
    for (at, outcome) in outcomes.items.iter().enumerate() {
        let key = request.uses[at].to_string();
        let (message, contact, slot) = (request.messages.get(at), request.contacts.get(at), request.slots.get(at));
        let got = match outcome {
            Outcome::Code { number, repeat, fresh, answers, .. } => {
                let how = match (repeat, fresh) {
                    (true, _) => "repeat",
                    (_, true) => "fresh",
                    _ => "the holder's",
                };
                format!("{} #{number} {how}, answer {answers}", outcomes.codes.get(at))
            }
            other => format!("{other:?}"),
        };
        text += &format!("\n        {message} {contact} {slot} ({}): {got}", &key[..6]);
    }
    text + &format!("\n        {remaining} left")
}

/// As Rust prints it, not too long.
pub(crate) fn short(of: &impl Debug) -> String {
    let text = format!("{of:?}");
    text.chars().take(500).collect()
}
