//! Salesforce Marketing Cloud: coupons claimed from a data extension by AMPscript.
//!
//! `ClaimRowValue(extension, column, claimed, default, …)` gives a value, `ClaimRow(extension, claimed, …)` a row of
//! which `Field(row, column)` takes the value: developer.salesforce.com/docs/marketing/marketing-cloud-ampscript,
//! "ClaimRow()" and "ClaimRowValue()", and ampscript.guide, whose example stops the mail on `Empty(@row)`.
//!
//! A claim inside an inline expression is rewritten where it stands. A claim into a variable is taken out, and the
//! variable's `%%=v(@code)=%%` rewritten, if all that the template does with that variable is understood: it is set once,
//! under no condition, and only printed. Otherwise all of it stays.

use super::program::{Kind, Piece, Token, Word, pieces};
use super::{Action, Finding};

const OTHERWISE: &str = "the claimed code is used in a way that has no tag of ours (a condition, a function, a second claim into the same variable); write {% coupon \"handle\" %} where it is shown and take this out";
const UNCLEAR: &str = "the data extension's name or the default is not written in quotes; write {% coupon \"handle\" %} where the code is shown and take this out";

/// A claim: the data extension, and the default.
#[derive(Clone, Debug)]
struct Claim {
    name: String,
    fallback: Option<String>,
    quote: char,
}

/// A variable that holds a code or a row.
#[derive(Debug)]
struct Variable {
    name: String,
    claim: Claim,
    is_row: bool,
    /// The piece, and the tokens of the statement that sets it.
    set: (usize, std::ops::Range<usize>),
    /// How often its name is understood.
    uses: usize,
}

pub(super) fn read(text: &str) -> Vec<Finding> {
    let pieces = pieces(text);
    let mut variables = claimed(&pieces);
    let printed: Vec<Option<usize>> = pieces.iter().map(|piece| printed(piece, &mut variables)).collect();
    keep_understood(&pieces, &mut variables);
    let mut findings = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        let claims = piece.tokens.iter().any(|token| token.is("ClaimRow") || token.is("ClaimRowValue"));
        match piece.kind {
            Kind::Inline => {
                let claim = inline(&piece.tokens)
                    .or_else(|| printed[index].and_then(|at| variables[at].as_ref()).map(|known| known.claim.clone()));
                if let Some(Claim { name, fallback, quote }) = claim {
                    findings
                        .push(Finding { span: piece.span.clone(), action: Action::Coupon { name, fallback, quote } });
                } else if claims {
                    findings.push(Finding { span: piece.span.clone(), action: Action::Leave(UNCLEAR) });
                }
            }
            Kind::Block => block(index, piece, &variables, claims, &mut findings),
            Kind::Script if claims => {
                findings.push(Finding { span: piece.span.clone(), action: Action::Leave(OTHERWISE) });
            }
            Kind::Script => {}
        }
    }
    findings
}

/// Takes the claims out of a block: all of it, if nothing else is in it.
fn block(index: usize, piece: &Piece<'_>, variables: &[Option<Variable>], claims: bool, findings: &mut Vec<Finding>) {
    let mut sets: Vec<_> =
        variables.iter().flatten().filter(|known| known.set.0 == index).map(|known| known.set.1.clone()).collect();
    sets.sort_by_key(|set| set.start);
    let known = |name: &str| variables.iter().flatten().any(|known| known.name == name);
    let mut rest = Vec::new();
    let mut at = 0;
    while at < piece.tokens.len() {
        if let Some(set) = sets.iter().find(|set| set.contains(&at)) {
            at = set.end;
        } else if piece.tokens[at].is("var") {
            at += 1;
            while let Some(token) = piece.tokens.get(at) {
                match token.variable() {
                    Some(name) if !known(&name) => rest.push(at),
                    Some(_) => {}
                    None if token.is_sign(',') => {}
                    None => break,
                }
                at += 1;
            }
        } else {
            rest.push(at);
            at += 1;
        }
    }
    let span = |set: &std::ops::Range<usize>| piece.tokens[set.start].span.start..piece.tokens[set.end - 1].span.end;
    if rest.is_empty() && !sets.is_empty() {
        findings.push(Finding { span: piece.span.clone(), action: Action::Remove });
        return;
    }
    findings.extend(sets.iter().map(|set| Finding { span: span(set), action: Action::Remove }));
    let unread = |at: &&usize| piece.tokens[**at].is("ClaimRow") || piece.tokens[**at].is("ClaimRowValue");
    if claims {
        for at in rest.iter().filter(unread) {
            let end = call(&piece.tokens, *at).unwrap_or(*at + 1);
            findings.push(Finding { span: span(&(*at..end)), action: Action::Leave(OTHERWISE) });
        }
    }
    findings.sort_by_key(|finding| finding.span.start);
}

/// Every variable that a claim is set into, by the statement that sets it.
fn claimed(pieces: &[Piece<'_>]) -> Vec<Option<Variable>> {
    let mut variables: Vec<Option<Variable>> = Vec::new();
    let mut depth = 0_i32;
    for (index, piece) in pieces.iter().enumerate().filter(|(_, piece)| piece.kind == Kind::Block) {
        let tokens = &piece.tokens;
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            if let Some((variable, end)) = (depth == 0).then(|| statement(tokens, at, &mut variables)).flatten() {
                variables.push(Some(Variable { set: (index, at..end), ..variable }));
                at = end;
                continue;
            }
            if token.is("if") || token.is("for") {
                depth += 1;
            } else if token.is("endif") || token.is("next") {
                depth -= 1;
            }
            at += 1;
        }
    }
    variables
}

/// `set @x = …` of a claim, or of a field of a claimed row, or that after `if empty(@row) then RaiseError(…) else`.
fn statement(tokens: &[Token<'_>], at: usize, variables: &mut [Option<Variable>]) -> Option<(Variable, usize)> {
    if tokens[at].is("if") {
        let row = match tokens.get(at + 1..at + 6)? {
            [empty, open, row, close, then]
                if empty.is("empty") && open.is_sign('(') && close.is_sign(')') && then.is("then") =>
            {
                row.variable()?
            }
            _ => return None,
        };
        let raised = at + 6;
        let otherwise = call(tokens, raised).filter(|_| tokens[raised].is("RaiseError"))?;
        if !tokens.get(otherwise)?.is("else") {
            return None;
        }
        let (variable, end) = statement(tokens, otherwise + 1, variables)?;
        let of_row = |known: &&mut Variable| known.is_row && known.name == row;
        variables.iter_mut().flatten().find(of_row)?.uses += 1;
        return tokens.get(end)?.is("endif").then_some((variable, end + 1));
    }
    let name = tokens.get(at + 1)?.variable()?;
    if !(tokens[at].is("set") && tokens.get(at + 2)?.is_sign('=')) {
        return None;
    }
    let from = at + 3;
    let set = (0, 0..0);
    if let Some((claim, is_row, end)) = claim(tokens, from) {
        return Some((Variable { name, claim, is_row, set, uses: 1 }, end));
    }
    let (row, end) = field(tokens, from)?;
    let known = variables.iter_mut().flatten().find(|known| known.is_row && known.name == row)?;
    known.uses += 1;
    let claim = known.claim.clone();
    Some((Variable { name, claim, is_row: false, set, uses: 1 }, end))
}

/// `ClaimRow(…)` or `ClaimRowValue(…)` with what a tag needs in quotes; whether it is a row; where it ends.
fn claim(tokens: &[Token<'_>], at: usize) -> Option<(Claim, bool, usize)> {
    let name = tokens.get(at)?;
    let is_row = name.is("ClaimRow");
    if !(is_row || name.is("ClaimRowValue")) {
        return None;
    }
    let end = call(tokens, at)?;
    let Word::Text(name, quote) = &tokens.get(at + 2)?.word else { return None };
    let mut fallback = None;
    if !is_row {
        // Extension, column and claimed are followed by the default.
        let after = |at: usize| tokens.get(at).filter(|token| token.is_sign(','));
        if [3, 5, 7].into_iter().any(|comma| after(at + comma).is_none()) {
            return None;
        }
        let Word::Text(text, _) = &tokens.get(at + 8)?.word else { return None };
        if !matches!(tokens.get(at + 9)?.word, Word::Sign(',' | ')')) {
            return None;
        }
        fallback = Some(text.clone());
    }
    Some((Claim { name: name.clone(), fallback, quote: *quote }, is_row, end))
}

/// `Field(@row, "column")`: the row, and where it ends.
fn field(tokens: &[Token<'_>], at: usize) -> Option<(String, usize)> {
    let end = call(tokens, at).filter(|_| tokens[at].is("Field"))?;
    let row = tokens.get(at + 2)?.variable()?;
    tokens.get(at + 3)?.is_sign(',').then_some((row, end))
}

/// Where the call that starts here ends.
fn call(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    if !(matches!(tokens.get(at)?.word, Word::Name(_)) && tokens.get(at + 1)?.is_sign('(')) {
        return None;
    }
    let mut depth = 0;
    for (index, token) in tokens.iter().enumerate().skip(at + 1) {
        match token.word {
            Word::Sign('(') => depth += 1,
            Word::Sign(')') if depth == 1 => return Some(index + 1),
            Word::Sign(')') => depth -= 1,
            _ => {}
        }
    }
    None
}

/// A claim that an inline expression prints by itself: `v(…)` around it changes nothing.
fn inline(tokens: &[Token<'_>]) -> Option<Claim> {
    let tokens = match tokens {
        [v, open, inside @ .., close] if v.is("v") && open.is_sign('(') && close.is_sign(')') => inside,
        _ => tokens,
    };
    let (claim, is_row, end) = match claim(tokens, 0) {
        Some(found) => found,
        None => {
            let end = call(tokens, 0).filter(|_| tokens[0].is("Field"))?;
            let (claim, is_row, inside) = claim(tokens, 2)?;
            (claim, !(is_row && tokens.get(inside)?.is_sign(',')), end)
        }
    };
    (!is_row && end == tokens.len()).then_some(claim)
}

/// The variable that an inline expression prints and nothing else: `v(@code)`, or a field of a row.
fn printed(piece: &Piece<'_>, variables: &mut [Option<Variable>]) -> Option<usize> {
    if piece.kind != Kind::Inline {
        return None;
    }
    let (name, row) = match piece.tokens.as_slice() {
        [v, open, code, close] if v.is("v") && open.is_sign('(') && close.is_sign(')') => (code.variable()?, false),
        tokens => {
            let (row, end) = field(tokens, 0)?;
            (end == tokens.len()).then_some((row, true))?
        }
    };
    let is_it =
        |known: &Option<Variable>| known.as_ref().is_some_and(|known| known.name == name && known.is_row == row);
    let at = variables.iter().position(is_it)?;
    variables[at].as_mut()?.uses += 1;
    Some(at)
}

/// Drops every variable whose name occurs anywhere that is not understood, and those that come from it.
fn keep_understood(pieces: &[Piece<'_>], variables: &mut [Option<Variable>]) {
    let understood = |known: &Variable| {
        let mut occurs = 0;
        for piece in pieces {
            let mut declares = false;
            for token in &piece.tokens {
                match token.variable() {
                    Some(name) if name == known.name && !declares => occurs += 1,
                    Some(_) => {}
                    None => declares = token.is("var") || (declares && token.is_sign(',')),
                }
            }
        }
        occurs == known.uses
    };
    loop {
        let at = variables.iter().position(|known| known.as_ref().is_some_and(|known| !understood(known)));
        let Some(known) = at.and_then(|at| variables[at].take()) else { return };
        // A row and the codes taken of it go together: what stays of one needs the other.
        let (piece, set) = &known.set;
        for other in variables.iter_mut() {
            let linked = other.as_ref().is_some_and(|other| {
                let tokens = |set: &std::ops::Range<usize>, piece: usize| pieces[piece].tokens[set.clone()].iter();
                tokens(&other.set.1, other.set.0).any(|token| token.variable().as_ref() == Some(&known.name))
                    || tokens(set, *piece).any(|token| token.variable().as_ref() == Some(&other.name))
            });
            if linked {
                // Its own name is in the statement that stays, so it is not understood either.
                if let Some(other) = other {
                    other.uses = usize::MAX;
                }
            }
        }
    }
}
