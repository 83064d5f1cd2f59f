//! Records as the workbook of an `.xls` file; or any bytes as a compound file.

use crate::container::compound;
use crate::worksheet::check_file;

pub(crate) fn check(data: &[u8]) {
    let [choice, made @ ..] = data else { return };
    match choice % 4 {
        0 => check_file(&[b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", made].concat()),
        1 => check_file(&compound("Book", made)),
        _ => check_file(&compound("Workbook", made)),
    }
}
