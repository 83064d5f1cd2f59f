//! Workbooks for tests, written part by part, well or badly.

use std::rc::Rc;

use coupon_pools::error::{Code, Error};
use coupon_pools::sheet::{Options, Reader, SheetRef, open};

/// A part of a file, and how its directory describes it.
#[derive(Clone)]
pub(crate) struct Part {
    pub(crate) name: String,
    /// As it is written.
    pub(crate) packed: Vec<u8>,
    pub(crate) method: u16,
    pub(crate) flags: u16,
    pub(crate) size: u64,
    pub(crate) crc: u32,
}

impl Part {
    /// Deflated, as spreadsheet programs do.
    pub(crate) fn new(name: &str, content: impl AsRef<[u8]>) -> Self {
        let content = content.as_ref();
        Part { packed: miniz_oxide::deflate::compress_to_vec(content, 6), method: 8, ..Part::stored(name, content) }
    }

    pub(crate) fn stored(name: &str, content: impl AsRef<[u8]>) -> Self {
        let content = content.as_ref();
        Part {
            name: name.into(),
            packed: content.to_vec(),
            method: 0,
            flags: 0,
            size: content.len() as u64,
            crc: rawzip::crc32(content),
        }
    }
}

/// How a file's directory is written.
#[derive(Clone, Copy, Default)]
pub(crate) struct Form {
    /// Sizes stand behind the parts and not before them.
    pub(crate) descriptors: bool,
    /// Sizes and places have 64 bits.
    pub(crate) zip64: bool,
}

/// A ZIP archive of these parts (APPNOTE.TXT 6.3.10, §4.3).
pub(crate) fn zip(parts: &[Part], form: Form) -> Vec<u8> {
    let mut file = Vec::new();
    let mut directory = Vec::new();
    for part in parts {
        let start = file.len() as u64;
        let flags = part.flags | if form.descriptors { 8 } else { 0 };
        let name = part.name.as_bytes();
        let (packed, known) = (part.packed.len() as u64, !form.descriptors);
        let narrow = |number: u64| if form.zip64 { u32::MAX } else { number as u32 };
        file.extend(b"PK\x03\x04");
        file.extend([45_u16, flags, part.method, 0, 0].map(u16::to_le_bytes).concat());
        let sizes = [part.crc, packed as u32, part.size as u32].map(|number| if known { number } else { 0 });
        file.extend(sizes.map(u32::to_le_bytes).concat());
        file.extend([name.len() as u16, 0].map(u16::to_le_bytes).concat());
        file.extend(name);
        file.extend(&part.packed);
        if form.descriptors {
            file.extend(b"PK\x07\x08");
            file.extend([part.crc, packed as u32, part.size as u32].map(u32::to_le_bytes).concat());
        }
        let extra: Vec<u8> = if form.zip64 {
            [[1_u16, 24].map(u16::to_le_bytes).concat(), [part.size, packed, start].map(u64::to_le_bytes).concat()]
                .concat()
        } else {
            Vec::new()
        };
        directory.extend(b"PK\x01\x02");
        directory.extend([45_u16, 45, flags, part.method, 0, 0].map(u16::to_le_bytes).concat());
        directory.extend([part.crc, narrow(packed), narrow(part.size)].map(u32::to_le_bytes).concat());
        directory.extend([name.len() as u16, extra.len() as u16, 0, 0, 0].map(u16::to_le_bytes).concat());
        directory.extend([0, narrow(start)].map(u32::to_le_bytes).concat());
        directory.extend(name);
        directory.extend(extra);
    }
    let (start, size, count) = (file.len() as u64, directory.len() as u64, parts.len() as u64);
    file.extend(directory);
    if form.zip64 {
        let end = file.len() as u64;
        file.extend(b"PK\x06\x06");
        file.extend(44_u64.to_le_bytes());
        file.extend([45_u16, 45].map(u16::to_le_bytes).concat());
        file.extend([0_u32, 0].map(u32::to_le_bytes).concat());
        file.extend([count, count, size, start].map(u64::to_le_bytes).concat());
        file.extend(b"PK\x06\x07");
        file.extend([0_u32.to_le_bytes().to_vec(), end.to_le_bytes().to_vec(), 1_u32.to_le_bytes().to_vec()].concat());
    }
    let narrow = |number: u64| if form.zip64 { u32::MAX } else { number as u32 };
    let counts = [0, 0, count as u16, count as u16].map(|number| if form.zip64 { u16::MAX } else { number });
    file.extend(b"PK\x05\x06");
    file.extend(counts.map(u16::to_le_bytes).concat());
    file.extend([narrow(size), narrow(start)].map(u32::to_le_bytes).concat());
    file.extend(0_u16.to_le_bytes());
    file
}

const RELATIONSHIPS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// A workbook; what is left out is as a spreadsheet program writes it.
#[derive(Clone)]
pub(crate) struct Book {
    /// Name, attributes, and the whole of the part.
    pub(crate) sheets: Vec<(String, String, String)>,
    /// Items of the shared texts.
    pub(crate) strings: Vec<String>,
    /// Number formats by number, and the formats' numbers by style.
    pub(crate) formats: Vec<(u32, String)>,
    pub(crate) styles: Vec<u32>,
    pub(crate) properties: String,
    pub(crate) form: Form,
}

/// A worksheet with these rows.
pub(crate) fn sheet(rows: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<worksheet \
         xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><dimension ref=\"A1\"/><sheetViews>\
         <sheetView workbookViewId=\"0\"/></sheetViews><sheetData>{rows}</sheetData><pageMargins left=\"1\"/></worksheet>"
    )
}

impl Book {
    /// One worksheet with these rows.
    pub(crate) fn new(rows: &str) -> Self {
        Book {
            sheets: vec![("Codes".into(), String::new(), sheet(rows))],
            strings: Vec::new(),
            formats: Vec::new(),
            styles: vec![0],
            properties: String::new(),
            form: Form::default(),
        }
    }

    pub(crate) fn with_strings(mut self, items: &[&str]) -> Self {
        self.strings = items.iter().map(|item| format!("<si>{item}</si>")).collect();
        self
    }

    /// Adds a style for each of these formats, from number 1 on.
    pub(crate) fn with_formats(mut self, codes: &[&str]) -> Self {
        for (number, code) in codes.iter().enumerate() {
            let id = 164 + number as u32;
            self.formats.push((id, (*code).to_owned()));
            self.styles.push(id);
        }
        self
    }

    /// Adds a worksheet with these rows.
    pub(crate) fn and(mut self, name: &str, attributes: &str, rows: &str) -> Self {
        self.sheets.push((name.into(), attributes.into(), sheet(rows)));
        self
    }

    pub(crate) fn parts(&self) -> Vec<Part> {
        let escaped = |text: &str| text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
        let listed: String = (1..)
            .zip(&self.sheets)
            .map(|(number, (name, attributes, _))| {
                format!("<sheet name=\"{}\" sheetId=\"{number}\" {attributes} r:id=\"rId{number}\"/>", escaped(name))
            })
            .collect();
        let named: String = (1..=self.sheets.len())
            .map(|number| {
                format!(
                    "<Relationship Id=\"rId{number}\" Type=\"{RELATIONSHIPS}/worksheet\" \
                     Target=\"worksheets/sheet{number}.xml\"/>"
                )
            })
            .collect();
        let formats: String = self
            .formats
            .iter()
            .map(|(id, code)| format!("<numFmt numFmtId=\"{id}\" formatCode=\"{}\"/>", escaped(code)))
            .collect();
        let styles: String = self.styles.iter().map(|id| format!("<xf numFmtId=\"{id}\"/>")).collect();
        let mut parts = vec![
            Part::new(
                "_rels/.rels",
                format!(
                    "<Relationships><Relationship Id=\"a\" Type=\"{RELATIONSHIPS}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
                ),
            ),
            Part::new(
                "xl/workbook.xml",
                format!(
                    "<workbook xmlns:r=\"{RELATIONSHIPS}\"><workbookPr {}/><sheets>{listed}</sheets></workbook>",
                    self.properties
                ),
            ),
            Part::new(
                "xl/_rels/workbook.xml.rels",
                format!(
                    "<Relationships>{named}<Relationship Id=\"s\" Type=\"{RELATIONSHIPS}/styles\" Target=\"styles.xml\"/><Relationship Id=\"t\" Type=\"{RELATIONSHIPS}/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>"
                ),
            ),
            Part::new(
                "xl/styles.xml",
                format!(
                    "<styleSheet><numFmts>{formats}</numFmts><cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs><cellXfs>{styles}</cellXfs><dxfs><dxf><numFmt numFmtId=\"164\" formatCode=\"yyyy\"/></dxf></dxfs></styleSheet>"
                ),
            ),
            Part::new("xl/sharedStrings.xml", format!("<sst>{}</sst>", self.strings.concat())),
        ];
        for (number, (_, _, content)) in (1..).zip(&self.sheets) {
            parts.push(Part::new(&format!("xl/worksheets/sheet{number}.xml"), content));
        }
        parts
    }

    pub(crate) fn file(&self) -> Vec<u8> {
        zip(&self.parts(), self.form)
    }
}

/// The sheet text of a file's only worksheet, and its name.
pub(crate) fn read_with(file: Vec<u8>, options: &Options) -> Result<(String, String), Error> {
    let mut reader = open(Rc::new(file), options)?;
    let name = reader.sheet().to_owned();
    Ok((name, drain(&mut *reader)?))
}

pub(crate) fn drain(reader: &mut dyn Reader) -> Result<String, Error> {
    let mut text = Vec::new();
    while let Some(piece) = reader.next()? {
        text.extend_from_slice(&piece);
    }
    Ok(String::from_utf8(text).unwrap())
}

pub(crate) fn read(file: Vec<u8>) -> Result<String, Error> {
    read_with(file, &Options::default()).map(|(_, text)| text)
}

/// The sheet text, its marks and separators made visible.
pub(crate) fn shown(book: &Book) -> String {
    read(book.file()).unwrap().replace('\u{1f}', "|").replace('\u{1e}', "^")
}

pub(crate) fn code_of<T>(outcome: Result<T, Error>) -> Option<Code> {
    outcome.err().map(|error| error.code())
}

pub(crate) fn named(name: &str) -> Options {
    Options { sheet: Some(SheetRef::Name(name.into())), ..Options::default() }
}
