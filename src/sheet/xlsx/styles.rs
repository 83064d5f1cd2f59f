//! How cells show numbers: from the number of a cell's style to a number format (ECMA-376 Part 1, §18.8).

use crate::error::Result;
use crate::limits::{SHEET_FORMATS, SHEET_STYLES};
use crate::sheet::damaged;
use crate::sheet::number_format::NumberFormat;
use crate::sheet::xml::{Event, Xml};
use crate::sorted::Sorted;

/// Longest code of a number format, in bytes: Excel takes 255 characters.
const CODE_BYTES: usize = 1_024;

/// The number formats of a workbook.
#[derive(Default)]
pub(super) struct Styles {
    formats: Vec<NumberFormat>,
    /// By the number of a style, the format's place.
    styles: Vec<u16>,
    general: NumberFormat,
}

impl Styles {
    pub(super) fn read(mut xml: Xml) -> Result<Self> {
        let mut styles = Styles::default();
        let mut described: Sorted<u32, String> = Sorted::default();
        let (mut formats, mut ids) = (0, Vec::new());
        let mut within = false;
        loop {
            match xml.next()? {
                Event::End => break,
                // Formats also stand in lists of what a table or a condition changes: those are not a cell's.
                Event::Open if xml.depth() == 2 => within = matches!(xml.name(), b"cellXfs" | b"numFmts"),
                Event::Open | Event::Empty if within && xml.name() == b"xf" => {
                    if ids.len() == SHEET_STYLES {
                        return Err(damaged("it has more cell formats than a spreadsheet can have"));
                    }
                    ids.push(number(&xml, "numFmtId")?.unwrap_or(0));
                }
                Event::Open | Event::Empty if within && xml.name() == b"numFmt" => {
                    formats += 1;
                    if formats > SHEET_FORMATS {
                        return Err(damaged("it has more number formats than a spreadsheet can have"));
                    }
                    let code = xml.attribute("formatCode")?.unwrap_or_default();
                    if let Some(id) = number(&xml, "numFmtId")?
                        && code.len() <= CODE_BYTES
                    {
                        described.insert(id, code);
                    }
                }
                _ => {}
            }
        }
        // One that is described wins over a built-in one of the same number. Most numbers are used again and again.
        let mut places: Sorted<u32, u16> = Sorted::default();
        for id in ids {
            let code = described.get(&id);
            let id = if code.is_none() && id > NumberFormat::LAST_BUILTIN { 0 } else { id };
            let place = places.get(&id).copied().unwrap_or_else(|| {
                let place = styles.formats.len() as u16;
                styles.formats.push(code.map_or_else(|| NumberFormat::builtin(id), |code| NumberFormat::parse(code)));
                places.insert(id, place);
                place
            });
            styles.styles.push(place);
        }
        Ok(styles)
    }

    /// The number format of a style.
    pub(super) fn format(&self, style: u32) -> &NumberFormat {
        let place = self.styles.get(style as usize).copied().map(usize::from);
        place.and_then(|place| self.formats.get(place)).unwrap_or(&self.general)
    }
}

fn number(xml: &Xml, name: &str) -> Result<Option<u32>> {
    Ok(xml.attribute(name)?.and_then(|text| text.trim_ascii().parse().ok()))
}
