//! Files that marketers upload: random codes, repeated ones, expiries, rows that cannot be read.

use coupon_pools::import::LocalTime;
use coupon_pools::import::dates::format_iso;

use crate::chance::Chance;
use crate::clock::{DAY, HOUR, START, days};

/// A file, and what is known about it because it was made here.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) bytes: Vec<u8>,
    /// Equality keys of its codes under a pool that ignores case, each once.
    pub(crate) keys: Vec<String>,
    pub(crate) rows: u64,
    pub(crate) bad_rows: u64,
}

impl File {
    /// A file of up to `most` rows of codes for this pool.
    pub(crate) fn random(chance: &mut Chance, pool: &str, most: usize) -> Self {
        let mut file = File { bytes: b"code,expires_at\n".to_vec(), keys: Vec::new(), rows: 0, bad_rows: 0 };
        for _ in 0..=chance.below(most) {
            file.row(chance, pool);
        }
        file
    }

    fn row(&mut self, chance: &mut Chance, pool: &str) {
        if chance.percent(5) {
            self.bytes.extend_from_slice(b"\n");
            return;
        }
        self.rows += 1;
        let (name, expiry) = (format!("{}-{:03}", pool.to_uppercase(), chance.below(160)), expiry(chance));
        let row = match chance.below(20) {
            0 => format!(",{}", if expiry.is_empty() { "2030-01-01" } else { &expiry }),
            1 => format!("{},{expiry}", "x".repeat(256)),
            2 => format!("{name},2027-02-30"),
            kind => {
                // The same letter, composed and not: one code.
                let marked = name.replacen('-', "\u{c9}", 1);
                let (code, key) = match kind {
                    3 => (name.replacen('-', "E\u{301}", 1), marked),
                    4 => (marked.to_lowercase(), marked),
                    5 => (name.to_lowercase(), name),
                    6 => (format!("  {name} "), name),
                    _ => (name.clone(), name),
                };
                // Simple case folding brings É to é; ASCII letters go up.
                let key = key.replace('\u{c9}', "\u{e9}");
                if !self.keys.contains(&key) {
                    self.keys.push(key);
                }
                self.bytes.extend_from_slice(format!("{code},{expiry}\n").as_bytes());
                return;
            }
        };
        self.bad_rows += 1;
        self.bytes.extend_from_slice(format!("{row}\n").as_bytes());
    }
}

fn expiry(chance: &mut Chance) -> String {
    match chance.below(6) {
        0 => format_iso(START + 2 * HOUR),
        1 => format_iso(START + DAY)[..10].to_owned(),
        2 => format_iso(START + 5 * DAY).replace('T', " ").replace('Z', ""),
        _ => String::new(),
    }
}

/// The world's host knows one time zone.
pub(crate) fn instant(time: &LocalTime) -> Option<i64> {
    let day = days(i64::from(time.year), i64::from(time.month), i64::from(time.day));
    let seconds = (i64::from(time.hour) * 60 + i64::from(time.minute)) * 60 + i64::from(time.second);
    Some(day * DAY + seconds * 1_000 + i64::from(time.millis))
}

/// The world's host knows one letter with a mark.
pub(crate) fn normalize(text: &str) -> String {
    text.replace("E\u{301}", "\u{c9}").replace("e\u{301}", "\u{e9}")
}
