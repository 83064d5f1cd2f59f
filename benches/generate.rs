//! A million unique codes, natively: `cargo bench --bench generate`. Beside the peers: `benches/generate.mjs`.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::Instant;

use coupon_pools::generate::Generator;
use coupon_pools::generate::pattern::{Alphabet, Pattern};

const CODES: usize = 1_000_000;
const RUNS: u8 = 7;

fn main() {
    for (name, check, words) in
        [("bare", false, false), ("with a filter for words", false, true), ("and a check character", true, true)]
    {
        let pattern = Pattern {
            prefix: String::new(),
            suffix: String::new(),
            length: 10,
            alphabet: Alphabet::Unambiguous,
            delimiter: "-".to_owned(),
            every: 0,
            check,
            words,
        };
        let mut times: Vec<_> = (0..RUNS)
            .map(|run| {
                let start = Instant::now();
                let block = Generator::new(&pattern, [run; 32], false).unwrap().block(CODES, None).unwrap();
                assert_eq!(block.len(), CODES);
                start.elapsed()
            })
            .collect();
        times.sort();
        let median = times[times.len() / 2].as_secs_f64();
        println!("{name:<24} {:>6.1} ms {:>6.2} M codes/s", median * 1e3, CODES as f64 / median / 1e6);
    }
}
