//! Any other shop: one callback of the host, which is given an order and answers codes.

use super::Fault;
use crate::code::{self, Texts};

/// Codes in one order where the shop says nothing else: one block of any store.
pub const CODES_PER_ORDER: u32 = 1_000;

/// The codes that came, trimmed. Errors: what is not a code, and more codes than were ordered, are refused as a whole,
/// because nobody would know what became of the rest.
pub fn read_codes(codes: &Texts, ordered: usize) -> Result<Texts, Fault> {
    if codes.len() > ordered {
        return Err(Fault::Refused(format!("generate answered {} codes, {ordered} were asked for", codes.len())));
    }
    let codes: Texts = codes.iter().map(str::trim).collect();
    let wrong = codes.iter().enumerate().find_map(|(at, text)| code::check(text).err().map(|fault| (at, fault)));
    match wrong {
        Some((at, fault)) => {
            Err(Fault::Refused(format!("generate answered no code ({}) at place {at}", fault.as_str())))
        }
        None => Ok(codes),
    }
}
