//! The way a file is cut into chunks, and what of it is wanted, change nothing.

use coupon_pools::limits::SAMPLE_BYTES;

use crate::drive::*;

#[test]
fn a_report_alone_says_the_same_as_a_report_with_blocks() {
    let mut file = String::from("code,expires\n");
    for index in 0..30_000 {
        file.push_str(&format!("C-{},2027-01-{:02}\n", index % 20_000, 1 + index % 28));
    }
    let [whole, alone] = [true, false].map(|wants_blocks| {
        let mut importer = Importer::new(ImportOptions { wants_blocks, ..ImportOptions::default() });
        importer.feed(file.clone().into_bytes());
        importer.end();
        let mut blocks = 0;
        loop {
            match importer.advance().unwrap() {
                Progress::Instants(times) => importer.instants(vec![Some(1); times.len()]),
                Progress::Block(_) => blocks += 1,
                Progress::Done => break,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(blocks > 0, wants_blocks);
        importer.into_report()
    });
    assert_eq!(whole, alone);
    assert_eq!((alone.rows, alone.taken, alone.duplicates_in_file), (30_000, 20_000, 10_000));
}

#[test]
fn the_way_a_file_is_cut_into_chunks_changes_nothing() {
    let fixtures = [
        "\u{feff}Code;Ablaufdatum\r\n\"Ä\"\"1\";31.1.2027\r\n\"B\r\n2\";\r\ne\u{301}3;1.2.2027 10:00\r\nÉ3;\r\n🎁;x\r\n".as_bytes().to_vec(),
        utf16("\u{feff}code\tend date\r\nA1\t2027-01-31\r\n🎁2\t\r\n", u16::to_le_bytes),
        b"code,note\nA1,caf\xe9\nB2,\"x\ny\"\n\nC3\n\"D".to_vec(),
    ];
    let options = ImportOptions { wants_rejected: true, ..ImportOptions::default() };
    for file in &fixtures {
        let whole = drive(file, 1 << 16, &options).unwrap();
        for at in 0..=file.len() {
            let mut parts = [&file[..at], &file[at..]].into_iter().map(<[u8]>::to_vec);
            assert_eq!(drive_chunks(&mut parts, &options).unwrap(), whole, "cut at {at}");
        }
    }
}

#[test]
fn past_the_sample_chunks_change_nothing_either() {
    let mut text = String::from("code,note,expires\r\n");
    let mut number = 0u32;
    while text.len() < SAMPLE_BYTES + 40_000 {
        number += 1;
        let note = ["plain", "\"a, b\"", "\"say \"\"x\"\"\"", "\"two\r\nlines\""][number as usize % 4];
        text.push_str(&format!("C-{number:05},{note},2027-01-{:02}\r\n", number % 28 + 1));
    }
    let file = [text.as_bytes(), b"caf\xe9,,\r\n\"\xe4\",,\r\n"].concat();
    let whole = drive(&file, 1 << 22, &ImportOptions::default()).unwrap();
    assert_eq!(whole.report.format.encoding, Encoding::Windows1252);
    assert_eq!(whole.report.taken, u64::from(number) + 2);
    for size in [13, 1_000, 4_096, 65_536, SAMPLE_BYTES - 1, SAMPLE_BYTES + 1] {
        assert_eq!(drive(&file, size, &ImportOptions::default()).unwrap(), whole, "{size}");
    }
}

#[test]
fn answers_that_were_not_asked_for_end_the_import() {
    let mut importer = Importer::new(ImportOptions::default());
    importer.feed("code,expires\nA1,2027-01-31\n".into());
    importer.end();
    assert!(matches!(importer.advance(), Ok(Progress::Instants(times)) if times.len() == 1));
    importer.instants(vec![]);
    assert_eq!(importer.advance().unwrap_err().code(), Code::Internal);
    assert_eq!(importer.advance().unwrap_err().code(), Code::Internal);
}
