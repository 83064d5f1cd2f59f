//! Files made to do harm: refused, with little read and little held.

use coupon_pools::limits::{COLUMNS, ROW_BYTES, SAMPLE_BYTES};

use crate::drive::*;

#[test]
fn rows_and_columns_without_end_are_refused_and_named() {
    for size in [1 << 12, 1 << 16, 1 << 22] {
        let drive = |file: &[u8]| drive(file, size, &ImportOptions::default()).unwrap_err().error;
        let line = drive(&vec![b'x'; 2 << 20]);
        assert_eq!((line.code(), detail(&line, "row")), (Code::UploadRowTooLong, Detail::Number(1.0)));
        let late = drive(
            &["A1\nB2\n".repeat(SAMPLE_BYTES / 6 + 9), "\"".to_owned(), "x".repeat(ROW_BYTES)].concat().into_bytes(),
        );
        assert_eq!(late.code(), Code::UploadRowTooLong);
        assert_eq!(detail(&late, "row"), Detail::Number((2 * (SAMPLE_BYTES / 6 + 9) + 1) as f64));
    }
    assert_eq!(refused(",".repeat(COLUMNS + 1)).code(), Code::UploadTooManyColumns);
}

#[test]
fn random_bytes_never_panic_and_always_add_up() {
    let mut state = 7u64;
    let mut next = |limit: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % limit
    };
    let pieces: &[&[u8]] = &[
        b"\"",
        b"\"\"",
        b",",
        b";",
        b"\n",
        b"\r",
        b"\r\n",
        b"A1",
        b"code",
        b"code'",
        b"expires",
        b"2027-01-31",
        b"1/2/2027",
        b"13/2/2027",
        b" ",
        b"'",
        b"=\"1\"",
        b"\xff",
        b"\xc3",
        b"\xa4",
        b"e\xcc\x81",
        b"\t",
        b"\xe2\x80\x8b",
        b"B2",
        b"c3",
        b"31.1.2027 10:00",
        b"1.5E+12",
    ];
    for round in 0..3_000 {
        let file: Vec<u8> = if round % 10 == 0 {
            (0..next(64)).map(|_| next(256) as u8).collect()
        } else {
            (0..next(60)).flat_map(|_| pieces[next(pieces.len() as u64) as usize]).copied().collect()
        };
        let options = ImportOptions {
            header: [None, Some(Header::First), Some(Header::None)][next(3) as usize],
            delimiter: [None, Some(b','), Some(b';')][next(3) as usize],
            code_column: [None, Some(ColumnRef::Index(0))][next(2) as usize].clone(),
            date_order: [None, Some(DateOrder::Dmy)][next(2) as usize],
            block_codes: 1 + next(4) as usize,
            wants_rejected: next(2) == 0,
            ..ImportOptions::default()
        };
        let whole = drive(&file, 1 << 16, &options);
        for size in [1, 2, 3, 5] {
            assert_eq!(drive(&file, size, &options), whole, "{file:?} in {size}");
        }
    }
}
