//! What stands in a cell is what a person sees there, or it is marked.

use coupon_pools::error::Code;
use coupon_pools::sheet::{Limits, Options};

use crate::book::*;

/// One row of cells that say nothing about where they are.
fn row(cells: &str) -> Book {
    Book::new(&format!("<row r=\"1\">{cells}</row>"))
}

#[test]
fn texts_are_read_wherever_they_stand() {
    let book = row("<c r=\"A1\" t=\"s\"><v>1</v></c><c r=\"B1\" t=\"inlineStr\"><is><t>inline</t></is></c><c t=\"str\"><v>plain</v></c>")
        .with_strings(&["<t>other</t>", "<t>shared</t>"]);
    assert_eq!(shown(&book), "shared|inline|plain\n");
}

#[test]
fn runs_are_joined_and_what_is_there_to_be_pronounced_is_left_out() {
    let rich = "<r><rPr><b/><sz val=\"11\"/></rPr><t>SP</t></r><r><t xml:space=\"preserve\">R </t></r>\
                <rPh sb=\"0\" eb=\"1\"><t>no</t></rPh><r><t>7</t></r><phoneticPr fontId=\"1\"/>";
    let book = row(&format!("<c t=\"s\"><v>0</v></c><c t=\"inlineStr\"><is>{rich}</is></c>")).with_strings(&[rich]);
    assert_eq!(shown(&book), "SPR 7|SPR 7\n");
}

#[test]
fn characters_may_be_written_in_every_way_that_xml_and_spreadsheets_have() {
    for (written, meant) in [
        ("A&amp;B&lt;&gt;&quot;&apos;", "A&B<>\"'"),
        ("&#65;&#x42;&#x1F600;", "AB\u{1f600}"),
        ("a_x000D_b", "a\rb"),
        ("_x005F_x000D_", "_x000D_"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("<![CDATA[<x>&amp;]]]>y", "<x>&amp;]y"),
        ("a<!-- > -->b<?pi > ?>c", "abc"),
        ("Ünïcode-日本", "Ünïcode-日本"),
    ] {
        let text = format!("<t>{written}</t>");
        let book =
            row(&format!("<c t=\"s\"><v>0</v></c><c t=\"inlineStr\"><is>{text}</is></c>")).with_strings(&[&text]);
        let field = if meant.contains(['"', '\n', '\r']) {
            format!("\"{}\"", meant.replace('"', "\"\""))
        } else {
            meant.into()
        };
        assert_eq!(shown(&book), format!("{field}|{field}\n"), "{written}");
    }
}

#[test]
fn a_number_is_shown_as_its_style_says() {
    let book = row(
        "<c s=\"1\"><v>42</v></c><c s=\"2\"><v>46082.4375</v></c><c s=\"3\"><v>12.5</v></c><c><v>1.23457E+15</v></c>\
         <c><v>12345678901234567891</v></c><c s=\"99\" t=\"n\"><v>7</v></c><c s=\"4\"><v>46082</v></c>",
    )
    .with_formats(&["00000000", "d.m.yy h:mm", "0.00"]);
    let book = Book { styles: [book.styles.clone(), vec![14]].concat(), ..book };
    assert_eq!(
        shown(&book),
        "00000042|^D2026-03-01T10:30:00|^N12.5|^S1.23457E+15|^l12345678901234567891|7|^D2026-03-01\n"
    );
}

#[test]
fn workbooks_may_count_their_days_from_1904() {
    let rows = "<row r=\"1\"><c s=\"1\"><v>44620</v></c></row>";
    for properties in ["date1904=\"1\"", "date1904=\"true\""] {
        let book = Book { properties: properties.into(), ..Book::new(rows).with_formats(&["yyyy-mm-dd"]) };
        assert_eq!(shown(&book), "^D2026-03-01\n");
    }
    let book = Book { properties: "date1904=\"0\"".into(), ..Book::new(rows).with_formats(&["yyyy-mm-dd"]) };
    assert_eq!(shown(&book), "^D2022-02-28\n");
}

#[test]
fn what_is_no_code_is_marked_and_what_a_formula_gave_too() {
    for (cell, meant) in [
        ("<c t=\"b\"><v>1</v></c>", "^BTRUE"),
        ("<c t=\"b\"><v>0</v></c>", "^BFALSE"),
        ("<c t=\"e\"><v>#REF!</v></c>", "^E#REF!"),
        ("<c t=\"d\"><v>2026-03-01T10:30:00</v></c>", "^D2026-03-01T10:30:00"),
        ("<c t=\"d\"><v>2026-03-01T10:30:00.000Z</v></c>", "^D2026-03-01T10:30:00"),
        ("<c t=\"d\"><v>2026-03-01</v></c>", "^D2026-03-01"),
        ("<c t=\"d\" s=\"1\"><v>2026-03-01T00:00:00</v></c>", "^D2026-03-01"),
        ("<c t=\"d\"><v>tomorrow</v></c>", "^Ntomorrow"),
        ("<c t=\"str\"><f>A2&amp;B2</f><v>A-1</v></c>", "^fA-1"),
        ("<c><f t=\"shared\" si=\"0\"/><v>5</v></c>", "^f5"),
        ("<c><f t=\"array\" ref=\"A1\">1+1</f><v>2</v></c>", "^f2"),
        ("<c t=\"s\"><f>T2</f><v>0</v></c>", "^fshared"),
        ("<c><f>1+1</f></c>", "^F"),
        ("<c><f>1+1</f><v></v></c>", "^F"),
        ("<c><f>1+1</f><v/></c>", "^F"),
        ("<c t=\"str\"><f>A2</f></c>", "^F"),
        ("<c t=\"b\"><f>A2</f><v>1</v></c>", "^BTRUE"),
        ("<c><f>1/3</f><v>0.33333333333333331</v></c>", "^N0.333333333333333"),
        ("<c><f>2^60</f><v>1152921504606846976</v></c>", "^S1152921504606846976"),
        ("<c t=\"inlineStr\"><is><t>\u{1e}S1</t></is></c>", "^T^S1"),
    ] {
        let book = row(cell).with_strings(&["<t>shared</t>"]).with_formats(&["yyyy-mm-dd"]);
        assert_eq!(shown(&book), format!("{meant}\n"), "{cell}");
    }
}

#[test]
fn cells_without_anything_in_them_are_no_cells() {
    for cells in [
        "",
        "<c r=\"A1\"/>",
        "<c r=\"A1\" s=\"1\"></c>",
        "<c><v></v></c>",
        "<c><v/></c>",
        "<c t=\"inlineStr\"><is><t></t></is></c>",
        "<c t=\"inlineStr\"><is/></c>",
        "<c t=\"str\"><f>A2</f><v></v></c>",
        "<c t=\"s\"><v>0</v></c>",
        "<c r=\"ZZZ1\" s=\"1\"/>",
        "<c><extLst><ext><v>1</v></ext></extLst></c>",
    ] {
        let rows = format!("<row r=\"1\">{cells}</row><row r=\"3\"><c><v>1</v></c></row>");
        assert_eq!(shown(&Book::new(&rows).with_strings(&["<t/>"])), "\n\n1\n", "{cells}");
    }
}

#[test]
fn a_line_is_a_row_of_the_sheet_whether_or_not_the_file_counts() {
    let counted = "<row r=\"2\"><c r=\"B2\"><v>1</v></c><c r=\"D2\"><v>2</v></c></row><row r=\"5\"/><row r=\"6\"><c r=\"A6\"><v>3</v></c></row>";
    assert_eq!(shown(&Book::new(counted)), "\n|1||2\n\n\n\n3\n");
    let uncounted =
        "<row/><row><c/><c><v>1</v></c><c/><c><v>2</v></c></row><row/><row/><row/><row><c><v>3</v></c></row>";
    assert_eq!(shown(&Book::new(uncounted)), shown(&Book::new(counted)));
}

#[test]
fn the_markup_may_have_prefixes_spaces_and_be_of_the_strict_kind() {
    let strict = "<x:worksheet xmlns:x=\"http://purl.oclc.org/ooxml/spreadsheetml/main\">\n <x:sheetData>\n  \
                  <x:row r = '1' >\n   <x:c x:r=\"A1\"\n t='str' ><x:v>A&gt;1</x:v ></x:c>\n <x:c a=\">\" ><x:v>2</x:v></x:c>\n</x:row>\n </x:sheetData>\n</x:worksheet>";
    let mut book = Book::new("");
    book.sheets[0].2 = strict.into();
    assert_eq!(shown(&book), "A>1|2\n");
    book.sheets[0].2 = format!("\u{feff}{strict}");
    assert_eq!(shown(&book), "A>1|2\n");
}

#[test]
fn cells_out_of_place_are_refused() {
    for rows in [
        "<row r=\"2\"><c><v>1</v></c></row><row r=\"1\"><c><v>2</v></c></row>",
        "<row r=\"2\"><c><v>1</v></c></row><row r=\"2\"><c><v>2</v></c></row>",
        "<row r=\"1\"><c r=\"B1\"><v>1</v></c><c r=\"A1\"><v>2</v></c></row>",
        "<row r=\"1\"><c r=\"A1\"><v>1</v></c><c r=\"A1\"><v>2</v></c></row>",
        "<row r=\"1\"><c r=\"A2\"><v>1</v></c></row>",
        "<row r=\"0\"><c><v>1</v></c></row>",
        "<row r=\"x\"><c><v>1</v></c></row>",
        "<row r=\"1\"><c r=\"1A\"><v>1</v></c></row>",
        "<row r=\"1\"><c r=\"A\"><v>1</v></c></row>",
        "<row r=\"1\"><c t=\"z\"><v>1</v></c></row>",
        "<row r=\"1\"><c t=\"s\"><v>9</v></c></row>",
        "<row r=\"1\"><c t=\"s\"><v>-1</v></c></row>",
        "<row r=\"1\"><c t=\"s\"><v>A</v></c></row>",
    ] {
        let file = Book::new(rows).with_strings(&["<t>x</t>"]).file();
        assert_eq!(code_of(read(file)), Some(Code::UploadDamaged), "{rows}");
    }
}

#[test]
fn a_text_past_the_limit_is_cut_and_marked_and_the_rows_around_it_are_read() {
    let limits = Limits { cell_bytes: 10, ..Limits::default() };
    let long = "<t>ABCDEFGHIJKLM</t>";
    let book = Book::new(&format!(
        "<row><c><v>1</v></c></row><row><c t=\"s\"><v>1</v></c><c t=\"inlineStr\"><is>{long}</is></c><c t=\"str\"><v>ABCDEFGHIJKLM</v></c></row>\
         <row><c t=\"s\"><v>0</v></c><c t=\"s\"><v>2</v></c></row>"
    ))
    .with_strings(&["<t>ABCDEFGHIJ</t>", long, "<t>Z</t>"]);
    let options = Options { limits, ..Options::default() };
    let (_, text) = read_with(book.file(), &options).unwrap();
    let cut = "\u{1e}LABCDEFGHIJ";
    assert_eq!(text, format!("1\n{cut}\u{1f}{cut}\u{1f}{cut}\nABCDEFGHIJ\u{1f}Z\n"));
    // Not in the middle of a character, wherever the limit falls.
    let book = Book::new("<row><c t=\"inlineStr\"><is><t>日本語日本語</t></is></c></row>");
    for (cell_bytes, left) in [(9, "日本語"), (10, "日本語"), (11, "日本語"), (12, "日本語日")] {
        let options = Options { limits: Limits { cell_bytes, ..Limits::default() }, ..Options::default() };
        assert_eq!(read_with(book.file(), &options).unwrap().1, format!("\u{1e}L{left}\n"));
    }
}

/// Cells and texts that look as every program writes them are read in one look: the same must come of it.
#[test]
fn it_makes_no_difference_how_plainly_the_markup_is_written() {
    let rows = "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" s=\"1\"><v>7</v></c><c r=\"AB1\"><v>42</v></c></row>\
                <row r=\"2\"><c r=\"C2\" s=\"2\"><v>46082</v></c><c r=\"D2\" s=\"1\" t=\"s\"><v>1</v></c><c r=\"E2\"><v></v></c></row>\
                <row r=\"12345\"><c r=\"ALL12345\"><v>1E3</v></c></row>";
    let texts = ["<t>plain</t>", "<t>a_x0041_&amp;</t>", "<t></t>"];
    let formats = ["000", "yyyy-mm-dd"];
    let plain = Book::new(rows).with_strings(&texts).with_formats(&formats);
    let meant = shown(&plain);
    assert!(
        meant.starts_with("plain|007|") && meant.contains("^D2026-03-01|aA&") && meant.ends_with("|1000\n"),
        "{meant}"
    );
    for (from, to) in [
        ("<c ", "<c  "),
        ("<v>", "<v >"),
        ("</c>", "</c >"),
        ("<si>", "<si >"),
        (" r=", " x:r="),
        ("\" ", "\"\n"),
        ("\"", "'"),
    ] {
        let mut book = plain.clone();
        book.sheets[0].2 = sheet(&rows.replace(from, to));
        book.strings = plain.strings.iter().map(|item| item.replace(from, to)).collect();
        assert_eq!(shown(&book), meant, "{from} as {to}");
    }
}

/// Parts are unpacked piece by piece: where a piece ends must make no difference to what is read.
#[test]
fn tags_and_texts_may_be_cut_anywhere() {
    let mut rows = String::new();
    let mut meant = String::new();
    let mut strings = Vec::new();
    for number in 1..=40_000_usize {
        let code = format!("{}&{}", "x".repeat(number % 23), number * 7919);
        let written = code.replace('&', ["&amp;", "&#38;", "<![CDATA[&]]>"][number % 3]);
        let space = " ".repeat(number % 5);
        rows += &format!("<row{space} r=\"{number}\"><c r=\"A{number}\" {space}t=\"s\"><v>{}</v></c>", number - 1);
        rows += &format!("<c t=\"inlineStr\"><is><t>{written}</t></is></c><!--{space}--></row>");
        strings.push(format!("<si><t>{written}</t></si>"));
        meant += &format!("{code}\u{1f}{code}\n");
    }
    let book = Book { strings, ..Book::new(&rows) };
    assert!(read(book.file()).unwrap() == meant, "packed");
    let stored: Vec<Part> = book
        .parts()
        .iter()
        .map(|part| Part {
            packed: miniz_oxide::inflate::decompress_to_vec(&part.packed).unwrap(),
            method: 0,
            ..part.clone()
        })
        .collect();
    assert!(read(zip(&stored, Form::default())).unwrap() == meant, "stored");
}
