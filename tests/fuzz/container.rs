//! Files around the bytes that the fuzzer makes: archives with right checksums and compound files with right chains, so
//! that it gets at what is inside.

/// A ZIP archive (APPNOTE.TXT 6.3) of parts that are not packed.
pub(crate) fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in parts {
        let mut entry = Vec::new();
        // Version, flags, method, time and date; then checksum, both sizes, and the lengths of the name and of extras.
        entry.extend_from_slice(&[20, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        entry.extend_from_slice(&crc32(bytes).to_le_bytes());
        entry.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        entry.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        entry.extend_from_slice(&(name.len() as u16).to_le_bytes());
        entry.extend_from_slice(&[0, 0]);
        directory.extend_from_slice(b"PK\x01\x02\x14\x00");
        directory.extend_from_slice(&entry);
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&(file.len() as u32).to_le_bytes());
        directory.extend_from_slice(name.as_bytes());
        file.extend_from_slice(b"PK\x03\x04");
        file.extend_from_slice(&entry);
        file.extend_from_slice(name.as_bytes());
        file.extend_from_slice(bytes);
    }
    let start = file.len() as u32;
    file.extend_from_slice(&directory);
    file.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    file.extend_from_slice(&(parts.len() as u16).to_le_bytes());
    file.extend_from_slice(&(parts.len() as u16).to_le_bytes());
    file.extend_from_slice(&(directory.len() as u32).to_le_bytes());
    file.extend_from_slice(&start.to_le_bytes());
    file.extend_from_slice(&[0, 0]);
    file
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| sum >> 1 ^ (0xedb8_8320 & (sum & 1).wrapping_neg()))
    })
}

/// A compound file (MS-CFB) with one stream, in sectors of 512 bytes: table, directory, then the stream.
pub(crate) fn compound(name: &str, stream: &[u8]) -> Vec<u8> {
    // Shorter ones would be kept elsewhere; at most as many as one sector of the table names.
    let mut stream = stream.to_vec();
    stream.resize(stream.len().clamp(4_096, 120 * 512), 0);
    let sectors = stream.len().div_ceil(512);
    let mut file = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    file.resize(512, 0);
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    put(24, &[0x3e, 0, 3, 0, 0xfe, 0xff, 9, 0, 6, 0]);
    put(44, &1_u32.to_le_bytes());
    put(48, &1_u32.to_le_bytes());
    put(56, &4_096_u32.to_le_bytes());
    put(60, &[0xfe, 0xff, 0xff, 0xff]);
    put(68, &[0xfe, 0xff, 0xff, 0xff]);
    put(76, &[0xff; 436]);
    put(76, &0_u32.to_le_bytes());
    let mut table = vec![0xffff_fffd_u32, 0xffff_fffe];
    table.extend((0..sectors as u32).map(|sector| if sector + 1 == sectors as u32 { 0xffff_fffe } else { sector + 3 }));
    table.resize(128, u32::MAX);
    file.extend(table.into_iter().flat_map(u32::to_le_bytes));
    for (name, kind, start, size) in [("Root Entry", 5, 0xffff_fffe, 0), (name, 2, 2, stream.len() as u32)] {
        let mut entry = vec![0; 128];
        for (at, unit) in name.encode_utf16().enumerate() {
            entry[2 * at..2 * at + 2].copy_from_slice(&unit.to_le_bytes());
        }
        entry[64..66].copy_from_slice(&(2 * name.len() as u16 + 2).to_le_bytes());
        entry[66] = kind;
        entry[68..80].fill(0xff);
        entry[116..120].copy_from_slice(&u32::to_le_bytes(start));
        entry[120..124].copy_from_slice(&size.to_le_bytes());
        file.extend_from_slice(&entry);
    }
    file.resize(512 * 3, 0);
    file.extend_from_slice(&stream);
    file.resize(512 * (3 + sectors), 0);
    file
}
