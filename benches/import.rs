//! How fast an upload is read: bytes of a CSV file to a set without duplicates.
//!
//! `cargo bench --bench import` prints the median of some runs for the shapes that the targets name. With a file's path
//! in `COUPON_POOLS_BENCH_FILE` it takes turns with somebody else instead (`benches/native.mjs`): for each line on
//! standard input it reads that file's bytes once more, and answers with a line: microseconds, and codes taken.
#![allow(clippy::print_stdout, clippy::expect_used, missing_docs)]

use std::io::BufRead;
use std::time::{Duration, Instant};

use coupon_pools::code::Texts;
use coupon_pools::import::{ImportOptions, Importer, Progress};

const ROWS: u32 = 1_000_000;
const RUNS: usize = 7;
/// As the package hands an upload to the engine.
const CHUNK: usize = 1 << 20;
/// As the memory store takes them.
const BLOCK_CODES: usize = 10_000;

/// Knuth's MMIX generator: the same file in every run and on every machine.
struct Lcg(u64);

impl Lcg {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn code(&mut self) -> String {
        const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
        let bits = self.next() << 31 | self.next();
        (0..10).map(|place| char::from(ALPHABET[(bits >> (5 * place)) as usize % 32])).collect()
    }
}

fn one_column(codes: &mut Lcg) -> Vec<u8> {
    let mut text = String::from("code\n");
    for _ in 0..ROWS {
        text.push_str(&codes.code());
        text.push('\n');
    }
    text.into_bytes()
}

fn quoted_columns(codes: &mut Lcg) -> Vec<u8> {
    let mut text = String::from("\"code\",\"expires_at\",\"note\"\r\n");
    for _ in 0..ROWS {
        let (code, number) = (codes.code(), codes.next());
        let (month, day) = (number % 12 + 1, number / 12 % 28 + 1);
        text.push_str(&format!("\"{code}\",\"2027-{month:02}-{day:02}\",\"batch {:08}\"\r\n", number % 100_000_000));
    }
    text.into_bytes()
}

/// As the package reads a file in a dry run on an empty pool.
fn import(file: &[u8]) -> u64 {
    let mut importer = Importer::new(ImportOptions {
        block_codes: BLOCK_CODES,
        wants_blocks: false,
        expected_bytes: Some(file.len() as u64),
        ..ImportOptions::default()
    });
    let mut chunks = file.chunks(CHUNK);
    loop {
        match importer.advance().expect("the file can be taken") {
            Progress::More => match chunks.next() {
                Some(chunk) => importer.feed(chunk.to_vec()),
                None => importer.end(),
            },
            Progress::Normalize(texts) => importer.normalized(Texts::clone(&texts)),
            Progress::Instants(times) => {
                importer.instants(
                    times.iter().map(|time| Some(i64::from(time.month) * 100 + i64::from(time.day))).collect(),
                );
            }
            Progress::Block(_) | Progress::Rejected(_) => {}
            Progress::Done => return importer.report().taken,
        }
    }
}

fn timed(file: &[u8]) -> (Duration, u64) {
    let start = Instant::now();
    let taken = import(file);
    (start.elapsed(), taken)
}

fn take_turns(path: &str) {
    let file = std::fs::read(path).expect("the file can be read");
    for line in std::io::stdin().lock().lines() {
        line.expect("a line can be read");
        let (time, taken) = timed(&file);
        println!("{} {taken}", time.as_micros());
    }
}

fn main() {
    if let Ok(path) = std::env::var("COUPON_POOLS_BENCH_FILE") {
        take_turns(&path);
        return;
    }
    let mut codes = Lcg(1);
    for (name, file) in [("one column", one_column(&mut codes)), ("three quoted columns", quoted_columns(&mut codes))] {
        let mut runs: Vec<_> = (0..RUNS).map(|_| timed(&file)).collect();
        runs.sort();
        let (time, taken) = runs[RUNS / 2];
        let median = time.as_secs_f64();
        println!(
            "{name:<22} {:>6.1} MB {taken:>9} codes {:>7.1} ms {:>6.2} M rows/s {:>6.0} MB/s",
            file.len() as f64 / 1e6,
            median * 1e3,
            f64::from(ROWS) / median / 1e6,
            file.len() as f64 / median / 1e6
        );
    }
}
