//! Records as the worksheet of an `.xlsb` file, its texts, its formats or its list of worksheets.

use crate::container::archive;
use crate::worksheet::check_file;

const RELATED: &[u8] =
    br#"<Relationships><Relationship Id="r1" Type="x/officeDocument" Target="xl/workbook.bin"/></Relationships>"#;
const PARTS: &[u8] = br#"<Relationships><Relationship Id="r1" Type="x/worksheet" Target="s.bin"/><Relationship Id="r2" Type="x/styles" Target="y.bin"/><Relationship Id="r3" Type="x/sharedStrings" Target="t.bin"/></Relationships>"#;
/// One worksheet, visible, with the id `r1` and the name `A`.
const WORKBOOK: &[u8] = b"\x9c\x01\x16\0\0\0\0\x01\0\0\0\x02\0\0\0r\x001\0\x01\0\0\0A\0";
/// One text, `AB`.
const TEXTS: &[u8] = b"\x13\x09\0\x02\0\0\0A\0B\0";
/// Two styles: as it is, and a date.
const STYLES: &[u8] = b"\xe9\x04\0\x2f\x04\0\0\0\0\x2f\x04\0\0\x0e\0\xea\x04\0";
/// One row, in it the text and a number.
const SHEET: &[u8] =
    b"\x91\x01\0\x00\x04\0\0\0\0\x07\x0c\0\0\0\0\0\0\0\0\0\0\0\0\x0d\x08\x01\0\0\0\xaa\0\0\0\x92\x01\0";

pub(crate) fn check(data: &[u8]) {
    let [choice, made @ ..] = data else { return };
    let mut parts: [(&str, &[u8]); 6] = [
        ("xl/s.bin", SHEET),
        ("xl/t.bin", TEXTS),
        ("xl/y.bin", STYLES),
        ("xl/workbook.bin", WORKBOOK),
        ("xl/_rels/workbook.bin.rels", PARTS),
        ("_rels/.rels", RELATED),
    ];
    parts[usize::from(choice % 4)].1 = made;
    check_file(&archive(&parts));
}
