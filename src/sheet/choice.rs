//! Which of a file's worksheets is read: the one that is named, else the only one with anything in it.

use super::{Options, SheetRef};
use crate::error::{Code, Error, Result};

/// A worksheet, as far as choosing goes.
pub(super) struct Listed<'a> {
    /// Its name, as the tab shows it.
    pub(super) name: &'a str,
    /// Whether its tab is hidden.
    pub(super) hidden: bool,
}

/// The place in `sheets` of the one that is to be read. `is_filled` is asked only where none is named; worksheets that
/// are hidden count only in an error.
///
/// # Errors
///
/// `UploadSheetMissing`, `UploadSheetUnknown`, `UploadEmpty`, and those of `is_filled`.
pub(super) fn choose(
    sheets: &[Listed<'_>],
    options: &Options,
    mut is_filled: impl FnMut(usize) -> Result<bool>,
) -> Result<usize> {
    if let Some(wanted) = &options.sheet {
        let found = match wanted {
            SheetRef::Name(name) => named(sheets, name),
            SheetRef::Number(number) => {
                usize::try_from(*number).ok().and_then(|number| number.checked_sub(1)).filter(|at| *at < sheets.len())
            }
        };
        return found.ok_or_else(|| missing(sheets, wanted));
    }
    let (mut shown, mut hidden) = (Vec::new(), Vec::new());
    for (at, sheet) in sheets.iter().enumerate() {
        if is_filled(at)? {
            let group = if sheet.hidden { &mut hidden } else { &mut shown };
            group.push(at);
        }
    }
    match (shown.as_slice(), hidden.as_slice()) {
        ([one], _) => Ok(*one),
        ([], []) => {
            Err(Error::new(Code::UploadEmpty, "No worksheet of the file has anything in it. Upload codes, one a row."))
        }
        ([], hidden) => Err(unknown("Only hidden worksheets have anything in them", sheets, hidden)),
        (shown, _) => Err(unknown(&format!("{} worksheets have something in them", shown.len()), sheets, shown)),
    }
}

/// By its name, or else by one that differs in the case of ASCII letters only.
fn named(sheets: &[Listed<'_>], name: &str) -> Option<usize> {
    let exact = sheets.iter().position(|sheet| sheet.name == name);
    exact.or_else(|| sheets.iter().position(|sheet| sheet.name.eq_ignore_ascii_case(name)))
}

fn missing(sheets: &[Listed<'_>], wanted: &SheetRef) -> Error {
    let names: Vec<String> = sheets.iter().map(|sheet| sheet.name.to_owned()).collect();
    let what = match wanted {
        SheetRef::Name(name) => format!("no worksheet \"{name}\""),
        SheetRef::Number(number) => format!("no worksheet number {number}"),
    };
    Error::new(Code::UploadSheetMissing, format!("The file has {what}. It has: {}.", names.join(", ")))
        .with("sheets", names)
}

fn unknown(what: &str, sheets: &[Listed<'_>], choices: &[usize]) -> Error {
    let names: Vec<String> = choices.iter().map(|at| sheets[*at].name.to_owned()).collect();
    Error::new(
        Code::UploadSheetUnknown,
        format!("{what}: {}. Say with `sheet` which of them holds the codes.", names.join(", ")),
    )
    .with("sheets", names)
}
