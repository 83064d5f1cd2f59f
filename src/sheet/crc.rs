//! The checksum of a part: CRC-32 as ZIP uses it (APPNOTE.TXT 6.3.10, §4.4.7), sixteen bytes at a time.
//!
//! Its tables are made when they are first needed: written into the artefact they would be a quarter of it, because
//! they do not compress. Sixteen tables look up sixteen bytes at once (M. Kounavis and F. Berry, "A Systematic Approach to
//! Building High Performance Software-based CRC Generators", 2005).

/// The polynomial, its bits reversed.
const POLYNOMIAL: u32 = 0xedb8_8320;

const WIDTH: usize = 16;

/// A checksum of what was added so far.
pub(super) struct Crc {
    tables: Box<[[u32; 256]; WIDTH]>,
    state: u32,
}

impl Crc {
    pub(super) fn new() -> Self {
        let mut tables = Box::new([[0; 256]; WIDTH]);
        for byte in 0..256 {
            let turned = (0..8).fold(byte as u32, |bits, _| (bits >> 1) ^ if bits & 1 == 1 { POLYNOMIAL } else { 0 });
            tables[0][byte] = turned;
        }
        for table in 1..WIDTH {
            for byte in 0..256 {
                let before = tables[table - 1][byte];
                tables[table][byte] = (before >> 8) ^ tables[0][(before & 0xff) as usize];
            }
        }
        Crc { tables, state: !0 }
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        let tables = &self.tables;
        let mut state = self.state;
        let (chunks, rest) = bytes.as_chunks::<WIDTH>();
        for chunk in chunks {
            let mut bytes = *chunk;
            for (byte, of_state) in bytes.iter_mut().zip(state.to_le_bytes()) {
                *byte ^= of_state;
            }
            // Each byte by the table of its distance from the end.
            state = (0..WIDTH).fold(0, |sum, place| sum ^ tables[WIDTH - 1 - place][usize::from(bytes[place])]);
        }
        for byte in rest {
            state = (state >> 8) ^ tables[0][((state ^ u32::from(*byte)) & 0xff) as usize];
        }
        self.state = state;
    }

    pub(super) fn sum(&self) -> u32 {
        !self.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_checksum_of_zip_however_the_bytes_come() {
        let bytes: Vec<u8> = (0..1_000_u32).map(|number| (number * number) as u8).collect();
        for cut in [0, 1, 15, 16, 17, 500, 1_000] {
            let mut crc = Crc::new();
            crc.add(&bytes[..cut]);
            crc.add(&bytes[cut..]);
            assert_eq!(crc.sum(), rawzip::crc32(&bytes), "{cut}");
        }
        // The check value of the CRC catalogue (CRC-32/ISO-HDLC).
        let mut crc = Crc::new();
        crc.add(b"123456789");
        assert_eq!(crc.sum(), 0xcbf4_3926);
    }
}
