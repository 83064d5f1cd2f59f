//! Markup as the worksheet of an `.xlsx` file; or any bytes as a file.

use crate::container::archive;
use crate::worksheet::check_file;

const RELATED: &[u8] =
    br#"<Relationships><Relationship Id="r1" Type="x/officeDocument" Target="xl/w.xml"/></Relationships>"#;
const PARTS: &[u8] = br#"<Relationships><Relationship Id="r1" Type="x/worksheet" Target="s.xml"/><Relationship Id="r2" Type="x/styles" Target="y.xml"/><Relationship Id="r3" Type="x/sharedStrings" Target="t.xml"/></Relationships>"#;
const WORKBOOK: &[u8] = br#"<workbook><sheets><sheet name="A" r:id="r1"/></sheets></workbook>"#;
const STYLES: &[u8] = br#"<styleSheet><numFmts><numFmt numFmtId="164" formatCode="00000000"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="14"/><xf numFmtId="11"/></cellXfs></styleSheet>"#;
const TEXTS: &[u8] =
    br#"<sst><si><t>AB12</t></si><si><r><t>C</t></r><r><t xml:space="preserve"> D </t></r></si></sst>"#;

/// The first byte says which part the rest is: the worksheet, the texts, the formats, the workbook, or the file.
pub(crate) fn check(data: &[u8]) {
    let [choice, made @ ..] = data else { return };
    const SHEET: &[u8] = br#"<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" s="1"><v>42</v></c></row></sheetData></worksheet>"#;
    let mut parts: [(&str, &[u8]); 6] = [
        ("xl/s.xml", SHEET),
        ("xl/t.xml", TEXTS),
        ("xl/y.xml", STYLES),
        ("xl/w.xml", WORKBOOK),
        ("xl/_rels/w.xml.rels", PARTS),
        ("_rels/.rels", RELATED),
    ];
    match parts.get_mut(usize::from(choice % 7)) {
        Some((_, part)) => {
            *part = made;
            check_file(&archive(&parts));
        }
        None => check_file(made),
    }
}
